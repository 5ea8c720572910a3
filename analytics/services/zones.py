"""Changing a tenant's time zone: every cohort day may move."""

from datetime import datetime

from analytics.services.refresh import rebuild_cohorts
from contacts.models import Contact
from contacts.services.acquisition import refresh_acquired
from tenants.context import lock_tenant_writes
from tenants.models import Tenant
from tenants.services.audit import record_act
from tenants.timezones import zone

_BATCH = 50_000


def change_zone(*, tenant: Tenant, timezone: str, actor: str, at: datetime) -> None:
    """Give the tenant another time zone and recompute all acquisition days and what boards read.

    Raises: UnknownZone
    """
    zone(timezone)
    lock_tenant_writes(tenant_id=tenant.pk)
    tenant.timezone = timezone
    tenant.save(update_fields=["timezone"])
    contacts = Contact.objects.for_tenant(tenant).filter(acquired_at__isnull=False).order_by("id")
    after = 0
    while ids := list(contacts.filter(id__gt=after).values_list("id", flat=True)[:_BATCH]):
        refresh_acquired(tenant=tenant, contact_ids=ids)
        after = ids[-1]
    rebuild_cohorts(tenant=tenant)
    record_act(tenant=tenant, at=at, actor=actor, act="tenant.changed", target=tenant.slug, timezone=timezone)
