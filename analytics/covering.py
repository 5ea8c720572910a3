"""The second at which a cost is covered: looked for in long runs of seconds, then in short ones, then in each. Pure."""

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
    """What was brought in some seconds in a row; in a single one the net will do, as gross."""

    first: int
    last: int
    gross: int
    refund: int


class Window(NamedTuple):
    """Seconds to look through, and the net before them, which is less than needed."""

    first: int
    last: int
    base: int


class Search(NamedTuple):
    """The net that is needed (above 0), for how many seconds people were observed, and what they brought by bucket."""

    need: int
    observed: int
    buckets: Sequence[Value]


Place = tuple[Key, Sought]
# what each window's people brought in it, in order, by steps of age (every window begins with one) or, where asked so,
# by the second; the last step may hold more than was observed
Brought = Callable[[Mapping[Place[Key], Window], bool], Mapping[Place[Key], Sequence[Run]]]


def covered(searches: Mapping[Key, Search], brought: Brought[Key]) -> dict[Key, tuple[int | None, int | None]]:
    """The first second of each search that covers its cost, and the one since which it stays covered."""
    windows: dict[Place[Key], Window] = {
        (key, sought): Window(0, search.observed, 0) for key, search in searches.items() for sought in _NARROW
    }
    windows = _narrowed(windows, {place: _bucket_runs(searches[place[0]]) for place in windows}, searches)
    windows = _narrowed(windows, brought(windows, False), searches)
    seconds = brought(windows, True)
    found = {
        (key, sought): _second(window, seconds[key, sought], searches[key].need, sought)
        for (key, sought), window in windows.items()
    }
    return {key: (found.get((key, "first")), found.get((key, "since"))) for key in searches}


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


def _narrowed(
    windows: Mapping[Place[Key], Window],
    runs: Mapping[Place[Key], Sequence[Run]],
    searches: Mapping[Key, Search],
) -> dict[Place[Key], Window]:
    """The windows cut down to the runs that hold the answer; those without one are left out."""
    left = {}
    for (key, sought), window in windows.items():
        narrower = _NARROW[sought](runs[key, sought], window.base, searches[key].need)
        if narrower is not None:
            left[key, sought] = narrower
    return left


def _to_first(runs: Sequence[Run], base: int, need: int) -> Window | None:
    """From the first run that may reach what is needed to the first that surely has by its end."""
    before = _nets_before(runs, base)
    may = [i for i, run in enumerate(runs) if before[i] + run.gross >= need]
    if not may:
        return None
    surely = next((i for i in range(may[0], len(runs)) if before[i + 1] >= need), may[-1])
    return Window(runs[may[0]].first, runs[surely].last, before[may[0]])


def _to_since(runs: Sequence[Run], base: int, need: int) -> Window | None:
    """From the last run that surely begins below what is needed to the last that may be below it."""
    before = _nets_before(runs, base)
    if not runs or before[-2] + runs[-1].gross < need:
        return None
    may = max(i for i, run in enumerate(runs) if before[i] - run.refund < need)
    surely = max(i for i in range(may + 1) if before[i] < need)
    return Window(runs[surely].first, runs[may].last, before[surely])


_NARROW: Mapping[Sought, Callable[[Sequence[Run], int, int], Window | None]] = {
    "first": _to_first,
    "since": _to_since,
}


def _nets_before(runs: Sequence[Run], base: int) -> list[int]:
    """The net before each run, and after the last."""
    return list(accumulate((run.gross - run.refund for run in runs), initial=base))


def _second(window: Window, seconds: Sequence[Run], need: int, sought: Sought) -> int | None:
    """The second sought, from what was brought in each second of the window."""
    net, answer = window.base, None
    for run in seconds:
        net += run.gross - run.refund
        if net < need:
            answer = answer if sought == "first" else None
        elif answer is None:
            answer = run.first
    return answer
