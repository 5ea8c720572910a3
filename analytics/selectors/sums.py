"""Exact sums of cohort days at any as-of: from rollups where they cannot differ, else from facts."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from analytics import ages, periods
from analytics.cells import Boundary, Sums
from analytics.cohorts import Period, SliceName
from tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which facts are summed: `channel_key` None is all of them; a split keeps channels apart."""

    tenant: Tenant
    period: Period
    from_date: date
    before_date: date
    as_of: datetime
    channel_key: int | None
    is_split: bool

    @property
    def is_whole(self) -> bool:
        """Whether all channels are summed together."""
        return self.channel_key is None and not self.is_split

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant.pk,
            "period": self.period,
            "from": self.from_date,
            "before": self.before_date,
            "as_of": self.as_of,
            "channel": self.channel_key,
            "split": self.is_split,
            "edges": list(ages.EDGES),
        }


# fragments without values: a row's channel (row security lets indexes look into CASE, not into coalesce), which one it
# counts for, the first day of its period, whether its day is in scope, and whether it is; the tenant's number is hidden
# from the planner (decision 8), who would take one that the statistics do not know yet for nobody, and read all of its
# rows for each day
CHANNEL_KEY = "(CASE WHEN channel_id IS NULL THEN 0 ELSE channel_id END)"
CHANNEL = f"CASE WHEN %(split)s THEN {CHANNEL_KEY} ELSE -1 END"
START = "date_trunc(%(period)s, cohort_date::timestamp)::date"
_OF_DAYS = "tenant_id = (SELECT %(tenant)s::bigint) AND cohort_date >= %(from)s AND cohort_date < %(before)s"
IN_SCOPE = f"""{_OF_DAYS}
      AND (%(channel)s::bigint IS NULL OR {CHANNEL_KEY} = %(channel)s::bigint)"""

# Grain: period × channel × part × bucket, of all that ever happened. Parameters: a Scope's; days (cuts, sorted).
_FROM_ROLLUPS = f"""
    SELECT {START}, {{channel}}, width_bucket(cohort_date, %(days)s::date[]), bucket::int,
           sum(contacts)::bigint, sum(order_contacts)::bigint, sum(buyers)::bigint,
           sum(gross_minor)::bigint, sum(refund_minor)::bigint,
           sum(first_gross_minor)::bigint, sum(first_refund_minor)::bigint, max(last_happened_at)
    FROM {{table}}
    WHERE {{scope}}
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - fragments are constants
_FROM_WHOLE_ROLLUPS = _FROM_ROLLUPS.format(channel="-1", table="analytics_wholerollup", scope=_OF_DAYS)
_FROM_CHANNEL_ROLLUPS = _FROM_ROLLUPS.format(channel=CHANNEL, table="analytics_cohortrollup", scope=IN_SCOPE)
# The same of what happened before as_of, for chosen periods and ages above a limit. Parameters besides: starts,
# ends (periods, end excluded), above (seconds; -1: all).
_FROM_FACTS = f"""
    SELECT p.start, {CHANNEL}, width_bucket(cohort_date, %(days)s::date[]),
           width_bucket(elapsed_seconds - 1, %(edges)s::bigint[]),
           count(*) FILTER (WHERE kind = 0), count(*) FILTER (WHERE kind = 0 AND is_first),
           count(*) FILTER (WHERE makes_buyer),
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1 AND is_first), 0)::bigint,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2 AND is_first), 0)::bigint, max(happened_at)
    FROM unnest(%(starts)s::date[], %(ends)s::date[], %(above)s::bigint[]) AS p (start, ending, above)
    JOIN analytics_cohortfact
      ON cohort_date >= p.start AND cohort_date < p.ending AND elapsed_seconds > p.above
    WHERE {IN_SCOPE} AND happened_at < %(as_of)s
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - fragments are constants
# Grain: slice × channel, contacts of one day acquired before an instant, what they brought up to an age and before
# as_of. Parameters: a Scope's; names, boundary_days, instants, ages (seconds).
_BOUNDARIES = f"""
    SELECT b.name, {START}, {CHANNEL}, count(*) FILTER (WHERE kind = 0),
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint,
           coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint
    FROM unnest(%(names)s::text[], %(boundary_days)s::date[], %(instants)s::timestamptz[], %(ages)s::bigint[])
         AS b (name, day, instant, age)
    JOIN analytics_cohortfact ON cohort_date = b.day AND elapsed_seconds <= b.age AND acquired_at < b.instant
    WHERE {IN_SCOPE} AND happened_at < %(as_of)s
    GROUP BY 1, 2, 3
"""  # noqa: S608 - fragments are constants
# Grain: channel. Contacts acquired before as_of; only its own day needs facts. Parameters: a Scope's; as_of_day.
_CONTACTS = f"""
    SELECT key, sum(contacts)::bigint FROM (
        SELECT {CHANNEL_KEY} AS key, contacts FROM analytics_cohortrollup
        WHERE {IN_SCOPE} AND cohort_date < %(as_of_day)s AND bucket = 0
        UNION ALL
        SELECT {CHANNEL_KEY}, 1 FROM analytics_cohortfact
        WHERE {IN_SCOPE} AND cohort_date = %(as_of_day)s AND elapsed_seconds = 0 AND kind = 0
          AND happened_at < %(as_of)s
    ) AS acquired
    GROUP BY key
"""  # noqa: S608 - fragments are constants


