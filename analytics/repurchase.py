"""What a repurchase board is asked for, what it holds, and the statistics it is made with: plain values, pure.

Shares have 6 places. An interval is Wilson's at 95 %. Elapsed time is in whole seconds, a day of a life 24 hours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from analytics import periods, ratios
from segments.intervals import wilson

# a share of fewer people is shown grey and never stands above another
MIN_PEOPLE = 30
# how long touches are counted, and how long one looks for purchases after them
WINDOW_DAYS = 30
# this many touches or more are one row
MOST_TOUCHES = 4
# within how many days after the first purchase a second one is looked for, by month of the first
HORIZONS = (30, 60, 90, 180)
# the age at which the board's one repurchase rate is read
HEADLINE_DAYS = 90
CURVE_DAYS = 365
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepurchaseQuery:
    """Which board is asked for. `from_date` and `to_date` (both included) are days of the tenant's zone; without them
    they are the last 30 that are over. `as_of` is exclusive event time. First purchases count from `first_from` on.
    """

    as_of: datetime
    from_date: date | None = None
    to_date: date | None = None
    first_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardDays:
    """The days of a board, all ends included.

    `from_date` to `to_date`: exposure and opt-outs. `touch_from` to `touch_to`: the last 30 days of or before the
    range that have 30 whole days after them, `after_from` to `after_to`.
    """

    from_date: date
    to_date: date
    touch_from: date
    touch_to: date
    after_from: date
    after_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of `people` did something; as a share with its interval, None of nobody."""

    people: int
    count: int

    @property
    def value(self) -> Decimal | None:
        """The share."""
        return ratios.share_of(self.count, self.people)

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        """Where the share would lie for many more such people, with 95 % confidence."""
        return wilson(self.count, self.people)

    @property
    def is_thin(self) -> bool:
        """Whether these are too few people to read much into it."""
        return self.people < MIN_PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Whom messages reached: of the contacts acquired before the range's end, those with a touchpoint that was sent
    within it. `refused` do not want any at its end; `opted_out` said so within it. Of private chat alone: nothing else
    is connected.
    """

    reached: Share
    messages: int
    refused: Share
    opted_out: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRow:
    """Buyers who got so many touches (`MOST_TOUCHES`: or more): who bought again in the days after, and who withdrew
    consent since the days of touches began.
    """

    touches: int
    repurchased: Share
    opted_out: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One day after the first purchase: who had not bought again before it and was observed through it, who of them
    bought again in it, and what share of all has done so by its end.
    """

    day: int
    at_risk: int
    repurchased: int
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMonth:
    """The buyers of one month of first purchase; `to_date`: who bought again so far, whatever their age. `within`: by
    days, of those observed so long, who bought again within; complete when that is everyone.
    """

    month: date
    to_date: Share
    within: Mapping[int, Share]
    is_left_truncated: bool

    @property
    def buyers(self) -> int:
        """How many bought first in this month."""
        return self.to_date.people

    def is_complete(self, days: int) -> bool:
        """Whether all its buyers were observed for so many days."""
        return self.within[days].people == self.buyers


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Contacts with a rhythm (two or more times between purchases): whose median of them has passed since the last
    purchase (due), and for whom twice that has (perhaps gone).
    """

    due: Share
    overdue: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class RepurchaseBoard:
    """Exposure, trust and demand beside the repurchase rate, and how touches, time and months go with it.

    `repurchase`: the curve at 90 days, None where nobody was observed so long. `touches` has a row for each number
    of touches, 0 to `MOST_TOUCHES`; months come oldest first. `fresh_at` is when purchases last held everything that
    had come in.
    """

    query: RepurchaseQuery
    days: BoardDays
    timezone: str
    fresh_at: datetime | None
    exposure: Exposure
    demand: Demand
    touches: tuple[TouchRow, ...]
    curve: tuple[CurvePoint, ...]
    months: tuple[FirstMonth, ...]

    @property
    def repurchase(self) -> CurvePoint | None:
        """The point at which the board's one repurchase rate is read."""
        return self.point(HEADLINE_DAYS)

    def point(self, day: int) -> CurvePoint | None:
        """The curve's point of a day; None beyond what was observed."""
        return self.curve[day - 1] if day <= len(self.curve) else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to speak of."""
        return not self.exposure.reached.people and not self.months


def days_of(query: RepurchaseQuery, timezone: str) -> BoardDays:
    """The days that a query covers: days that are not over at as-of are in a range only if it names them."""
    yesterday = periods.local_date(query.as_of, timezone) - _ONE_DAY
    last = query.to_date or max(yesterday, query.from_date or yesterday)
    first = query.from_date or last - (WINDOW_DAYS - 1) * _ONE_DAY
    touch_to = min(last, yesterday - WINDOW_DAYS * _ONE_DAY)
    return BoardDays(
        from_date=first,
        to_date=last,
        touch_from=touch_to - (WINDOW_DAYS - 1) * _ONE_DAY,
        touch_to=touch_to,
        after_from=touch_to + _ONE_DAY,
        after_to=touch_to + WINDOW_DAYS * _ONE_DAY,
    )


def curve_of(left: Iterable[tuple[int, bool, int]]) -> tuple[CurvePoint, ...]:
    """The share who have bought again by each day, by Kaplan and Meier: each day's share is of those observed through
    it who had not bought again before, so nobody's unobserved future counts as nothing.

    `left`: after which day so many are followed no more, and whether because they bought again in it.
    Shape: days from 1 on for as long as somebody is followed, `CURVE_DAYS` at most.
    Source: E. L. Kaplan, P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53 (1958)
    """
    again, gone = dict[int, int](), dict[int, int]()
    at_risk = 0
    for day, is_again, count in left:
        of = again if is_again else gone
        of[day] = of.get(day, 0) + count
        at_risk += count
    at_risk -= gone.get(0, 0)
    points = []
    still, whole = 1, 1
    for day in range(1, CURVE_DAYS + 1):
        if not at_risk:
            break
        bought = again.get(day, 0)
        if bought:
            still, whole = still * (at_risk - bought), whole * at_risk
        share = ratios.share_of(whole - still, whole)
        assert share is not None
        points.append(CurvePoint(day=day, at_risk=at_risk, repurchased=bought, share=share))
        at_risk -= bought + gone.get(day, 0)
    return tuple(points)
