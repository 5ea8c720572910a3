"""Coming and going by day as a small drawing: where its bars stand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from segments.selectors.days import DayMoves

STEP, HALF = 4, 11


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the drawing's own units; `is_in` stands above the middle line, the other below it."""

    x: int
    y: float
    height: float
    is_in: bool


@dataclass(frozen=True, slots=True)
class Spark:
    """A drawing of `width` × `height` with its middle line, and its sums in figures for those who do not see it."""

    bars: list[Bar]
    width: int
    height: int
    middle: int
    entered: int
    left: int
    days: int


def spark(days: Sequence[DayMoves]) -> Spark:
    """Entries upwards and exits downwards, both by the same scale: the largest bar fills its half."""
    largest = max((max(day.entered, day.left) for day in days), default=0) or 1
    bars = []
    for place, day in enumerate(days):
        for count, is_in in ((day.entered, True), (day.left, False)):
            if count:
                height = round(max(1.0, HALF * count / largest), 1)
                bars.append(Bar(place * STEP, HALF - height if is_in else HALF + 1, height, is_in))
    return Spark(
        bars=bars,
        width=STEP * len(days),
        height=2 * HALF + 1,
        middle=HALF,
        entered=sum(day.entered for day in days),
        left=sum(day.left for day in days),
        days=len(days),
    )
