"""The tick that attaches waiting orders and refunds."""

from celery import shared_task
from django.utils import timezone

from orders.services.attach import attach_waiting
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants


@shared_task(name="orders.tick", base=TenantTask, system=True)
def tick() -> None:
    """Attach what can be attached, in every tenant."""
    visit_tenants("orders.tick", _attach)


def _attach(tenant: Tenant) -> bool:
    attach_waiting(tenant=tenant, at=timezone.now())
    return False
