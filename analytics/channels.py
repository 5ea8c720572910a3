"""What a channel board is asked for, what it holds and how its channels are ranked: plain values, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from analytics.cohorts import Payback, SliceCell, SliceName

RankedBy = Literal["roi", "clv"]
Basis = Literal["net", "gross"]
Standing = Literal["", "ranked", "few_contacts", "incomplete", "no_cost", "no_contacts"]

# a figure of fewer contacts is not ranked
MIN_CONTACTS = 30
_BELOW_THE_LINE: tuple[Standing, ...] = ("few_contacts", "incomplete", "no_cost", "no_contacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelQuery:
    """Which channel board is asked for.

    `from_date` and `to_date` (both included) are days of acquisition; what lies outside the tenant's data is left
    out. `as_of` is exclusive event time. Without a margin it is the tenant's. Channels are ranked by `ranked_by`,
    net or gross, at the age of `slice`.
    """

    as_of: datetime
    from_date: date | None = None
    to_date: date | None = None
    margin: Decimal | None = None
    slice: SliceName = "30d"
    ranked_by: RankedBy = "roi"
    basis: Basis = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMonth:
    """One month of a channel's trend, as far as it lies in the range. Units: minor units of the tenant's currency."""

    month: date
    contacts: int
    cost_minor: int
    cac: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel, or a sum of channels (`channel` is None).

    Contacts, buyers, cost and CAC are of the whole range. A complete cell holds the days that are complete at its age
    (`ChannelBoard.complete_to`), with their own contacts and cost; a cell without a contact of such a day holds
    everyone's value so far and is incomplete. Payback and the shares of cost and value are of the days complete at
    the ranked age; shares have 6 places. `rank` is None below the line, where `standing` says why; a sum has neither.
    """

    channel: str | None
    name: str
    is_paid: bool
    contacts: int
    buyers: int
    cost_minor: int
    cac: Decimal | None
    is_left_truncated: bool
    slices: Mapping[SliceName, SliceCell]
    payback: Payback
    cost_share: Decimal | None
    value_share: Decimal | None
    months: tuple[ChannelMonth, ...]
    standing: Standing = ""
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBoard:
    """Channels over a range of acquisition days: the ranked ones, best first, then those below the line.

    `from_date` and `to_date` are both included, None when the tenant has no data. `complete_to` is, for each age, the
    last acquisition day that is complete at it; None when none is. `paid` is of the channels that count as paid.
    `truncated_month` begins with the tenant's first purchase, where the range holds contacts acquired by orders then.
    """

    query: ChannelQuery
    from_date: date | None
    to_date: date | None
    timezone: str
    currency: str
    margin: Decimal
    fresh_at: datetime | None
    is_fully_loaded: bool
    truncated_month: date | None
    complete_to: Mapping[SliceName, date | None]
    rows: tuple[ChannelRow, ...]
    blended: ChannelRow
    paid: ChannelRow

    def last_date(self, name: SliceName, cell: SliceCell) -> date | None:
        """The last acquisition day of a cell's contacts."""
        return self.complete_to[name] if cell.is_complete else self.to_date


def figure(cell: SliceCell, *, ranked_by: RankedBy, basis: Basis) -> Decimal | None:
    """The figure of a cell that channels are ranked by."""
    if ranked_by == "roi":
        return cell.roi if basis == "net" else cell.roi_gross
    return cell.clv_net if basis == "net" else cell.clv_gross


def ranked(rows: Iterable[ChannelRow], query: ChannelQuery) -> tuple[ChannelRow, ...]:
    """The rows with their ranks, best first; below them those that cannot be compared, each with the reason.

    Only complete cells of at least `MIN_CONTACTS` contacts are ranked, so that no incomplete one outranks a complete
    one. Equal figures share a rank.
    """
    placed = [(replace(row, standing=_standing(row, query)), _figure(row, query)) for row in rows]
    above = sorted(
        ((row, value) for row, value in placed if row.standing == "ranked" and value is not None),
        key=lambda pair: (-pair[1], -pair[0].contacts, pair[0].channel or ""),
    )
    values = [value for _, value in above]
    below = sorted(
        (row for row, _ in placed if row.standing != "ranked"),
        key=lambda row: (_BELOW_THE_LINE.index(row.standing), -row.contacts, -row.cost_minor, row.channel or ""),
    )
    return (*(replace(row, rank=values.index(value) + 1) for row, value in above), *below)


def _standing(row: ChannelRow, query: ChannelQuery) -> Standing:
    cell = row.slices[query.slice]
    if not row.contacts:
        return "no_contacts"
    if not cell.is_complete:
        return "incomplete"
    if _figure(row, query) is None:
        return "no_cost"
    return "ranked" if cell.contacts >= MIN_CONTACTS else "few_contacts"


def _figure(row: ChannelRow, query: ChannelQuery) -> Decimal | None:
    return figure(row.slices[query.slice], ranked_by=query.ranked_by, basis=query.basis)
