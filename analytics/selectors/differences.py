"""Where cohorts differ from a plain recomputation of the rows that they stand for."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from analytics.ages import EDGES
from tenants.models import Tenant

# All five: plain and slow on purpose, written apart from what services do. Parameters: tenant, zone, edges.

# Contacts whose acquisition is not the first touch, else the first purchase, on its day in the tenant's zone.
_CONTACTS = """
WITH told AS (
    SELECT c.id, c.acquired_at, c.acquired_date, coalesce(
        (SELECT min(t.happened_at) FROM acquisition_touch t WHERE t.tenant_id = %(tenant)s AND t.contact_id = c.id),
        (SELECT min(o.paid_at) FROM orders_order o
         WHERE o.tenant_id = %(tenant)s AND o.contact_id = c.id AND o.status = 'paid' AND o.amount_minor > 0)
    ) AS really_at
    FROM contacts_contact c WHERE c.tenant_id = %(tenant)s
)
SELECT count(*) FROM told
WHERE acquired_at IS DISTINCT FROM really_at
   OR acquired_date IS DISTINCT FROM (really_at AT TIME ZONE %(zone)s)::date
"""

_PLAIN_FACTS = """
    SELECT c.id AS contact_id, c.channel_id, c.acquired_date AS cohort_date, 0 AS kind, 0 AS elapsed_seconds,
           c.acquired_at, c.acquired_at AS happened_at, 0 AS amount_minor,
           c.first_touch_at IS NULL AS is_first, false AS makes_buyer
    FROM contacts_contact c
    WHERE c.tenant_id = %(tenant)s AND c.acquired_at IS NOT NULL
    UNION ALL
    SELECT c.id, c.channel_id, c.acquired_date, m.kind,
           floor(extract(epoch FROM m.at) - extract(epoch FROM c.acquired_at))::bigint, c.acquired_at, m.at, m.minor,
           date_trunc('second', m.at) = date_trunc('second', f.paid_at), m.kind = 1 AND m.id = f.id
    FROM contacts_contact c
    JOIN (
        SELECT 1 AS kind, id, contact_id, paid_at AS at, base_amount_minor AS minor FROM orders_order
        WHERE tenant_id = %(tenant)s AND status = 'paid' AND amount_minor > 0
        UNION ALL
        SELECT 2, r.id, r.contact_id, r.refunded_at, -r.base_amount_minor FROM orders_refund r
        WHERE r.tenant_id = %(tenant)s AND NOT r.is_superseded AND NOT EXISTS (
            SELECT FROM orders_order o
            WHERE o.tenant_id = %(tenant)s AND o.id = r.order_id AND o.status <> 'paid')
    ) m ON m.contact_id = c.id AND m.at >= c.acquired_at
    LEFT JOIN LATERAL (
        SELECT o.id, o.paid_at FROM orders_order o
        WHERE o.tenant_id = %(tenant)s AND o.contact_id = c.id AND o.status = 'paid' AND o.amount_minor > 0
          AND o.paid_at >= c.acquired_at
        ORDER BY o.paid_at, o.id LIMIT 1
    ) f ON true
    WHERE c.tenant_id = %(tenant)s
"""
_FACT_COLUMNS = """contact_id, channel_id, cohort_date, kind, elapsed_seconds, acquired_at, happened_at, amount_minor,
    coalesce(is_first, false), makes_buyer"""

# Facts that should be and are not, or are and should not be.
_FACTS = f"""
WITH plain AS (SELECT {_FACT_COLUMNS} FROM ({_PLAIN_FACTS}) AS p),
held AS (SELECT {_FACT_COLUMNS} FROM analytics_cohortfact WHERE tenant_id = %(tenant)s)
SELECT (SELECT count(*) FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM held) AS missing)
     + (SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM plain) AS surplus)
"""  # noqa: S608 - fragments are constants

# Rollup rows that are not the sums of what should be, whole and by channel.
_BUCKETS = """
           (SELECT count(*) FROM unnest(%(edges)s::bigint[]) AS edge WHERE edge < elapsed_seconds),
           sum((kind = 0)::int), sum((kind = 0 AND is_first)::int), sum(makes_buyer::int),
           sum(CASE WHEN kind = 1 THEN amount_minor ELSE 0 END),
           sum(CASE WHEN kind = 2 THEN -amount_minor ELSE 0 END),
           sum(CASE WHEN kind = 1 AND is_first THEN amount_minor ELSE 0 END),
           sum(CASE WHEN kind = 2 AND is_first THEN -amount_minor ELSE 0 END), max(happened_at)
    FROM facts GROUP BY 1, 2, 3, 4