def maturity_instants(as_of: datetime) -> dict[SliceName, datetime]:
    """By slice, the instant before which a contact must have been acquired to be mature."""
    return {name: as_of - timedelta(days=days) for name, days in ages.SLICE_DAYS.items()}


def maturity_days(scope: Scope) -> dict[SliceName, date]:
    """By slice, the calendar day of that instant: earlier days are mature as a whole, later ones not at all."""
    zone = scope.tenant.timezone
    return {name: periods.local_date(at, zone) for name, at in maturity_instants(scope.as_of).items()}


def cutting_days(scope: Scope) -> list[date]:
    """First days of the parts into which maturity cuts the calendar."""
    return sorted({cut for day in maturity_days(scope).values() for cut in (day, day + timedelta(days=1))})


def sums_of(scope: Scope) -> list[Sums]:
    """All sums of a scope, cut at as-of. A period of which something happened later is read from facts."""
    cuts = cutting_days(scope)
    rows = _rows(_FROM_WHOLE_ROLLUPS if scope.is_whole else _FROM_CHANNEL_ROLLUPS, scope, days=cuts)
    open_periods = {row.start for row in rows if row.last_happened_at >= scope.as_of}
    if not open_periods:
        return rows
    above = {start: _settled_age(scope, start) for start in open_periods}
    kept = [row for row in rows if row.start not in above or _is_settled(row.bucket, above[row.start])]
    starts = sorted(above)
    ends = [periods.next_period(start, scope.period) for start in starts]
    ages_above = [above[start] for start in starts]
    return kept + _rows(_FROM_FACTS, scope, days=cuts, starts=starts, ends=ends, above=ages_above)


def boundaries_of(scope: Scope) -> list[Boundary]:
    """What the mature contacts brought on the days that are mature in part."""
    instants, days, zone = maturity_instants(scope.as_of), maturity_days(scope), scope.tenant.timezone
    names = [
        name
        for name, day in days.items()
        if scope.from_date <= day < scope.before_date and periods.start_of_day(day, zone) < instants[name]
    ]
    if not names:
        return []
    parameters = scope.parameters | {
        "names": names,
        "boundary_days": [days[name] for name in names],
        "instants": [instants[name] for name in names],
        "ages": [ages.SLICE_DAYS[name] * ages.DAY_SECONDS for name in names],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDARIES, parameters)
        return [Boundary(*row) for row in cursor.fetchall()]


def contacts_by_channel(scope: Scope) -> Counter[int]:
    """Contacts of the scope by channel key, acquired before as-of."""
    day = periods.local_date(scope.as_of, scope.tenant.timezone)
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, scope.parameters | {"as_of_day": day})
        return Counter(dict(cursor.fetchall()))


def _settled_age(scope: Scope, start: date) -> int:
    """The last bucket edge that every contact of a period had passed before as-of; -1 when there is none.

    Ages are rounded down, hence one second of grace.
    """
    ending = periods.start_of_day(periods.next_period(start, scope.period), scope.tenant.timezone)
    observed = (scope.as_of - ending).total_seconds() - 1
    return max((edge for edge in ages.EDGES if edge <= observed), default=-1)


def _is_settled(bucket: int, above: int) -> bool:
    end = ages.bucket_range(bucket)[1]
    return end is not None and end <= above


def _rows(statement: str, scope: Scope, **parameters: Any) -> list[Sums]:
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.parameters | parameters)
        return [Sums(*row) for row in cursor.fetchall()]
