"""Rollups: sums of facts by cohort day, channel and age, brought in line for the days that are dirty."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from analytics.ages import EDGES, STEP_END
from analytics.models import CohortAge, CohortFact, CohortRollup, WholeRollup
from tenants.models import Tenant

_SUMS = """contacts, order_contacts, buyers, gross_minor, refund_minor, first_gross_minor, first_refund_minor,
    last_happened_at"""
# the rows of some days in one table: those that are no more go, those that differ are written. `whole` says which sums
# stand for its rows, `key` by which columns (after the tenant), `same` what else makes a sum and a row the same.
_DELETE_GONE = """
    DELETE FROM {table} r
    WHERE tenant_id = %(tenant)s AND cohort_date = ANY(%(days)s::date[]) AND NOT EXISTS (
        SELECT FROM sums s WHERE s.is_whole = {whole} AND s.cohort_date = r.cohort_date AND s.bucket = r.bucket{same})
"""
_WRITE_NEWS = f"""
    INSERT INTO {{table}} (tenant_id, {{key}}, {_SUMS})
    SELECT %(tenant)s, news.* FROM (
        SELECT {{key}}, {_SUMS} FROM sums WHERE is_whole = {{whole}}
        EXCEPT
        SELECT {{key}}, {_SUMS} FROM {{table}} WHERE tenant_id = %(tenant)s AND cohort_date = ANY(%(days)s::date[])
    ) AS news
    ON CONFLICT (tenant_id, {{key}}) DO UPDATE
    SET contacts = excluded.contacts, order_contacts = excluded.order_contacts, buyers = excluded.buyers,
        gross_minor = excluded.gross_minor, refund_minor = excluded.refund_minor,
        first_gross_minor = excluded.first_gross_minor, first_refund_minor = excluded.first_refund_minor,
        last_happened_at = excluded.last_happened_at
"""  # noqa: S608 - fragments are constants
_BY_CHANNEL = {
    "table": "analytics_cohortrollup",
    "whole": "false",
    "key": "cohort_date, channel_id, bucket",
    "same": " AND coalesce(s.channel_id, 0) = coalesce(r.channel_id, 0)",
}
_WHOLE = {"table": "analytics_wholerollup", "whole": "true", "key": "cohort_date, bucket", "same": ""}
# Purpose: make the rows of days what the facts say; only rows that differ are written, as most do not. Parameters:
# tenant; days; edges (seconds). Units: minor units of the tenant's currency; refunds are positive. Grain: cohort day ×
# age bucket, once by channel and once whole. A day at a time, as its groups are few and stay in the processor's cache.
REPLACE_ROLLUPS = f"""
WITH sums AS MATERIALIZED (
    SELECT d.day AS cohort_date, s.*
    FROM unnest(%(days)s::date[]) AS d (day)
    CROSS JOIN LATERAL (
        SELECT grouping(channel_id) = 1 AS is_whole, channel_id, bucket,
               sum(contacts)::int AS contacts, sum(order_contacts)::int AS order_contacts, sum(buyers)::int AS buyers,
               sum(gross_minor)::bigint AS gross_minor, sum(refund_minor)::bigint AS refund_minor,
               sum(first_gross_minor)::bigint AS first_gross_minor,
               sum(first_refund_minor)::bigint AS first_refund_minor, max(last_happened_at) AS last_happened_at
        FROM (
            SELECT channel_id, width_bucket(elapsed_seconds - 1, %(edges)s::bigint[]) AS bucket,
                   count(*) FILTER (WHERE kind = 0) AS contacts,
                   count(*) FILTER (WHERE kind = 0 AND is_first) AS order_contacts,
                   count(*) FILTER (WHERE makes_buyer) AS buyers,
                   coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0) AS gross_minor,
                   coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0) AS refund_minor,
                   coalesce(sum(amount_minor) FILTER (WHERE kind = 1 AND is_first), 0) AS first_gross_minor,
                   coalesce(-sum(amount_minor) FILTER (WHERE kind = 2 AND is_first), 0) AS first_refund_minor,
                   max(happened_at) AS last_happened_at
            FROM analytics_cohortfact
            WHERE tenant_id = %(tenant)s AND cohort_date = d.day
            GROUP BY 1, 2
        ) AS cells
        GROUP BY GROUPING SETS ((channel_id, bucket), (bucket))
    ) AS s
), gone AS ({_DELETE_GONE.format(**_BY_CHANNEL)}), gone_whole AS ({_DELETE_GONE.format(**_WHOLE)}),
come AS ({_WRITE_NEWS.format(**_BY_CHANNEL)})
{_WRITE_NEWS.format(**_WHOLE)}
"""  # noqa: S608 - fragments are constants
# The same by steps of age. Parameters: tenant; days. Grain: cohort day × step.
REPLACE_STEPS = f"""
WITH sums AS MATERIALIZED (
    SELECT d.day AS cohort_date, s.*
    FROM unnest(%(days)s::date[]) AS d (day)
    CROSS JOIN LATERAL (
        SELECT {STEP_END} AS until_seconds,
               coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint AS gross_minor,
               coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint AS refund_minor
        FROM analytics_cohortfact
        WHERE tenant_id = %(tenant)s AND cohort_date = d.day AND kind > 0
        GROUP BY 1
    ) AS s
), gone AS (
    DELETE FROM analytics_cohortage a
    WHERE tenant_id = %(tenant)s AND cohort_date = ANY(%(days)s::date[]) AND NOT EXISTS (
        SELECT FROM sums s WHERE s.cohort_date = a.cohort_date AND s.until_seconds = a.until_seconds)
)
INSERT INTO analytics_cohortage (tenant_id, cohort_date, until_seconds, gross_minor, refund_minor)
SELECT %(tenant)s, news.* FROM (
    SELECT * FROM sums
    EXCEPT
    SELECT cohort_date, until_seconds, gross_minor, refund_minor
    FROM analytics_cohortage WHERE tenant_id = %(tenant)s AND cohort_date = ANY(%(days)s::date[])
) AS news
ON CONFLICT (tenant_id, cohort_date, until_seconds) DO UPDATE
SET gross_minor = excluded.gross_minor, refund_minor = excluded.refund_minor
"""  # noqa: S608 - fragments are constants


def rebuild_rollups(*, tenant: Tenant, days: Collection[date] | None = None) -> None:
    """Make the rollups of these cohort days, or of all, what the facts say."""
    chosen = _all_days(tenant) if days is None else sorted(days)
    if not chosen:
        return
    parameters: dict[str, Any] = {"tenant": tenant.pk, "days": chosen, "edges": list(EDGES)}
    with connection.cursor() as cursor:
        cursor.execute(REPLACE_ROLLUPS, parameters)
        cursor.execute(REPLACE_STEPS, parameters)


def _all_days(tenant: Tenant) -> list[date]:
    """From the first to the last day that has facts, or still has rollups."""
    days: set[date] = set()
    for model in (CohortFact, CohortRollup, WholeRollup, CohortAge):
        ends = model.objects.for_tenant(tenant).aggregate(Min("cohort_date"), Max("cohort_date")).values()
        days |= {day for day in ends if day is not None}
    if not days:
        return []
    return [min(days) + timedelta(days=number) for number in range((max(days) - min(days)).days + 1)]
