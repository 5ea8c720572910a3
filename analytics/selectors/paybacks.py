"""The exact second at which a cohort paid back, found in the few facts that can hold it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import STEP_END, bucket_range, step_end, step_range
from analytics.cells import CohortSums, Value
from analytics.cohorts import Payback, PaybackStatus
from analytics.selectors.sums import CHANNEL, IN_SCOPE, Scope

# fragment: the days of each search (period start, end excluded; channel key; first and last second). Both tables are
# read day by day through an index; OFFSET 0 keeps the planner, who cannot know how few rows a day has, from reading all
_DAYS_OF_SEARCHES = """
    FROM unnest(%(starts)s::date[], %(ends)s::date[], %(keys)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[])
         AS s (start, ending, key, first, last)
    CROSS JOIN LATERAL generate_series(0, s.ending - s.start - 1) AS n
"""

# Purpose: what each search's seconds brought, where anything happened. Parameters: a Scope's; a search's lists.
# Grain: search × second. Units: minor units.
_SECONDS = f"""
SELECT s.start, s.key, f.elapsed_seconds, sum(f.amount_minor)::bigint
{_DAYS_OF_SEARCHES}
CROSS JOIN LATERAL (
    SELECT elapsed_seconds, amount_minor FROM analytics_cohortfact
    WHERE {IN_SCOPE} AND cohort_date = s.start + n AND elapsed_seconds BETWEEN s.first AND s.last
      AND {CHANNEL} = s.key AND happened_at < %(as_of)s AND kind > 0
    OFFSET 0
) AS f
GROUP BY 1, 2, 3
"""  # noqa: S608 - fragments are constants
# Purpose: what each search brought by steps of age, from rollups (whole cohorts only). Grain: search × step.
_STEPS_OF_ROLLUPS = f"""
SELECT s.start, s.key, a.until_seconds, sum(a.gross_minor)::bigint, sum(a.refund_minor)::bigint
{_DAYS_OF_SEARCHES}
CROSS JOIN LATERAL (
    SELECT until_seconds, gross_minor, refund_minor FROM analytics_cohortage
    WHERE tenant_id = %(tenant)s AND cohort_date = s.start + n AND until_seconds BETWEEN s.first AND s.last
    OFFSET 0
) AS a
GROUP BY 1, 2, 3
"""  # noqa: S608 - fragments are constants
# The same from facts.
_STEPS_OF_FACTS = f"""
SELECT s.start, s.key, f.until_seconds,
       coalesce(sum(f.amount_minor) FILTER (WHERE f.kind = 1), 0)::bigint,
       coalesce(-sum(f.amount_minor) FILTER (WHERE f.kind = 2), 0)::bigint
{_DAYS_OF_SEARCHES}
CROSS JOIN LATERAL (
    SELECT {STEP_END} AS until_seconds, kind, amount_minor FROM analytics_cohortfact
    WHERE {IN_SCOPE} AND cohort_date = s.start + n AND elapsed_seconds BETWEEN s.first AND s.last
      AND {CHANNEL} = s.key AND happened_at < %(as_of)s AND kind > 0
    OFFSET 0
) AS f
GROUP BY 1, 2, 3
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
    searches = _narrowed(searches, {key: _bucket_runs(cohorts[key].buckets) for key in searches}, found)
    searches = _narrowed(searches, _step_runs(scope, searches), found)
    found |= _seconds(scope, searches)
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


def _bucket_runs(buckets: list[Value]) -> list[_Run]:
    """A cohort by age buckets; from second 1 on."""
    runs, before = [], buckets[0].gross_minor - buckets[0].refund_minor
    for number, bucket in enumerate(buckets[1:], start=1):
        runs.append(_Run(*bucket_range(number), before, bucket.gross_minor, bucket.refund_minor))
        before += bucket.gross_minor - bucket.refund_minor
    return runs


def _step_runs(scope: Scope, searches: Mapping[_Key, _Search]) -> dict[_Key, list[_Run]]:
    """The searched seconds in steps, of which every search begins with one; those without news left out."""
    found: dict[_Key, list[_Run]] = {key: [] for key in searches}
    before = {key: search.base for key, search in searches.items()}
    wanted = [(*key, search.first, step_end(search.last)) for key, search in searches.items()]
    rows = _rows(_STEPS_OF_ROLLUPS if scope.is_whole else _STEPS_OF_FACTS, scope, wanted)
    for start, channel, until, gross, refund in sorted(rows):
        key, (first, last) = (start, channel), step_range(until)
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


def _seconds(scope: Scope, searches: Mapping[_Key, _Search]) -> dict[_Key, _Seconds]:
    """The first second that pays back and the first that does so for good."""
    nets: dict[_Key, list[tuple[int, int]]] = {key: [] for key in searches}
    wanted = [(*key, search.first, search.last) for key, search in searches.items()]
    for start, channel, elapsed, net in _rows(_SECONDS, scope, wanted):
        nets[start, channel].append((elapsed, net))
    return {key: _second(search, sorted(nets[key])) for key, search in searches.items()}


def _second(search: _Search, nets: Sequence[tuple[int, int]]) -> _Seconds:
    first = sustained = 0 if search.is_paid_at_once else None
    running = search.base
    for elapsed, net in nets:
        running += net
        if running < search.need:
            sustained = None
        elif sustained is None:
            sustained = elapsed
            first = elapsed if first is None else first
    return first, sustained


def _rows(statement: str, scope: Scope, spans: Sequence[tuple[date, int, int, int]]) -> list[tuple[Any, ...]]:
    """What a statement finds in the first to last second of periods and channels."""
    if not spans:
        return []
    parameters = {
        "starts": [start for start, *_ in spans],
        "ends": [periods.next_period(start, scope.period) for start, *_ in spans],
        "keys": [key for _, key, *_ in spans],
        "firsts": [first for _, _, first, _ in spans],
        "lasts": [last for *_, last in spans],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.parameters | parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _payback(first: int | None, sustained: int | None, observed: int) -> Payback:
    return Payback(
        status="not_reached" if first is None else "reached",
        days=None if first is None else ratios.days_of(first),
        sustained_days=None if sustained is None else ratios.days_of(sustained),
        observed_days=ratios.days_of(observed),
    )
