"""Facts: what counts for a cohort, rebuilt as a whole for each contact that changed."""

from collections.abc import Sequence
from datetime import date

from django.db import connection

from tenants.arrays import array_of
from tenants.models import Tenant

# Purpose: the facts of contacts, from the rows as they stand. Parameters: tenant (hidden from the planner, decision 8);
# contacts (ids as the text of an array), where `whose` names them. Each row is one probe by its key, whatever the
# statistics say. Columns: contact, channel, cohort day, kind, whole seconds since acquisition (rounded down), acquired
# and happened at, signed amount in minor units of the tenant's currency, is_first, makes_buyer. Grain: one acquisition,
# order or refund. What counts: paid orders with an amount; refunds that are attached, not superseded, of no order or a
# paid one.
FACTS_FROM_ROWS = """
    acquired AS MATERIALIZED (
        SELECT c.* FROM ({whose}) AS k(contact_id)
        CROSS JOIN LATERAL (
            SELECT id, channel_id, acquired_date, acquired_at, first_touch_at IS NULL AS by_order
            FROM contacts_contact
            WHERE tenant_id = (SELECT %(tenant)s::bigint) AND id = k.contact_id AND acquired_at IS NOT NULL
            OFFSET 0) c
    ), bought AS MATERIALIZED (
        SELECT a.id AS contact_id, o.paid_at, o.base_amount_minor,
               row_number() OVER (PARTITION BY a.id ORDER BY o.paid_at, o.id) = 1 AS makes_buyer,
               date_trunc('second', o.paid_at)
                   = date_trunc('second', min(o.paid_at) OVER (PARTITION BY a.id)) AS is_first
        FROM acquired a
        CROSS JOIN LATERAL (
            SELECT id, paid_at, base_amount_minor FROM orders_order
            WHERE tenant_id = (SELECT %(tenant)s::bigint) AND contact_id = a.id AND paid_at >= a.acquired_at
              AND status = 'paid' AND amount_minor > 0
            OFFSET 0) o
    ), given_back AS (
        SELECT a.id AS contact_id, r.refunded_at, r.base_amount_minor
        FROM acquired a
        CROSS JOIN LATERAL (
            SELECT order_id, refunded_at, base_amount_minor FROM orders_refund
            WHERE tenant_id = (SELECT %(tenant)s::bigint) AND contact_id = a.id AND refunded_at >= a.acquired_at
              AND NOT is_superseded
            OFFSET 0) r
        LEFT JOIN LATERAL (
            SELECT status FROM orders_order
            WHERE tenant_id = (SELECT %(tenant)s::bigint) AND id = r.order_id AND version_at < 'infinity'
            OFFSET 0) o ON true
        WHERE r.order_id IS NULL OR o.status = 'paid'
    ), happened AS (
        SELECT id AS contact_id, 0 AS kind, acquired_at AS happened_at, 0 AS amount_minor,
               by_order AS is_first, false AS makes_buyer
        FROM acquired
        UNION ALL
        SELECT contact_id, 1, paid_at, base_amount_minor, is_first, makes_buyer FROM bought
        UNION ALL
        SELECT g.contact_id, 2, g.refunded_at, -g.base_amount_minor,
               coalesce(date_trunc('second', g.refunded_at) = date_trunc('second', b.paid_at), false), false
        FROM given_back g
        LEFT JOIN bought b ON b.contact_id = g.contact_id AND b.makes_buyer
    ), facts AS (
        SELECT h.contact_id, a.channel_id, a.acquired_date AS cohort_date, h.kind,
               floor(extract(epoch FROM h.happened_at - a.acquired_at))::bigint AS elapsed_seconds,
               a.acquired_at, h.happened_at, h.amount_minor, h.is_first, h.makes_buyer
        FROM happened h
        JOIN acquired a ON a.id = h.contact_id
    )"""

# Purpose: replace the facts of contacts. Returns: the cohort days that lost or gained facts.
_REPLACE_FACTS = f"""
WITH {FACTS_FROM_ROWS}, gone AS (
    DELETE FROM analytics_cohortfact
    WHERE {{old}}
    RETURNING cohort_date
), come AS (
    INSERT INTO analytics_cohortfact (tenant_id, contact_id, channel_id, cohort_date, kind, elapsed_seconds,
                                      acquired_at, happened_at, amount_minor, is_first, makes_buyer)
    SELECT %(tenant)s, contact_id, channel_id, cohort_date, kind, elapsed_seconds,
           acquired_at, happened_at, amount_minor, is_first, makes_buyer
    FROM facts
    RETURNING cohort_date
)
SELECT cohort_date FROM gone UNION SELECT cohort_date FROM come
"""  # noqa: S608 - fragments are constants
REPLACE_SOME = _REPLACE_FACTS.format(
    whose="SELECT unnest(%(contacts)s::bigint[])",
    old="""tenant_id = (SELECT %(tenant)s::bigint) AND ctid = ANY(ARRAY(
        SELECT h.ctid FROM unnest(%(contacts)s::bigint[]) AS k(id)
        CROSS JOIN LATERAL (
            SELECT ctid FROM analytics_cohortfact
            WHERE tenant_id = (SELECT %(tenant)s::bigint) AND contact_id = k.id OFFSET 0) h))""",
)
REPLACE_ALL = _REPLACE_FACTS.format(
    whose="SELECT id FROM contacts_contact WHERE tenant_id = (SELECT %(tenant)s::bigint)", old="tenant_id = %(tenant)s"
)


def rebuild_facts(*, tenant: Tenant, contact_ids: Sequence[int] | None = None) -> set[date]:
    """Replace the facts of these contacts, or of all.

    Shape: the cohort days whose rollups must be rebuilt, old days and new.
    """
    if contact_ids is not None and not contact_ids:
        return set()
    with connection.cursor() as cursor:
        if contact_ids is None:
            cursor.execute(REPLACE_ALL, {"tenant": tenant.pk})
        else:
            cursor.execute(REPLACE_SOME, {"tenant": tenant.pk, "contacts": array_of(contact_ids)})
        return {day for (day,) in cursor.fetchall()}
