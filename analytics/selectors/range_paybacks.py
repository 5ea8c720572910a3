"""The exact second at which channels paid back over a range of days, found in the few facts that can hold it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Literal, NamedTuple

from django.db import connection

from analytics import periods, ratios
from analytics.ages import STEP_END, bucket_range, step_range
from analytics.cells import CohortSums, Value
from analytics.cohorts import Payback
from analytics.selectors.sums import CHANNEL_KEY, IN_SCOPE, Scope

# Purpose: what channels brought in some seconds of age, by steps of it or by the second. Parameters: a Scope's; days,
# firsts, lasts (spans of seconds that do not touch). Grain: channel × step, in order. Units: minor units.
_BROUGHT = f"""
SELECT {CHANNEL_KEY}, {{step}},
       coalesce(sum(amount_minor) FILTER (WHERE kind = 1), 0)::bigint,
       coalesce(-sum(amount_minor) FILTER (WHERE kind = 2), 0)::bigint
FROM unnest(%(days)s::date[]) AS d (day)
CROSS JOIN unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) AS s (first, last)
JOIN analytics_cohortfact ON cohort_date = d.day AND elapsed_seconds BETWEEN s.first AND s.last
WHERE {IN_SCOPE} AND happened_at < %(as_of)s AND kind > 0
GROUP BY 1, 2
ORDER BY 2
"""  # noqa: S608 - fragments are constants
_BY_STEP = _BROUGHT.format(step=STEP_END)
_BY_SECOND = _BROUGHT.format(step="elapsed_seconds")

# what is looked for: the first second at which the cost is covered, or the one since which it always is
_Sought = Literal["first", "since"]
_Key = tuple[int, _Sought]
_SECOND = timedelta(seconds=1)


class _Run(NamedTuple):
    """What was brought in some seconds in a row."""

    first: int
    last: int
    gross: int
    refund: int


class _Window(NamedTuple):
    """Seconds to look through, and the net before them, which is less than needed."""

    first: int
    last: int
    base: int


_Windows = dict[_Key, _Window]


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
    observed = (scope.as_of - periods.start_of_day(scope.before_date, scope.tenant.timezone)) // _SECOND
    asked = [key for key in groups if costs.get(key) and key in sums and sums[key].contacts]
    needs = {key: need for key in asked if (need := ratios.needed_revenue(costs[key], margin)) is not None}
    windows: _Windows = {(key, sought): _Window(0, observed, 0) for key in needs for sought in _NARROW}
    runs = {(key, sought): _bucket_runs(sums[key].buckets, observed) for key, sought in windows}
    windows = _narrowed(windows, runs, needs)
    windows = _narrowed(windows, _brought(scope, windows, groups, by_second=False), needs)
    seconds = _brought(scope, windows, groups, by_second=True)
    found = {key: _second(window, seconds[key], needs[key[0]], key[1]) for key, window in windows.items()}
    return {key: _payback(found.get((key, "first")), found.get((key, "since")), observed) for key in asked}


def _bucket_runs(buckets: Sequence[Value], observed: int) -> list[_Run]:
    """A group by age buckets, as far as it was observed."""
    runs = []
    for bucket, held in enumerate(buckets):
        first, last = bucket_range(bucket)
        if first <= observed:
            last = observed if last is None else min(last, observed)
            runs.append(_Run(first, last, held.gross_minor, held.refund_minor))
    return runs


def _narrowed(windows: _Windows, runs: Mapping[_Key, Sequence[_Run]], needs: Mapping[int, int]) -> _Windows:
    """The windows cut down to the runs that hold the answer; those without one are left out."""
    left = {}
    for key, window in windows.items():
        group, sought = key
        narrower = _NARROW[sought](runs[key], window.base, needs[group])
        if narrower is not None:
            left[key] = narrower
    return left


def _to_first(runs: Sequence[_Run], base: int, need: int) -> _Window | None:
    """From the first run that may reach what is needed to the first that surely has by its end."""
    before = _nets_before(runs, base)
    may = [i for i, run in enumerate(runs) if before[i] + run.gross >= need]
    if not may:
        return None
    surely = next((i for i in range(may[0], len(runs)) if before[i + 1] >= need), may[-1])
    return _Window(runs[may[0]].first, runs[surely].last, before[may[0]])


def _to_since(runs: Sequence[_Run], base: int, need: int) -> _Window | None:
    """From the last run that surely begins below what is needed to the last that may be below it."""
    before = _nets_before(runs, base)
    if not runs or before[-2] + runs[-1].gross < need:
        return None
    may = max(i for i, run in enumerate(runs) if before[i] - run.refund < need)
    surely = max(i for i in range(may + 1) if before[i] < need)
    return _Window(runs[surely].first, runs[may].last, before[surely])


_NARROW: Mapping[_Sought, Callable[[Sequence[_Run], int, int], _Window | None]] = {
    "first": _to_first,
    "since": _to_since,
}


def _nets_before(runs: Sequence[_Run], base: int) -> list[int]:
    """The net before each run, and after the last."""
    return list(accumulate((run.gross - run.refund for run in runs), initial=base))


def _brought(
    scope: Scope, windows: _Windows, groups: Mapping[int, Collection[int]], *, by_second: bool
) -> dict[_Key, list[_Run]]:
    """What each window's group brought in it, by steps of age (every window begins with one) or by the second."""
    sums: dict[_Key, dict[int, Value]] = {key: {} for key in windows}
    keys = defaultdict(list)
    for key in windows:
        for channel in groups[key[0]]:
            keys[channel].append(key)
    for channel, step, gross, refund in _rows(scope, windows, _BY_SECOND if by_second else _BY_STEP):
        for key in keys[channel]:
            if windows[key].first <= step and _first_of(step, by_second) <= windows[key].last:
                sums[key].setdefault(step, Value()).add(0, gross, refund)
    return {
        key: [
            _Run(_first_of(step, by_second), min(step, windows[key].last), value.gross_minor, value.refund_minor)
            for step, value in found.items()
        ]
        for key, found in sums.items()
    }


def _first_of(step: int, by_second: bool) -> int:
    return step if by_second else step_range(step)[0]


def _rows(scope: Scope, windows: _Windows, statement: str) -> list[tuple[int, int, int, int]]:
    if not windows:
        return []
    spans = _merged([(window.first, window.last) for window in windows.values()])
    days = (scope.before_date - scope.from_date).days
    parameters = scope.parameters | {
        "days": [scope.from_date + timedelta(days=number) for number in range(days)],
        "firsts": [first for first, _ in spans],
        "lasts": [last for _, last in spans],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[int, int, int, int]] = cursor.fetchall()
    return found


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same seconds in spans that do not touch."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _second(window: _Window, seconds: Sequence[_Run], need: int, sought: _Sought) -> int | None:
    """The second sought, from what was brought in each second of the window."""
    net, answer = window.base, None
    for run in seconds:
        net += run.gross - run.refund
        if net < need:
            answer = answer if sought == "first" else None
        elif answer is None:
            answer = run.first
    return answer


def _payback(first: int | None, since: int | None, observed: int) -> Payback:
    return Payback(
        status="not_reached" if first is None else "reached",
        days=None if first is None else ratios.days_of(first),
        sustained_days=None if since is None else ratios.days_of(since),
        observed_days=ratios.days_of(observed),
    )
