"""The tick that deletes news which everybody has read."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from contacts.services.changes import prune_changes
from tenants.models import Tenant
from tenants.tasks import TenantTask, visit_tenants

KEPT_FOR = timedelta(days=7)
BATCH = 50_000


@shared_task(name="contacts.prune", base=TenantTask, system=True)
def prune() -> None:
    """Delete every tenant's change rows of more than a week ago."""
    before = timezone.now() - KEPT_FOR

    def prune_some(tenant: Tenant) -> bool:
        return prune_changes(tenant=tenant, before=before, at_most=BATCH) == BATCH

    visit_tenants("contacts.prune", prune_some)
