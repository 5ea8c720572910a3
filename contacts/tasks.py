"""The tick that deletes news which everybody has read."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from contacts.services.changes import prune_changes
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
BATCH = 50_000


@shared_task(name="contacts.prune", base=TenantTask, system=True)
def prune() -> None:
    """Delete each tenant's change rows of more than a week ago; one tenant's trouble is not another's."""
    before = timezone.now() - KEPT_FOR
    for tenant in Tenant.objects.order_by("pk"):
        try:
            _prune(tenant, before)
        except Exception:
            logger.exception("contacts.prune failed for tenant %s", tenant.pk)


def _prune(tenant: Tenant, before: datetime) -> None:
    deleted = BATCH
    while deleted == BATCH:
        with tenant_transaction(tenant.pk):
            deleted = prune_changes(tenant=tenant, before=before, at_most=BATCH)
