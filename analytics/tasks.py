"""The analytics tick: cohorts follow the change rows of every tenant."""

import logging

from celery import shared_task
from django.utils import timezone

from analytics.services.refresh import refresh_cohorts
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(name="analytics.tick", base=TenantTask, system=True)
def tick() -> None:
    """Refresh every tenant's cohorts; one tenant's trouble is not another's."""
    for tenant in Tenant.objects.order_by("pk"):
        try:
            _refresh(tenant)
        except Exception:
            logger.exception("analytics.tick failed for tenant %s", tenant.pk)


def _refresh(tenant: Tenant) -> None:
    """In transactions of its own, until nothing waits."""
    is_waiting = True
    while is_waiting:
        with tenant_transaction(tenant.pk):
            is_waiting = refresh_cohorts(tenant=tenant, at=timezone.now())
