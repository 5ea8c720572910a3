"""The analytics tick: cohorts follow the change rows of every tenant."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from analytics.services.refresh import refresh_cohorts
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants

# a past that is loaded touches nearly every cohort day at every step: it is followed now and then, not at every tick
LOADING_EVERY = timedelta(seconds=20)


@shared_task(name="analytics.tick", base=TenantTask, system=True)
def tick() -> None:
    """Refresh every tenant's cohorts."""
    visit_tenants("analytics.tick", _refresh, only_live=False)


def _refresh(tenant: Tenant) -> bool:
    every = timedelta(0) if tenant.is_live else LOADING_EVERY
    return refresh_cohorts(tenant=tenant, at=timezone.now(), every=every)
