"""The repurchase board as lines of text and as charts: each share with its people and interval.

Pure: a `RepurchaseBoard` goes in, what the templates print and the charts draw comes out.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from analytics.repurchase import MIN_PEOPLE, MOST_TOUCHES, FirstMonth, RepurchaseBoard, Share
from scrm.figures import NONE, number, percent

# the days of the curve that its table says
CURVE_ROWS = (7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class ShareText:
    """One share as shown; thin ones are grey. `is_complete` false: some were not observed so long."""

    text: str
    interval: str
    tip: str
    people: int
    count: int
    is_thin: bool
    is_complete: bool = True

    @property
    def look(self) -> str:
        """The cell's CSS class."""
        return "c-thin" if self.is_thin else ""


@dataclass(frozen=True)
class TouchLine:
    """Buyers of one number of touches."""

    title: str
    repurchased: ShareText
    opted_out: ShareText


@dataclass(frozen=True)
class CurveLine:
    """What share had bought again by one day, and how many were still followed then."""

    day: int
    at_risk: int
    share: str
    is_thin: bool

    @property
    def look(self) -> str:
        """The cell's CSS class."""
        return "c-thin" if self.is_thin else ""


@dataclass(frozen=True)
class MonthLine:
    """The buyers of one month of first purchase."""

    month: date
    buyers: int
    is_left_truncated: bool
    cells: list[ShareText]
    to_date: ShareText


def share_text(share: Share, *, is_complete: bool = True) -> ShareText:
    """A share with what it is made of."""
    if share.interval is None:
        return ShareText(NONE, "", _("nobody"), 0, 0, is_thin=True, is_complete=is_complete)
    low, high = (percent(end) for end in share.interval)
    values = {"count": number(share.count), "people": number(share.people), "share": percent(share.value)}
    told = [_("%(count)s of %(people)s = %(share)s") % values, _("95%% interval: %(low)s to %(high)s") % _ends(share)]
    if share.is_thin:
        told.append(_("Fewer than %(most)s people: read it with care.") % {"most": MIN_PEOPLE})
    if not is_complete:
        told.append(_("* Not complete: only those observed so long are counted."))
    return ShareText(
        percent(share.value), f"{low}–{high}", "\n".join(told), share.people, share.count, share.is_thin, is_complete
    )


def touch_lines(board: RepurchaseBoard) -> list[TouchLine]:
    """One line for each number of touches."""
    return [
        TouchLine(_touches_title(row.touches), share_text(row.repurchased), share_text(row.opted_out))
        for row in board.touches
    ]


def curve_lines(board: RepurchaseBoard) -> list[CurveLine]:
    """The curve at the days that people speak of."""
    points = [point for day in CURVE_ROWS if (point := board.point(day))]
    return [CurveLine(point.day, point.at_risk, percent(point.share), point.at_risk < MIN_PEOPLE) for point in points]


def month_lines(board: RepurchaseBoard) -> list[MonthLine]:
    """The months of first purchase, newest first."""
    return [_month_line(month) for month in reversed(board.months)]


def touches_chart(board: RepurchaseBoard) -> dict[str, Any]:
    """Who bought again by number of touches, in percent, with the ends of each interval; None of nobody."""
    shares = [row.repurchased for row in board.touches]
    return {
        "labels": [f"{row.touches}+" if row.touches == MOST_TOUCHES else str(row.touches) for row in board.touches],
        "titles": [_touches_title(row.touches) for row in board.touches],
        "x": _("Touches in 30 days"),
        "title": _("Bought again in the 30 days after"),
        "values": [_in_percent(share.value) for share in shares],
        "low": [_in_percent(share.interval and share.interval[0]) for share in shares],
        "high": [_in_percent(share.interval and share.interval[1]) for share in shares],
        "thin": [share.is_thin for share in shares],
        "texts": [share_text(share).tip.splitlines() for share in shares],
    }


def curve_chart(board: RepurchaseBoard) -> dict[str, Any]:
    """Who has bought again by each day, in percent; it begins at the first purchase."""
    at_risk = [_("%(people)s still followed") % {"people": number(point.at_risk)} for point in board.curve]
    return {
        "language": get_language(),
        "days": [0, *(point.day for point in board.curve)],
        "title": _("Have bought again"),
        "day": _("Day"),
        "x": _("Days after the first purchase"),
        "values": [0, *(_in_percent(point.share) for point in board.curve)],
        "thin": [False, *(point.at_risk < MIN_PEOPLE for point in board.curve)],
        "texts": ["", *(f"{percent(point.share)} · {said}" for point, said in zip(board.curve, at_risk, strict=True))],
    }


def _month_line(month: FirstMonth) -> MonthLine:
    return MonthLine(
        month=month.month,
        buyers=month.buyers,
        is_left_truncated=month.is_left_truncated,
        cells=[share_text(share, is_complete=month.is_complete(days)) for days, share in month.within.items()],
        to_date=share_text(month.to_date),
    )


def _touches_title(touches: int) -> str:
    if touches == MOST_TOUCHES:
        return _("%(touches)s or more touches") % {"touches": touches}
    return ngettext("%(touches)s touch", "%(touches)s touches", touches) % {"touches": touches}


def _ends(share: Share) -> dict[str, str]:
    low, high = share.interval or (None, None)
    return {"low": percent(low), "high": percent(high)}


def _in_percent(value: Any) -> float | None:
    return None if value is None else round(float(value) * 100, 2)
