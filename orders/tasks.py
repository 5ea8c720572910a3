"""The tick that attaches waiting orders and refunds."""

import logging

from celery import shared_task
from django.utils import timezone

from orders.services.attach import attach_waiting
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(name="orders.tick", base=TenantTask, system=True)
def tick() -> None:
    """Visit each tenant in a transaction of its own; one tenant's trouble is not another's."""
    for tenant in Tenant.objects.order_by("pk"):
        try:
            with tenant_transaction(tenant.pk):
                attach_waiting(tenant=tenant, at=timezone.now())
        except Exception:
            logger.exception("orders.tick failed for tenant %s", tenant.pk)
