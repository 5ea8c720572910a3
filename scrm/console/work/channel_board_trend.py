"""A channel's contacts by month as a small drawing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.channels import ChannelMonth
from scrm.console.work.board_figures import Figures
from scrm.figures import NONE, number

STEP, HEIGHT = 5, 20


@dataclass(frozen=True, slots=True)
class TrendBar:
    """One month: where its bar stands, in the drawing's own units, and its figures in words."""

    x: int
    y: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A drawing of `width` × `height`, and the newest month's CAC."""

    bars: list[TrendBar]
    width: int
    height: int
    newest_cac: str

    @property
    def words(self) -> str:
        """The same figures for those who do not see it."""
        return "\n".join(bar.words for bar in self.bars)


def trend(months: Sequence[ChannelMonth], *, figures: Figures) -> Trend:
    """Draw contacts by month: the largest fills the height."""
    largest = max((month.contacts for month in months), default=0) or 1
    bars = []
    for place, month in enumerate(months):
        height = round(max(1.0, HEIGHT * month.contacts / largest), 1) if month.contacts else 0.0
        words = f"{month.month:%Y-%m}  {number(month.contacts)} · CAC {figures.plain(month.cac)}"
        bars.append(TrendBar(place * STEP, HEIGHT - height, height, words))
    newest = months[-1].cac if months else None
    return Trend(bars, STEP * len(months), HEIGHT, NONE if newest is None else figures.plain(newest))
