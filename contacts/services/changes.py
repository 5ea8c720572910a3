"""News for the ticks above, written in the transaction that makes it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from contacts.models import Change
from tenants.arrays import array_of
from tenants.models import Tenant

# one change row per contact; parameters: tenant, reason, at, ids
_INSERT = """
INSERT INTO contacts_change (tenant_id, contact_id, reason, created_at)
SELECT %(tenant)s, id, %(reason)s, %(at)s FROM unnest(%(ids)s::bigint[]) id
"""
# the oldest rows first, so that a long backlog goes in bounded steps; parameters: tenant, before, at_most
_PRUNE = """
DELETE FROM contacts_change WHERE tenant_id = %(tenant)s AND id IN (
    SELECT id FROM contacts_change
    WHERE tenant_id = %(tenant)s AND created_at < %(before)s ORDER BY id LIMIT %(at_most)s)
"""


def record_changes(*, tenant: Tenant, contact_ids: Iterable[int], reason: Change.Reason | str, at: datetime) -> None:
    """Write one change row for each of these contacts. Called under `lock_tenant_writes`."""
    ids = sorted(set(contact_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"tenant": tenant.pk, "reason": str(reason), "at": at, "ids": array_of(ids)})


def prune_changes(*, tenant: Tenant, before: datetime, at_most: int) -> int:
    """Delete change rows made before an instant, which every tick has read long ago; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, {"tenant": tenant.pk, "before": before, "at_most": at_most})
        return int(cursor.rowcount)
