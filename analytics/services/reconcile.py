"""Proving that cohorts are what the rows say, and making them so."""

from datetime import datetime

from analytics.selectors.differences import Differences, cohort_differences
from analytics.services.refresh import rebuild_cohorts, refresh_cohorts
from contacts.models import Contact
from contacts.services.acquisition import refresh_acquired
from tenants.context import lock_tenant_writes
from tenants.models import Tenant
from tenants.turns import Turn, take_turn


def reconcile_cohorts(*, tenant: Tenant, at: datetime, repair: bool = False) -> Differences:
    """Bring cohorts up to date, then count what differs from a plain recomputation; writers wait meanwhile.

    With `repair`, whatever differs is rebuilt; the answer is what was found before.
    """
    lock_tenant_writes(tenant_id=tenant.pk)
    take_turn(Turn.COHORTS, tenant_id=tenant.pk)
    while refresh_cohorts(tenant=tenant, at=at):
        pass
    found = cohort_differences(tenant=tenant)
    if repair and found.total:
        ids = Contact.objects.for_tenant(tenant).values_list("id", flat=True)
        refresh_acquired(tenant=tenant, contact_ids=ids)
        rebuild_cohorts(tenant=tenant)
    return found
