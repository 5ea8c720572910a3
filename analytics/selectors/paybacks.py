"""The exact second at which a cohort, or channels over a range of days, paid back: found in few facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import STEP_END, step_end, step_range
from analytics.cells import CohortSums
from analytics.cohorts import Payback, PaybackStatus
from analytics.covering import Place, Run, Search, Window, covered, merged, within
from analytics.selectors.sums import CHANNEL, IN_SCOPE, Scope

# fragment: the days of each span. Both tables are read day by day through an index; OFFSET 0 keeps the planner, who
# cannot know how few rows a day has, from reading all, and days plain values: under row security PostgreSQL 15 looks
# nothing up by a sum. Parameters: a Scope's; starts, ends, keys, firsts, lasts.
_DAYS_OF_SPANS = """
    FROM unnest(%(starts)s::date[], %(ends)s::date[], %(keys)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[])
         AS s (start, ending, key, first, last)
    CROSS JOIN LATERAL (SELECT s.start + n AS day FROM generate_series(0, s.ending - s.start - 1) AS n OFFSET 0) AS d
"""
# Purpose: what was brought in spans, by steps of age or by the second, from facts. Grain: span × step where anything
# happened. Units: minor units; of a second, where only the net matters, all of it stands as gross.
_OF_FACTS = f"""
SELECT s.start, s.key, f.until_seconds, {{sums}}
{_DAYS_OF_SPANS}
CROSS JOIN LATERAL (
    SELECT {{step}} AS until_seconds, kind, amount_minor FROM analytics_cohortfact
    WHERE {IN_SCOPE} AND cohort_date = d.day AND elapsed_seconds BETWEEN s.first AND s.last
      AND {CHANNEL} = s.key AND happened_at < %(as_of)s AND kind > 0
    OFFSET 0
) AS f
GROUP BY 1, 2, 3
"""  # noqa: S608 - fragments are constants
_SECONDS_OF_FACTS = _OF_FACTS.format(step="elapsed_seconds", sums="sum(f.amount_minor)::bigint, 0")
_STEPS_OF_FACTS = _OF_FACTS.format(
    step=STEP_END,
    sums="""coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 1), 0)::bigint,
       coalesce(-sum(f.amount_minor) FILTER (WHERE f.kind = 2), 0)::bigint""",
)
# The same steps from rollups: whole cohorts only, and whole steps.
_STEPS_OF_ROLLUPS = f"""
SELECT s.start, s.key, a.until_seconds, sum(a.gross_minor)::bigint, sum(a.refund_minor)::bigint
{_DAYS_OF_SPANS}
CROSS JOIN LATERAL (
    SELECT until_seconds, gross_minor, refund_minor FROM analytics_cohortage
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND cohort_date = d.day
      AND until_seconds BETWEEN s.first AND s.last
    OFFSET 0
) AS a
GROUP BY 1, 2, 3
"""  # noqa: S608 - fragments are constants

_Key = tuple[date, int]
_SECOND = timedelta(seconds=1)


class _Span(NamedTuple):
    """Ages of the people of some cohort days (`ending` excluded) and a channel key."""

    start: date
    ending: date
    channel_key: int
    first: int
    last: int


def paybacks_of(
    *, scope: Scope, cohorts: Mapping[_Key, CohortSums], costs: Mapping[_Key, int], margin: Decimal
) -> dict[_Key, Payback]:
    """The payback of each (period, channel) that has contacts or a cost."""
    results: dict[_Key, Payback] = {}
    observed: dict[_Key, int] = {}
    searches: dict[_Key, Search] = {}
    for key in cohorts.keys() | costs.keys():
        cohort, cost = cohorts.get(key), costs.get(key, 0)
        seconds = _observed_seconds(scope, periods.next_period(key[0], scope.period))
        status = _status_before_search(cohort, cost, seconds)
        if status is not None:
            results[key] = Payback(status=status)
            continue
        observed[key] = seconds
        need = ratios.needed_revenue(cost, margin)
        if cohort is not None and need is not None:
            searches[key] = Search(need, seconds, cohort.buckets)
    found = covered(searches, partial(_brought_by_cohorts, scope))
    return results | {key: _payback(*found.get(key, (None, None)), seconds) for key, seconds in observed.items()}


def paybacks_of_range(
    *,
    scope: Scope,
    groups: Mapping[int, Collection[int]],
    sums: Mapping[int, CohortSums],
    costs: Mapping[int, int],
    margin: Decimal,
) -> dict[int, Payback]:
    """The payback of groups of channels, each over all days of the scope as one period.

    `groups`: the channel keys of each group; `sums` and `costs` are of the scope's days, by group. Every day of the
    scope is over at as-of. A group without contacts or cost is left out.
    """
    observed = _observed_seconds(scope, scope.before_date)
    asked = [key for key in groups if costs.get(key) and key in sums and sums[key].contacts]
    needs = {key: need for key in asked if (need := ratios.needed_revenue(costs[key], margin)) is not None}
    searches = {key: Search(need, observed, sums[key].buckets) for key, need in needs.items()}
    found = covered(searches, partial(_brought_by_groups, scope, groups))
    return {key: _payback(*found.get(key, (None, None)), observed) for key in asked}


def _status_before_search(cohort: CohortSums | None, cost: int, observed: int) -> PaybackStatus | None:
    if cohort is None or not cohort.contacts:
        return "no_customers"
    if not cost:
        return "no_spend"
    return "period_open" if observed < 0 else None


def _observed_seconds(scope: Scope, ending: date) -> int:
    """For how long everybody acquired before a day has been observed; negative while days before it are open."""
    return (scope.as_of - periods.start_of_day(ending, scope.tenant.timezone)) // _SECOND


def _brought_by_cohorts(
    scope: Scope, windows: Mapping[Place[_Key], Window], by_second: bool
) -> dict[Place[_Key], Sequence[Run]]:
    runs = _brought(
        scope,
        [
            _Span(start, periods.next_period(start, scope.period), channel, window.first, window.last)
            for ((start, channel), _), window in windows.items()
        ],
        by_second=by_second,
    )
    return {place: within(runs[place[0]], window) for place, window in windows.items()}


def _brought_by_groups(
    scope: Scope, groups: Mapping[int, Collection[int]], windows: Mapping[Place[int], Window], by_second: bool
) -> dict[Place[int], Sequence[Run]]:
    start, ending = scope.from_date, scope.before_date
    runs = _brought(
        scope,
        [
            _Span(start, ending, channel, window.first, window.last)
            for (group, _), window in windows.items()
            for channel in groups[group]
        ],
        by_second=by_second,
    )
    return {
        (group, sought): _summed([within(runs[start, channel], window) for channel in groups[group]])
        for (group, sought), window in windows.items()
    }


def _brought(scope: Scope, spans: Iterable[_Span], *, by_second: bool) -> Mapping[_Key, list[Run]]:
    """What was brought in spans, in order, by (start, channel); each second once, however many spans hold it."""
    ages: defaultdict[tuple[date, date, int], list[tuple[int, int]]] = defaultdict(list)
    for span in spans:
        ages[span.start, span.ending, span.channel_key].append((span.first, span.last))
    apart = [_Span(*days, first, last) for days, each in ages.items() for first, last in merged(each)]
    found: defaultdict[_Key, list[Run]] = defaultdict(list)
    for start, channel, until, gross, refund in sorted(_rows(scope, apart, by_second=by_second)):
        first = until if by_second else step_range(until)[0]
        found[start, channel].append(Run(first, until, gross, refund))
    return found


def _rows(scope: Scope, spans: Sequence[_Span], *, by_second: bool) -> list[tuple[date, int, int, int, int]]:
    if not spans:
        return []
    starts, ends, keys, firsts, lasts = map(list, zip(*spans, strict=True))
    of_steps = scope.is_whole and not by_second
    if of_steps:
        lasts = [step_end(last) for last in lasts]
    statement = _STEPS_OF_ROLLUPS if of_steps else _SECONDS_OF_FACTS if by_second else _STEPS_OF_FACTS
    parameters = {"starts": starts, "ends": ends, "keys": keys, "firsts": firsts, "lasts": lasts}
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.parameters | parameters)
        found: list[tuple[date, int, int, int, int]] = cursor.fetchall()
        return found


def _summed(parts: Sequence[Sequence[Run]]) -> Sequence[Run]:
    """The runs of several channels as those of all, in order; those that begin together end together."""
    if len(parts) == 1:
        return parts[0]
    lasts, grosses, refunds = dict[int, int](), dict[int, int](), dict[int, int]()
    for runs in parts:
        for first, last, gross, refund in runs:
            if first in lasts:
                grosses[first] += gross
                refunds[first] += refund
            else:
                lasts[first], grosses[first], refunds[first] = last, gross, refund
    return [Run(first, lasts[first], grosses[first], refunds[first]) for first in sorted(lasts)]


def _payback(first: int | None, sustained: int | None, observed: int) -> Payback:
    return Payback(
        status="not_reached" if first is None else "reached",
        days=None if first is None else ratios.days_of(first),
        sustained_days=None if sustained is None else ratios.days_of(sustained),
        observed_days=ratios.days_of(observed),
    )
