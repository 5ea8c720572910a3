"""Due touchpoints go out: the dispatcher says where something is due, runs do it, the sweep finds what was missed.

A hint that is lost costs HINT_SECONDS: the truth is in the due table.
"""

from celery import shared_task
from django.utils import timezone

from sop.services.due import sweep_due, take_due
from sop.services.running import HINT_SECONDS, run_sop
from sop.transports import active_transport
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants


@shared_task(name="sop.dispatch", base=TenantTask, system=True)
def dispatch() -> None:
    """Tell workers which SOPs are due."""
    for hint in take_due(at=timezone.now(), hint_seconds=HINT_SECONDS):
        _tell(hint.tenant_id, hint.sop_id, is_begun=False)


@shared_task(name="sop.run", base=TenantTask, system=True)
def run(*, tenant_id: int, sop_id: int, is_begun: bool) -> None:
    """Run one SOP for a while, then go to the end of the queue; where there is a lot, a second worker joins."""
    tenant = Tenant.objects.get(pk=tenant_id)
    if run_sop(tenant=tenant, sop_id=sop_id, transport=active_transport(), clock=timezone.now):
        for _ in range(1 if is_begun else 2):
            _tell(tenant_id, sop_id, is_begun=True)


@shared_task(name="sop.sweep", base=TenantTask, system=True)
def sweep() -> None:
    """Recompute every tenant's due rows."""
    visit_tenants("sop.sweep", _sweep)


def _sweep(tenant: Tenant) -> bool:
    sweep_due(tenant=tenant)
    return False


def _tell(tenant_id: int, sop_id: int, *, is_begun: bool) -> None:
    arguments = {"tenant_id": tenant_id, "sop_id": sop_id, "is_begun": is_begun}
    run.apply_async(kwargs=arguments, expires=HINT_SECONDS)
