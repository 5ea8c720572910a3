"""Recording touches, and what follows of them for the contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from contacts.models import Change
from contacts.services.acquisition import refresh_acquired
from contacts.services.changes import record_changes
from tenants.models import Tenant

# parameters: tenant, at, contacts, channels, times (same length); columns: contact, channel, time of new rows
_RECORD = """
INSERT INTO acquisition_touch (tenant_id, contact_id, channel_id, happened_at, created_at)
SELECT %(tenant)s, r.contact, r.channel, r.happened_at, %(at)s
FROM unnest(%(contacts)s::bigint[], %(channels)s::bigint[], %(times)s::timestamptz[])
    AS r(contact, channel, happened_at)
ON CONFLICT DO NOTHING
RETURNING contact_id, channel_id, happened_at
"""
# The earliest touch, ties by channel slug, decides both time and channel; one without a channel leaves what
# somebody named, unless a touch had given that. Found contact by contact and changed by ctid, whatever the planner
# believes of the tenant's size. Parameters: tenant, at, ids; columns: contacts that moved.
_MOVE = """
WITH firsts AS MATERIALIZED (
    SELECT held.place, k.id, t.happened_at, CASE
        WHEN t.channel_id IS NOT NULL THEN t.channel_id
        WHEN NOT EXISTS (
            SELECT FROM acquisition_touch o
            WHERE o.tenant_id = (SELECT %(tenant)s::bigint) AND o.contact_id = k.id AND o.channel_id = held.channel_id
        ) THEN held.channel_id END AS channel_id
    FROM unnest(%(ids)s::bigint[]) AS k(id)
    CROSS JOIN LATERAL (
        SELECT c.ctid AS place, c.channel_id FROM contacts_contact c
        WHERE c.tenant_id = (SELECT %(tenant)s::bigint) AND c.id = k.id
        OFFSET 0) held
    CROSS JOIN LATERAL (
        SELECT t.happened_at, t.channel_id FROM acquisition_touch t
        LEFT JOIN acquisition_channel ch ON ch.tenant_id = t.tenant_id AND ch.id = t.channel_id
        WHERE t.tenant_id = (SELECT %(tenant)s::bigint) AND t.contact_id = k.id
        ORDER BY t.happened_at, ch.slug COLLATE "C" LIMIT 1) t
), given AS MATERIALIZED (
    SELECT jsonb_object_agg(id, jsonb_build_object('at', happened_at, 'channel', channel_id)) AS firsts FROM firsts
)
UPDATE contacts_contact c
SET first_touch_at = ((SELECT firsts FROM given) -> c.id::text ->> 'at')::timestamptz,
    channel_id = ((SELECT firsts FROM given) -> c.id::text ->> 'channel')::bigint, updated_at = %(at)s
WHERE c.tenant_id = (SELECT %(tenant)s::bigint) AND c.ctid = ANY(ARRAY(SELECT place FROM firsts))
  AND (c.first_touch_at, c.channel_id) IS DISTINCT FROM (
      ((SELECT firsts FROM given) -> c.id::text ->> 'at')::timestamptz,
      ((SELECT firsts FROM given) -> c.id::text ->> 'channel')::bigint)
RETURNING c.id
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """A contact met a channel (or nobody knows which) at an instant."""

    contact_id: int
    channel_id: int | None
    happened_at: datetime


def record_touches(*, tenant: Tenant, touches: Sequence[Touched], at: datetime) -> list[bool]:
    """Record touches and move the contacts whose first touch they change. Called under `lock_tenant_writes`.

    Shape: for each touch, in order, whether it is news.
    """
    if not touches:
        return []
    unique = sorted(set(touches), key=lambda touch: (touch.contact_id, touch.happened_at, touch.channel_id or 0))
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "tenant": tenant.pk,
                "at": at,
                "contacts": [touch.contact_id for touch in unique],
                "channels": [touch.channel_id for touch in unique],
                "times": [touch.happened_at for touch in unique],
            },
        )
        new = {Touched(*row) for row in cursor.fetchall()}
    _move(tenant, sorted({touch.contact_id for touch in new}), at)
    return [_claim(new, touch) for touch in touches]


def _move(tenant: Tenant, contact_ids: list[int], at: datetime) -> None:
    if not contact_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"tenant": tenant.pk, "at": at, "ids": contact_ids})
        moved = [row[0] for row in cursor.fetchall()]
    refresh_acquired(tenant=tenant, contact_ids=moved)
    record_changes(tenant=tenant, contact_ids=moved, reason=Change.Reason.TOUCH, at=at)


def _claim(new: set[Touched], touch: Touched) -> bool:
    is_news = touch in new
    new.discard(touch)
    return is_news
