"""The exact second at which a cohort paid back, found in the few facts that can hold it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import BUCKETS, COARSE_BUCKETS, bucket_range
from analytics.cells import CohortSums, Value
from analytics.cohorts import Payback, PaybackStatus
from analytics.selectors.sums import CHANNEL, IN_SCOPE, Scope

# Purpose: within each search, the first second at which the running net reaches what is needed, the first from
# which it stays there, and whether it was there throughout. Parameters: a Scope's; starts, ends (period, end
# excluded), keys (channel), firsts, lasts (seconds), bases (net before), needs; days, day_starts, day_firsts,
# day_lasts (`_windows`). Grain: one search. Units: seconds;
# minor units.
_SEARCH = f"""
WITH searches AS (
    SELECT * FROM unnest(%(starts)s::date[], %(ends)s::date[], %(keys)s::bigint[], %(firsts)s::bigint[],
                         %(lasts)s::bigint[], %(bases)s::bigint[], %(needs)s::bigint[])
             AS s (start, ending, key, first, last, base, need)
), found AS MATERIALIZED (
    SELECT w.start, {CHANNEL} AS key, elapsed_seconds, sum(amount_minor) AS net
    FROM unnest(%(days)s::date[], %(day_starts)s::date[], %(day_firsts)s::bigint[], %(day_lasts)s::bigint[])
         AS w (day, start, first, last)
    JOIN analytics_cohortfact ON cohort_date = w.day AND elapsed_seconds BETWEEN w.first AND w.last
    WHERE {IN_SCOPE} AND happened_at < %(as_of)s AND kind > 0
    GROUP BY 1, 2, 3
), running AS (
    SELECT s.start, s.key, s.need, f.elapsed_seconds,
           s.base + sum(f.net) OVER (PARTITION BY s.start, s.key ORDER BY f.elapsed_seconds) AS net
    FROM searches s
    JOIN found f ON f.start = s.start AND f.key = s.key AND f.elapsed_seconds BETWEEN s.first AND s.last
), lowest AS (
    SELECT *, min(net) OVER (PARTITION BY start, key ORDER BY elapsed_seconds DESC) AS lowest_from_here
    FROM running
)
SELECT start, key, min(elapsed_seconds) FILTER (WHERE net >= need),
       min(elapsed_seconds) FILTER (WHERE lowest_from_here >= need), bool_and(net >= need)
