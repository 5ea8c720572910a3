"""Rollups: sums of facts by cohort day, channel and age bucket, rebuilt for the days that are dirty."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from analytics.ages import COARSE_BUCKETS, COARSE_EDGES, EDGES, STEP_END
from analytics.models import CohortAge, CohortRollup
from tenants.models import Tenant

AGES = {
    "edges": list(EDGES),
    "coarse_edges": list(COARSE_EDGES),
    "coarse_buckets": list(COARSE_BUCKETS),
}
# beyond this share of the days, all of them are rebuilt: one scan beats many look-ups
FULL_REBUILD_SHARE = 1 / 3

# Purpose: the rollup rows of days, from facts. Parameters: tenant; days (NULL: all); edges, coarse_edges (seconds),
# coarse_buckets.
# Grain: cohort day × age bucket, once by channel and once whole. Units: minor units of the tenant's currency; refunds
# are positive.
SUMS_OF_FACTS = """
    SELECT grouping(channel_id) = 1 AS is_whole, cohort_date, channel_id,
           CASE WHEN grouping(channel_id) = 1 THEN fine
                ELSE (%(coarse_buckets)s::int[])[coarse + 1] END AS bucket,
           count(*) FILTER (WHERE kind = 0)::int AS contacts,
           count(*) FILTER (WHERE kind = 0 AND is_first)::int AS order_contacts,
           count(*) FILTER (WHERE makes_buyer)::int AS buyers,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint AS gross_minor,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint AS refund_minor,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1 AND is_first), 0)::bigint AS first_gross_minor,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2 AND is_first), 0)::bigint AS first_refund_minor,
           max(happened_at) AS last_happened_at
    FROM analytics_cohortfact
    CROSS JOIN LATERAL (
        SELECT width_bucket(elapsed_seconds - 1, %(edges)s::bigint[]) AS fine,
               width_bucket(elapsed_seconds - 1, %(coarse_edges)s::bigint[]) AS coarse
    ) AS ages
    WHERE tenant_id = %(tenant)s AND (%(days)s::date[] IS NULL OR cohort_date = ANY(%(days)s::date[]))
    GROUP BY GROUPING SETS ((cohort_date, channel_id, coarse), (cohort_date, fine))
"""
INSERT_ROLLUPS = f"""
INSERT INTO analytics_cohortrollup (
    tenant_id, is_whole, cohort_date, channel_id, bucket, contacts, order_contacts, buyers, gross_minor,
    refund_minor, first_gross_minor, first_refund_minor, last_happened_at)
SELECT %(tenant)s, sums.* FROM ({SUMS_OF_FACTS}) AS sums
"""  # noqa: S608 - fragments are constants
# Purpose: the same by steps of age. Parameters: tenant; days (NULL: all). Grain: cohort day × step.
AGES_OF_FACTS = f"""
    SELECT cohort_date, {STEP_END} AS until_seconds,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint AS gross_minor,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint AS refund_minor
    FROM analytics_cohortfact
    WHERE tenant_id = %(tenant)s AND (%(days)s::date[] IS NULL OR cohort_date = ANY(%(days)s::date[]))
      AND elapsed_seconds > 0
    GROUP BY 1, 2
"""  # noqa: S608 - fragments are constants
INSERT_AGES = f"""
INSERT INTO analytics_cohortage (tenant_id, cohort_date, until_seconds, gross_minor, refund_minor)
SELECT %(tenant)s, sums.* FROM ({AGES_OF_FACTS}) AS sums
"""  # noqa: S608 - fragments are constants


def rebuild_rollups(*, tenant: Tenant, days: Collection[date] | None = None) -> None:
    """Replace the rollups of these cohort days, or of all (also when most days are asked for)."""
    if days is not None and not days:
        return
    chosen = None if days is None or _is_most(tenant, days) else sorted(days)
    for model in (CohortRollup, CohortAge):
        rows = model.objects.for_tenant(tenant)
        (rows if chosen is None else rows.filter(cohort_date__in=chosen)).delete()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ROLLUPS, {"tenant": tenant.pk, "days": chosen, **AGES})
        cursor.execute(INSERT_AGES, {"tenant": tenant.pk, "days": chosen})


def _is_most(tenant: Tenant, days: Collection[date]) -> bool:
    held: int = CohortRollup.objects.for_tenant(tenant).filter(is_whole=True).values("cohort_date").distinct().count()
    return len(days) > held * FULL_REBUILD_SHARE
