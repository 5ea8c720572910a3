"""The exact second at which a cohort paid back, found in the few facts that can hold it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import BUCKETS, COARSE_BUCKETS, STEP_END, bucket_range, step_end, step_range
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


# Purpose: what each searched cohort brought by steps of age, from rollups (whole cohorts only). Parameters: a Scope's;
# days, day_starts, day_firsts, day_lasts (`_windows`, whole steps). Grain: search × step, in order. Units: minor units.
_STEPS_OF_ROLLUPS = """
SELECT w.start, -1, until_seconds, sum(gross_minor)::bigint, sum(refund_minor)::bigint
FROM unnest(%(days)s::date[], %(day_starts)s::date[], %(day_firsts)s::bigint[], %(day_lasts)s::bigint[])
     AS w (day, start, first, last)
JOIN analytics_cohortage ON cohort_date = w.day AND until_seconds BETWEEN w.first AND w.last
WHERE tenant_id = %(tenant)s
GROUP BY 1, 3
ORDER BY 1, 3
"""
# The same from facts.
_STEPS_OF_FACTS = f"""
SELECT w.start, {CHANNEL}, {STEP_END},
       coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint,
       coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint
FROM unnest(%(days)s::date[], %(day_starts)s::date[], %(day_firsts)s::bigint[], %(day_lasts)s::bigint[])
     AS w (day, start, first, last)
JOIN analytics_cohortfact ON cohort_date = w.day AND elapsed_seconds BETWEEN w.first AND w.last
WHERE {IN_SCOPE} AND happened_at < %(as_of)s AND kind > 0
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""  # noqa: S608 - fragments are constants

_Key = tuple[date, int]
_Seconds = tuple[int | None, int | None]
_SECOND = timedelta(seconds=1)


class _Run(NamedTuple):
    """What happened in some seconds in a row, and the net before them."""

    first: int
    last: int | None
    before: int
    gross: int
    refund: int


class _Search(NamedTuple):
    """Seconds to look through, the net before them, and whether second 0 paid back."""

    first: int
    last: int
    base: int
    need: int
    is_paid_at_once: bool


def paybacks_of(
    *, scope: Scope, cohorts: Mapping[_Key, CohortSums], costs: Mapping[_Key, int], margin: Decimal
) -> dict[_Key, Payback]:
    """The payback of each (period, channel) that has contacts or a cost."""
    results: dict[_Key, Payback] = {}
    observed: dict[_Key, int] = {}
    found: dict[_Key, _Seconds] = {}
    searches: dict[_Key, _Search] = {}
    for key in cohorts.keys() | costs.keys():
        cohort, cost = cohorts.get(key), costs.get(key, 0)
        seconds = _observed_seconds(scope, key[0])
        status = _status_before_search(cohort, cost, seconds)
        if status is not None:
            results[key] = Payback(status=status)
            continue
        observed[key] = seconds
        need = ratios.needed_revenue(cost, margin)
        if cohort is not None and need is not None:
            searches[key] = _whole_search(cohort.buckets, need=need, observed=seconds)
    searches = _narrowed(searches, {key: _bucket_runs(scope, cohorts[key].buckets) for key in searches}, found)
    searches = _narrowed(searches, _step_runs(scope, searches), found)
    found |= _run(scope, searches)
    return results | {key: _payback(*found.get(key, (None, None)), seconds) for key, seconds in observed.items()}


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


def _whole_search(buckets: list[Value], *, need: int, observed: int) -> _Search:
    """All seconds after the first, of which the sum is known."""
    at_once = buckets[0].gross_minor - buckets[0].refund_minor
    return _Search(first=1, last=observed, base=at_once, need=need, is_paid_at_once=at_once >= need)


def _bucket_runs(scope: Scope, buckets: list[Value]) -> list[_Run]:
    """A cohort by age buckets, or the coarse ones that a channel's rollups have; from second 1 on."""
    runs, start, before = [], 1, buckets[0].gross_minor - buckets[0].refund_minor
    for end in range(1, BUCKETS) if scope.is_whole else COARSE_BUCKETS[1:]:
        gross = sum(bucket.gross_minor for bucket in buckets[start : end + 1])
        refund = sum(bucket.refund_minor for bucket in buckets[start : end + 1])
        runs.append(_Run(bucket_range(start)[0], bucket_range(end)[1], before, gross, refund))
        before += gross - refund
        start = end + 1
    return runs


def _step_runs(scope: Scope, searches: Mapping[_Key, _Search]) -> dict[_Key, list[_Run]]:
    """The searched seconds in steps, of which every search begins with one; those without news left out."""
    found: dict[_Key, list[_Run]] = {key: [] for key in searches}
    if not searches:
        return found
    whole_steps = {key: search._replace(last=step_end(search.last)) for key, search in searches.items()}
    with connection.cursor() as cursor:
        statement = _STEPS_OF_ROLLUPS if scope.is_whole else _STEPS_OF_FACTS
        cursor.execute(statement, scope.parameters | _windows(scope, whole_steps))
        rows = cursor.fetchall()
    before = {key: search.base for key, search in searches.items()}
    for start, channel, until, gross, refund in rows:
        key, (first, last) = (start, channel), step_range(until)
        if key in searches and searches[key].first <= first <= searches[key].last:
            found[key].append(_Run(first, last, before[key], gross, refund))
            before[key] += gross - refund
    return found


def _narrowed(
    searches: Mapping[_Key, _Search], runs: Mapping[_Key, list[_Run]], found: dict[_Key, _Seconds]
) -> dict[_Key, _Search]:
    """The searches cut down to the runs that can hold an answer; those that need none are put into `found`."""
    left = {}
    for key, search in searches.items():
        narrower = _narrow(search, [run for run in runs[key] if run.first <= search.last])
        if narrower is None:
            found[key] = (0, 0) if search.is_paid_at_once else (None, None)
        else:
            left[key] = narrower
    return left


def _narrow(search: _Search, runs: Sequence[_Run]) -> _Search | None:
    """From the first run that may reach what is needed (or may fall below it, if it is there at once) to the last in
    which the running net may lie below it, judged by what each run adds at most and takes at most.
    """
    below = [i for i, run in enumerate(runs) if run.before - run.refund < search.need]
    reached = below if search.is_paid_at_once else [i for i, r in enumerate(runs) if r.before + r.gross >= search.need]
    if not below or not reached:
        return None
    first, last = runs[reached[0]], runs[below[-1]]
    end = search.last if last.last is None else min(last.last, search.last)
    return search._replace(first=first.first, last=end, base=first.before)


def _run(scope: Scope, searches: Mapping[_Key, _Search]) -> dict[_Key, _Seconds]:
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


def _windows(scope: Scope, searches: Mapping[_Key, _Search]) -> dict[str, list[Any]]:
    """Each day of the searched periods with the ages to read, so that the index is read day by day, each age once."""
    ages: defaultdict[date, list[tuple[int, int]]] = defaultdict(list)
    for (start, _), search in searches.items():
        ages[start].append((search.first, search.last))
    rows = [
        (start + timedelta(days=number), start, first, last)
        for start, spans in ages.items()
        for first, last in _merged(spans)
        for number in range((periods.next_period(start, scope.period) - start).days)
    ]
    names = ("days", "day_starts", "day_firsts", "day_lasts")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ages in spans that do not touch."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


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
