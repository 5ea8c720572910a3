"""The second at which a cost is covered: looked for in long runs of seconds, then in short ones. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Literal, NamedTuple, TypeVar

from analytics.ages import bucket_range
from analytics.cells import Value

# what is looked for: the first second at which the cost is covered, or the one since which it always is
Sought = Literal["first", "since"]
Key = TypeVar("Key", bound=Hashable)
_FIRST, _LAST = attrgetter("first"), attrgetter("last")


class Run(NamedTuple):
    """What was brought in some seconds in a row."""

    first: int
    last: int
    gross: int
    refund: int


class Window(NamedTuple):
    """Seconds to look through, and how much (above 0) of what is needed was missing before them."""

    first: int
    last: int
    missing: int


class Search(NamedTuple):
    """The net that is needed (above 0), for how many seconds people were observed, and what they brought by bucket."""

    need: int
    observed: int
    buckets: Sequence[Value]


Place = tuple[Key, Sought]
Windows = Mapping[Place[Key], Window]


def narrowed(
    searches: Mapping[Key, Search], brought: Callable[[Windows[Key]], Mapping[Place[Key], Sequence[Run]]]
) -> Windows[Key]:
    """The few seconds that hold each answer, where there may be one.

    `brought` tells what each window's people brought in it, in order, by steps of age. Every window begins with one;
    the last step may hold more than was observed.
    """
    windows: Windows[Key] = {
        (key, sought): Window(0, search.observed, search.need) for key, search in searches.items() for sought in _NARROW
    }
    windows = _cut(windows, {place: _bucket_runs(searches[place[0]]) for place in windows})
    return _cut(windows, brought(windows))


def within(runs: Sequence[Run], window: Window) -> Sequence[Run]:
    """The runs, of some in order, that a window holds; the last one no longer than it."""
    held = runs[bisect_left(runs, window.first, key=_LAST) : bisect_right(runs, window.last, key=_FIRST)]
    if not held or held[-1].last <= window.last:
        return held
    return [*held[:-1], held[-1]._replace(last=window.last)]


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same seconds in spans that do not touch."""
    apart: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if apart and first <= apart[-1][1] + 1:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return apart


def _bucket_runs(search: Search) -> list[Run]:
    """The age buckets, as far as they were observed."""
    runs = []
    for bucket, held in enumerate(search.buckets):
        first, last = bucket_range(bucket)
        if first <= search.observed:
            end = search.observed if last is None else min(last, search.observed)
            runs.append(Run(first, end, held.gross_minor, held.refund_minor))
    return runs


def _cut(windows: Windows[Key], runs: Mapping[Place[Key], Sequence[Run]]) -> Windows[Key]:
    """The windows cut down to the runs that hold the answer; those that surely hold none are left out."""
    cut = {place: _NARROW[place[1]](runs[place], window.missing) for place, window in windows.items()}
    return {place: window for place, window in cut.items() if window is not None}


def _to_first(runs: Sequence[Run], missing: int) -> Window | None:
    """From the first run that may bring what is missing to the first that surely has by its end."""
    before = _nets_before(runs)
    may = [i for i, run in enumerate(runs) if before[i] + run.gross >= missing]
    if not may:
        return None
    surely = next((i for i in range(may[0], len(runs)) if before[i + 1] >= missing), may[-1])
    return Window(runs[may[0]].first, runs[surely].last, missing - before[may[0]])


def _to_since(runs: Sequence[Run], missing: int) -> Window | None:
    """From the last run before which something surely is missing to the last in which something may be."""
    before = _nets_before(runs)
    if not runs or before[-2] + runs[-1].gross < missing:
        return None
    may = max(i for i, run in enumerate(runs) if before[i] - run.refund < missing)
    surely = max(i for i in range(may + 1) if before[i] < missing)
    return Window(runs[surely].first, runs[may].last, missing - before[surely])


_NARROW: Mapping[Sought, Callable[[Sequence[Run], int], Window | None]] = {
    "first": _to_first,
    "since": _to_since,
}


def _nets_before(runs: Sequence[Run]) -> list[int]:
    """The net before each run, and after the last."""
    return list(accumulate((run.gross - run.refund for run in runs), initial=0))
