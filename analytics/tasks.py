"""The analytics tick: cohorts follow the change rows of every tenant."""

from celery import shared_task
from django.utils import timezone

from analytics.services.refresh import refresh_cohorts
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants


@shared_task(name="analytics.tick", base=TenantTask, system=True)
def tick() -> None:
    """Refresh every tenant's cohorts."""
    visit_tenants("analytics.tick", _refresh, only_live=False)


def _refresh(tenant: Tenant) -> bool:
    return refresh_cohorts(tenant=tenant, at=timezone.now())