FROM lowest
GROUP BY start, key
"""  # noqa: S608 - fragments are constants


_Seconds = tuple[int | None, int | None]
_SECOND = timedelta(seconds=1)


class _Search(NamedTuple):
    """Seconds to look through (none if `last` < `first`), the net before them, and whether second 0 paid back."""

    first: int
    last: int
    base: int
    need: int
    is_paid_at_once: bool


def paybacks_of(
    *,
    scope: Scope,
    cohorts: Mapping[tuple[date, int], CohortSums],
    costs: Mapping[tuple[date, int], int],
    margin: Decimal,
) -> dict[tuple[date, int], Payback]:
    """The payback of each (period, channel) that has contacts or a cost."""
    results: dict[tuple[date, int], Payback] = {}
    searches: dict[tuple[date, int], _Search] = {}
    observed: dict[tuple[date, int], int] = {}
    ends = range(BUCKETS) if scope.is_whole else COARSE_BUCKETS
    for key in cohorts.keys() | costs.keys():
        cohort, cost = cohorts.get(key), costs.get(key, 0)
        seconds = _observed_seconds(scope, key[0])
        status = _status_before_search(cohort, cost, seconds)
        if status is not None:
            results[key] = Payback(status=status)
            continue
        observed[key] = seconds
        need = ratios.needed_revenue(cost, margin)
        if cohort is None or need is None:
            continue
        search = _narrow(cohort.buckets, ends=ends, need=need, observed=seconds)
        if search is not None:
            searches[key] = search
    seconds_of = {key: _seconds_found(search, None) for key, search in searches.items()}
    seconds_of |= _run(scope, {key: search for key, search in searches.items() if search.first <= search.last})
    return results | {key: _payback(*seconds_of.get(key, (None, None)), seconds) for key, seconds in observed.items()}


def _status_before_search(cohort: CohortSums | None, cost: int, observed: int) -> PaybackStatus | None:
    if cohort is None or not cohort.contacts:
        return "no_customers"
    if not cost:
        return "no_spend"
    return "period_open" if observed < 0 else None


def _observed_seconds(scope: Scope, start: date) -> int:
    """For how long all members of a period have been observed; negative while it is open."""
    ending = periods.start_of_day(periods.next_period(start, scope.period), scope.tenant.timezone)
    return (scope.as_of - ending) // _SECOND


def _narrow(buckets: list[Value], *, ends: Sequence[int], need: int, observed: int) -> _Search | None:
    """Find the ages that can hold a payback, by what each run of buckets may add at most and take at most.

    The first run that may reach what is needed, to the last in which the running net may lie below it. `ends` are
    the last buckets of the runs; the first run is second 0, of which the sum is known.
    """
    runs = [run for run in _runs(buckets, ends) if run.first <= observed]
    first = next((i for i, run in enumerate(runs) if run.before + run.value.gross_minor >= need), None)
    if first is None:
        return None
    last = max(i for i, run in enumerate(runs) if run.before - run.value.refund_minor < need)
    start = max(first, 1)
    end = runs[last].last
    return _Search(
        first=runs[start].first if start < len(runs) else observed + 1,
        last=observed if end is None else min(end, observed),
        base=runs[start].before if start < len(runs) else 0,
        need=need,
        is_paid_at_once=runs[0].value.gross_minor - runs[0].value.refund_minor >= need,
    )


class _Run(NamedTuple):
    """What happened at the ages of some buckets in a row, and the net before them."""

    first: int
    last: int | None
    before: int
    value: Value


def _runs(buckets: list[Value], ends: Sequence[int]) -> Iterator[_Run]:
    start, before = 0, 0
    for end in ends:
        value = Value()
        for bucket in buckets[start : end + 1]:
            value.add(0, bucket.gross_minor, bucket.refund_minor)
        yield _Run(bucket_range(start)[0], bucket_range(end)[1], before, value)
        before += value.gross_minor - value.refund_minor
        start = end + 1


def _run(scope: Scope, searches: Mapping[tuple[date, int], _Search]) -> dict[tuple[date, int], _Seconds]:
    if not searches:
        return {}
    keys, wanted = list(searches), list(searches.values())
    parameters = scope.parameters | {
        "starts": [start for start, _ in keys],
        "ends": [periods.next_period(start, scope.period) for start, _ in keys],
        "keys": [key for _, key in keys],
        "firsts": [search.first for search in wanted],
        "lasts": [search.last for search in wanted],
        "bases": [search.base for search in wanted],
        "needs": [search.need for search in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, parameters | _windows(scope, searches))
        rows = {(start, key): tuple(found) for start, key, *found in cursor.fetchall()}
    return {key: _seconds_found(search, rows.get(key)) for key, search in searches.items()}


def _windows(scope: Scope, searches: Mapping[tuple[date, int], _Search]) -> dict[str, list[Any]]:
    """Each day of the searched periods with the ages to read, so that the index is read day by day."""
    ages: dict[date, tuple[int, int]] = {}
    for (start, _), search in searches.items():
        first, last = ages.get(start, (search.first, search.last))
        ages[start] = (min(first, search.first), max(last, search.last))
    rows = [
        (start + timedelta(days=number), start, first, last)
        for start, (first, last) in ages.items()
        for number in range((periods.next_period(start, scope.period) - start).days)
    ]
    names = ("days", "day_starts", "day_firsts", "day_lasts")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _seconds_found(search: _Search, row: tuple[int | None, int | None, bool] | None) -> _Seconds:
    """First and sustained second of one search; without a row nothing happened in it."""
    first, sustained, is_paid_throughout = row or (None, None, True)
    if not search.is_paid_at_once:
        return first, sustained
    return 0, 0 if is_paid_throughout else sustained


def _payback(first: int | None, sustained: int | None, observed: int) -> Payback:
    return Payback(
        status="not_reached" if first is None else "reached",
        days=None if first is None else ratios.days_of(first),
        sustained_days=None if sustained is None else ratios.days_of(sustained),
        observed_days=ratios.days_of(observed),
    )
