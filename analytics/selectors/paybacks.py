"""The exact second at which a cohort, or channels over a range of days, paid back: found in few facts."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import STEP_END, step_end, step_range
from analytics.cells import CohortSums
from analytics.cohorts import Payback, PaybackStatus
from analytics.covering import Key, Place, Run, Search, Sought, Window, Windows, merged, narrowed, within
from analytics.selectors.sums import CHANNEL, IN_SCOPE, Scope

# fragment: the days of each span. Both tables are read day by day through an index; OFFSET 0 keeps the planner, who
# cannot know how few rows a day has, from reading all, and days plain values: under row security PostgreSQL 15 looks
# nothing up by a sum. Parameters: a Scope's; those of the spans.
_DAYS_OF_SPANS = """
    FROM unnest(%(numbers)s::int[], %(starts)s::date[], %(ends)s::date[], %(keys)s::bigint[], %(firsts)s::bigint[],
                %(lasts)s::bigint[], %(missing)s::bigint[]) AS s (number, start, ending, key, first, last, missing)
    CROSS JOIN LATERAL (SELECT s.start + n AS day FROM generate_series(0, s.ending - s.start - 1) AS n OFFSET 0) AS d
"""
# fragment: what a span's people of one day bought and gave back at its ages
_FACTS_OF_SPANS = f"""
    SELECT elapsed_seconds, kind, amount_minor FROM analytics_cohortfact
    WHERE {IN_SCOPE} AND cohort_date = d.day AND elapsed_seconds BETWEEN s.first AND s.last
      AND {CHANNEL} = s.key AND happened_at < %(as_of)s AND kind > 0
    OFFSET 0
"""  # noqa: S608 - fragments are constants
# Purpose: what was brought in spans, by steps of age, from facts. Grain: span's number × step where anything happened.
# Units: minor units.
_STEPS_OF_FACTS = f"""
SELECT s.number, {STEP_END}, coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 1), 0)::bigint,
       coalesce(-sum(f.amount_minor) FILTER (WHERE f.kind = 2), 0)::bigint
{_DAYS_OF_SPANS}
CROSS JOIN LATERAL ({_FACTS_OF_SPANS}) AS f
GROUP BY 1, 2
"""
# The same steps from rollups: whole cohorts only, and whole steps.
_STEPS_OF_ROLLUPS = f"""
SELECT s.number, a.until_seconds, sum(a.gross_minor)::bigint, sum(a.refund_minor)::bigint
{_DAYS_OF_SPANS}
CROSS JOIN LATERAL (
    SELECT until_seconds, gross_minor, refund_minor FROM analytics_cohortage
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND cohort_date = d.day
      AND until_seconds BETWEEN s.first AND s.last
    OFFSET 0
) AS a
GROUP BY 1, 2
"""  # noqa: S608 - fragments are constants
# Purpose: the first second of a window at whose end what was missing is there, and the one since which it always is:
# that after the last at whose end it is not. Facts of one second are peers: each has the net at its end. Grain: a
# window's number, where anything happened in it; null where there is no such second.
_NEVER = 2**63 - 1  # what follows the last: later than all
_SECONDS = f"""
SELECT number, min(second) FILTER (WHERE net >= missing),
       nullif(coalesce(max(following) FILTER (WHERE net < missing), min(second)), {_NEVER})
FROM (
    SELECT s.number, s.missing, f.elapsed_seconds AS second, sum(f.amount_minor) OVER ages AS net,
           lead(f.elapsed_seconds, 1, {_NEVER}) OVER ages AS following
    {_DAYS_OF_SPANS}
    CROSS JOIN LATERAL ({_FACTS_OF_SPANS}) AS f
    WINDOW ages AS (PARTITION BY s.number ORDER BY f.elapsed_seconds)
) AS told
GROUP BY number
"""  # noqa: S608 - fragments are constants

_Key = tuple[date, int]
_SECOND = timedelta(seconds=1)


class _People(NamedTuple):
    """Those of some cohort days (`ending` excluded) and a channel key."""

    start: date
    ending: date
    channel_key: int


class _Span(NamedTuple):
    """Some people's ages; `number` says what they are added up for, `missing` what that lacked before (minor units)."""

    number: int
    start: date
    ending: date
    channel_key: int
    first: int
    last: int
    missing: int = 0


_PeopleOf = Callable[[Key], Sequence[_People]]


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

    def people_of(key: _Key) -> list[_People]:
        return [_People(key[0], periods.next_period(key[0], scope.period), key[1])]

    found = _found(scope, searches, people_of)
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

    def people_of(group: int) -> list[_People]:
        return [_People(scope.from_date, scope.before_date, channel) for channel in groups[group]]

    found = _found(scope, searches, people_of)
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


def _found(
    scope: Scope, searches: Mapping[Key, Search], people_of: _PeopleOf[Key]
) -> dict[Key, tuple[int | None, int | None]]:
    """The first second of each search that covers its cost, and the one since which it stays covered."""
    windows = narrowed(searches, partial(_steps, scope, people_of))
    seconds = _seconds(scope, people_of, windows)
    return {key: (seconds.get((key, "first")), seconds.get((key, "since"))) for key in searches}


def _steps(scope: Scope, people_of: _PeopleOf[Key], windows: Windows[Key]) -> dict[Place[Key], Sequence[Run]]:
    """What each window's people brought by steps of age; each step is read once, however many windows hold it."""
    ages: defaultdict[_People, list[tuple[int, int]]] = defaultdict(list)
    for (key, _), window in windows.items():
        for people in people_of(key):
            ages[people].append((window.first, window.last))
    numbers = {people: number for number, people in enumerate(ages)}
    spans = [
        _Span(numbers[people], *people, first, step_end(last))
        for people, each in ages.items()
        for first, last in merged(each)
    ]
    runs: defaultdict[int, list[Run]] = defaultdict(list)
    statement = _STEPS_OF_ROLLUPS if scope.is_whole else _STEPS_OF_FACTS
    for number, until, gross, refund in sorted(_rows(statement, scope, spans)):
        runs[number].append(Run(*step_range(until), gross, refund))
    return {
        (key, sought): _summed([within(runs[numbers[people]], window) for people in people_of(key)])
        for (key, sought), window in windows.items()
    }


def _seconds(scope: Scope, people_of: _PeopleOf[Key], windows: Windows[Key]) -> dict[Place[Key], int | None]:
    """The second sought in each window; both that are sought in the same one are told by one reading."""
    numbers: dict[tuple[Key, Window], int] = {}
    for (key, _), window in windows.items():
        numbers.setdefault((key, window), len(numbers))
    spans = [_Span(number, *people, *window) for (key, window), number in numbers.items() for people in people_of(key)]
    found: dict[int, Mapping[Sought, int | None]] = {
        number: {"first": first, "since": since} for number, first, since in _rows(_SECONDS, scope, spans)
    }
    return {(key, sought): found.get(numbers[key, window], {}).get(sought) for (key, sought), window in windows.items()}


def _rows(statement: str, scope: Scope, spans: Sequence[_Span]) -> list[tuple[Any, ...]]:
    if not spans:
        return []
    named = ("numbers", "starts", "ends", "keys", "firsts", "lasts", "missing")
    parameters = dict(zip(named, map(list, zip(*spans, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.parameters | parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
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