"""
_HELD_SUMS = """
           bucket, contacts, order_contacts, buyers, gross_minor, refund_minor, first_gross_minor, first_refund_minor,
           last_happened_at"""
_ROLLUPS = f"""
WITH facts AS MATERIALIZED (SELECT * FROM ({_PLAIN_FACTS}) AS p), plain AS (
    SELECT true, cohort_date, NULL::bigint, {_BUCKETS}
    UNION ALL
    SELECT false, cohort_date, channel_id, {_BUCKETS}
), held AS (
    SELECT true, cohort_date, NULL::bigint, {_HELD_SUMS} FROM analytics_wholerollup WHERE tenant_id = %(tenant)s
    UNION ALL
    SELECT false, cohort_date, channel_id, {_HELD_SUMS} FROM analytics_cohortrollup WHERE tenant_id = %(tenant)s
)
SELECT (SELECT count(*) FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM held) AS missing)
     + (SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM plain) AS surplus)
"""  # noqa: S608 - fragments are constants
# The same for the sums by steps of age: second 0, ten minutes, hours, three hours, days.
_AGES = f"""
WITH plain AS (
    SELECT cohort_date,
           (ceil(elapsed_seconds / step.width::numeric) * step.width)::bigint,
           sum(CASE WHEN kind = 1 THEN amount_minor ELSE 0 END), sum(CASE WHEN kind = 2 THEN -amount_minor ELSE 0 END)
    FROM ({_PLAIN_FACTS}) AS p
    JOIN (VALUES (-1, 0, 1), (0, 3600, 600), (3600, 86400, 3600), (86400, 604800, 10800), (604800, NULL, 86400))
         AS step (above, until, width)
      ON elapsed_seconds > step.above AND (step.until IS NULL OR elapsed_seconds <= step.until)
    WHERE kind > 0
    GROUP BY 1, 2
), held AS (
    SELECT cohort_date, until_seconds, gross_minor, refund_minor FROM analytics_cohortage WHERE tenant_id = %(tenant)s
)
SELECT (SELECT count(*) FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM held) AS missing)
     + (SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM plain) AS surplus)
"""  # noqa: S608 - fragments are constants

# Lives of buyers that are not what the orders say: a purchase is a second in which something was paid.
_LIVES = """
WITH bought AS (
    SELECT DISTINCT ON (contact_id, date_trunc('second', paid_at)) contact_id, paid_at,
           extract(epoch FROM date_trunc('second', paid_at)) AS at
    FROM orders_order
    WHERE tenant_id = %(tenant)s AND contact_id IS NOT NULL AND status = 'paid' AND amount_minor > 0
    ORDER BY contact_id, date_trunc('second', paid_at), paid_at
), numbered AS (
    SELECT contact_id, paid_at, at - lag(at) OVER life AS gap, row_number() OVER life AS number
    FROM bought WINDOW life AS (PARTITION BY contact_id ORDER BY paid_at)
), last AS (
    SELECT contact_id, max(paid_at) AS paid_at FROM orders_order
    WHERE tenant_id = %(tenant)s AND contact_id IS NOT NULL AND status = 'paid' AND amount_minor > 0
    GROUP BY 1
), plain AS (
    SELECT n.contact_id, min(n.paid_at), min(n.paid_at) FILTER (WHERE number = 2), max(l.paid_at), count(*) - 1,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY gap::float)
    FROM numbered n JOIN last l ON l.contact_id = n.contact_id
    GROUP BY 1
), held AS (
    SELECT contact_id, first_at, again_at, last_at, gaps, median_gap_seconds
    FROM analytics_buyerlife WHERE tenant_id = %(tenant)s
)
SELECT (SELECT count(*) FROM (SELECT * FROM plain EXCEPT ALL SELECT * FROM held) AS missing)
     + (SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM plain) AS surplus)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """How many rows are not what they should be."""

    contacts: int
    facts: int
    rollups: int
    lives: int

    @property
    def total(self) -> int:
        return self.contacts + self.facts + self.rollups + self.lives


def cohort_differences(*, tenant: Tenant) -> Differences:
    """Compare contacts' acquisition, facts, rollups and lives with touches, orders and refunds."""
    parameters: dict[str, Any] = {
        "tenant": tenant.pk,
        "zone": tenant.timezone,
        "edges": list(EDGES),
    }
    counts = []
    with connection.cursor() as cursor:
        for statement in (_CONTACTS, _FACTS, _ROLLUPS, _AGES, _LIVES):
            cursor.execute(statement, parameters)
            counts.append(cursor.fetchone()[0])
    contacts, facts, rollups, ages, lives = counts
    return Differences(contacts=contacts, facts=facts, rollups=rollups + ages, lives=lives)
