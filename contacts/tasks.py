"""The tick that deletes news which everybody has read."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from contacts.services.changes import prune_changes
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.tasks import TenantTask

KEPT_FOR = timedelta(days=7)


@shared_task(name="contacts.prune", base=TenantTask, system=True)
def prune() -> None:
    """Delete each tenant's change rows of more than a week ago, a bounded number a run."""
    before = timezone.now() - KEPT_FOR
    for tenant in Tenant.objects.order_by("pk"):
        with tenant_transaction(tenant.pk):
            prune_changes(tenant=tenant, before=before)
