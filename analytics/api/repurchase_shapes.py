"""The repurchase board as the API writes it: shares as decimal strings from 0 to 1, null of nobody."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from analytics.definitions import repurchase_definition_texts
from analytics.repurchase import FirstMonth, RepurchaseBoard, Share, TouchRow


class RepurchaseShare(msgspec.Struct, frozen=True):
    """How many of `people` did something, as a share with its 95 % interval. `thin`: of fewer than 30 people."""

    people: int
    count: int
    share: Decimal | None
    low: Decimal | None
    high: Decimal | None
    thin: bool


class RepurchaseExposure(msgspec.Struct, frozen=True):
    """Contacts of the pool that were reached, by way; a way that is not connected is null, not 0."""

    private_chat: RepurchaseShare
    private_chat_messages: int
    group_chat: RepurchaseShare | None = None
    moments: RepurchaseShare | None = None


class RepurchaseTrust(msgspec.Struct, frozen=True):
    """Who of the pool refuses messages, and who said so in the range. Replies are not connected: null, not 0."""

    refused: RepurchaseShare
    opted_out: RepurchaseShare
    reply_rate: Decimal | None = None


class RepurchaseDemand(msgspec.Struct, frozen=True):
    """Contacts of three purchases or more for whom their own median time between them has passed; and twice that."""

    due: RepurchaseShare
    overdue: RepurchaseShare


class RepurchaseTouches(msgspec.Struct, frozen=True):
    """Buyers who got so many touches (4: or more)."""

    touches: int
    repurchased: RepurchaseShare
    opted_out: RepurchaseShare


class RepurchaseDay(msgspec.Struct, frozen=True):
    """A day after the first purchase: observed through it without a second one before, who of them bought again in
    it, and the share of all who have by its end.
    """

    day: int
    at_risk: int
    repurchased: int
    share: Decimal


class RepurchaseWithin(RepurchaseShare, frozen=True):
    """Of the month's buyers observed so long; `complete` when that is all of them."""

    complete: bool


class RepurchaseMonth(msgspec.Struct, frozen=True):
    """The buyers of one month of first purchase; `within` by days."""

    month: date
    left_truncated: bool
    to_date: RepurchaseShare
    within: dict[str, RepurchaseWithin]


class Repurchases(msgspec.Struct, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """A repurchase board with what its words mean. Days are of `timezone`, ends included. Touches are counted from
    `touch_from` to `touch_to`, purchases after them from `after_from` to `after_to`. `fresh_at`: when purchases last
    held everything that had come in.
    """

    from_date: date
    to_date: date
    first_from: date | None
    touch_from: date
    touch_to: date
    after_from: date
    after_to: date
    timezone: str
    as_of: datetime
    fresh_at: datetime | None
    definitions: dict[str, str]
    exposure: RepurchaseExposure
    trust: RepurchaseTrust
    demand: RepurchaseDemand
    repurchase: RepurchaseDay | None
    touches: list[RepurchaseTouches]
    curve: list[RepurchaseDay]
    months: list[RepurchaseMonth]


def repurchases(board: RepurchaseBoard) -> Repurchases:
    """A whole board."""
    days, exposure = board.days, board.exposure
    curve = [RepurchaseDay(point.day, point.at_risk, point.repurchased, point.share) for point in board.curve]
    read = board.repurchase
    return Repurchases(
        from_date=days.from_date,
        to_date=days.to_date,
        first_from=board.query.first_from,
        touch_from=days.touch_from,
        touch_to=days.touch_to,
        after_from=days.after_from,
        after_to=days.after_to,
        timezone=board.timezone,
        as_of=board.query.as_of,
        fresh_at=board.fresh_at,
        definitions=repurchase_definition_texts(),
        exposure=RepurchaseExposure(_share(exposure.reached), exposure.messages),
        trust=RepurchaseTrust(_share(exposure.refused), _share(exposure.opted_out)),
        demand=RepurchaseDemand(_share(board.demand.due), _share(board.demand.overdue)),
        repurchase=curve[read.day - 1] if read else None,
        touches=[_touches(row) for row in board.touches],
        curve=curve,
        months=[_month(month) for month in board.months],
    )


def _share(share: Share) -> RepurchaseShare:
    low, high = share.interval or (None, None)
    return RepurchaseShare(share.people, share.count, share.value, low, high, share.is_thin)


def _touches(row: TouchRow) -> RepurchaseTouches:
    return RepurchaseTouches(row.touches, _share(row.repurchased), _share(row.opted_out))


def _month(month: FirstMonth) -> RepurchaseMonth:
    within = {
        f"{days}d": RepurchaseWithin(**msgspec.structs.asdict(_share(share)), complete=month.is_complete(days))
        for days, share in month.within.items()
    }
    return RepurchaseMonth(month.month, month.is_left_truncated, _share(month.to_date), within)
