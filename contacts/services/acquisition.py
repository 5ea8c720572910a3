"""When a contact was acquired: the first touch, else the first purchase."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from django.db import connection

from tenants.arrays import array_of
from tenants.models import Tenant

# Rows are found key by key and changed by ctid: for a tenant that the statistics do not know, `= ANY(ids)` may read all
# its contacts, for each id. Parameters: tenant, ids, zone (IANA name); only rows that change are written.
_REFRESH = """
UPDATE contacts_contact c
SET acquired_at = coalesce(c.first_touch_at, c.first_purchase_at),
    acquired_date = (coalesce(c.first_touch_at, c.first_purchase_at) AT TIME ZONE %(zone)s)::date,
    updated_at = clock_timestamp()
WHERE c.tenant_id = (SELECT %(tenant)s::bigint) AND c.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM contacts_contact h
        WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.id = k.id OFFSET 0) h))
  AND (c.acquired_at, c.acquired_date) IS DISTINCT FROM (
      coalesce(c.first_touch_at, c.first_purchase_at),
      (coalesce(c.first_touch_at, c.first_purchase_at) AT TIME ZONE %(zone)s)::date)
"""


def refresh_acquired(*, tenant: Tenant, contact_ids: Iterable[int]) -> int:
    """Recompute `acquired_at` and its day (tenant's zone) from first touch and purchase; how many changed."""
    ids = sorted(set(contact_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, {"tenant": tenant.pk, "ids": ids, "zone": tenant.timezone})
        return int(cursor.rowcount)


# The same rule in the same write as its cause, and by the same way.
# parameters: tenant, ids, zone, at, firsts ({id: instant or null}); only rows that change are written
_TELL_FIRST_PURCHASES = """
WITH given AS (SELECT %(firsts)s::jsonb AS firsts)
UPDATE contacts_contact c
SET first_purchase_at = ((SELECT firsts FROM given) ->> c.id::text)::timestamptz,
    acquired_at = coalesce(c.first_touch_at, ((SELECT firsts FROM given) ->> c.id::text)::timestamptz),
    acquired_date = (coalesce(c.first_touch_at, ((SELECT firsts FROM given) ->> c.id::text)::timestamptz)
                     AT TIME ZONE %(zone)s)::date,
    updated_at = %(at)s
WHERE c.tenant_id = (SELECT %(tenant)s::bigint) AND c.ctid = ANY(ARRAY(
    SELECT h.ctid FROM unnest(%(ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT h.ctid FROM contacts_contact h
        WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.id = k.id OFFSET 0) h))
  AND c.first_purchase_at IS DISTINCT FROM ((SELECT firsts FROM given) ->> c.id::text)::timestamptz
"""


def tell_first_purchases(*, tenant: Tenant, firsts: Mapping[int, datetime | None], at: datetime) -> None:
    """Write first purchases and, with them, when contacts were acquired. Under `lock_tenant_writes`."""
    if not firsts:
        return
    by_id = msgspec.json.encode({str(contact_id): first_at for contact_id, first_at in firsts.items()}).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL_FIRST_PURCHASES,
            {"tenant": tenant.pk, "ids": array_of(sorted(firsts)), "zone": tenant.timezone, "at": at, "firsts": by_id},
        )
