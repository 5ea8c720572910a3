"""The tick that starts and ends runs as segments and orders say."""

from celery import shared_task
from django.utils import timezone

from sop.services.following import follow
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants


@shared_task(name="sop.tick", base=TenantTask, system=True)
def tick() -> None:
    """Let every tenant's SOPs follow."""
    visit_tenants("sop.tick", _follow)


def _follow(tenant: Tenant) -> bool:
    return follow(tenant=tenant, at=timezone.now())
