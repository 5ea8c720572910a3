"""The channel board as the API writes it: money and ratios as decimal strings, null for an empty cell."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from analytics.api.shapes import CohortPayback, CohortSlice, cohort_payback, cohort_slice, margin_text
from analytics.channels import Basis, ChannelBoard, ChannelRow, RankedBy, Standing
from analytics.cohorts import SliceCell, SliceName
from analytics.definitions import channel_definition_texts
from tenants.money import to_string


class ChannelSlice(CohortSlice, frozen=True):
    """The value at one age of the acquisition days up to `to`, with their own contacts and cost; while incomplete,
    of all days so far. `/analytics/cohorts/contacts` opens them with the board's `from` as `cohort`, and `to`.
    """

    cost: str
    to: date | None


class ChannelTrend(msgspec.Struct, frozen=True):
    """One month of a channel; `month` is its first day."""

    month: date
    contacts: int
    cost: str
    cac: Decimal | None


class ChannelLine(msgspec.Struct, frozen=True):
    """One channel, or channels together (`channel` is null). Without a rank, `standing` says why.

    The shares, from 0 to 1, and the payback are of the days complete at the ranked age.
    """

    channel: str | None
    name: str
    paid: bool
    rank: int | None
    standing: Standing
    contacts: int
    buyers: int
    cost: str
    cac: Decimal | None
    cost_share: Decimal | None
    value_share: Decimal | None
    left_truncated: bool
    slices: dict[SliceName, ChannelSlice]
    payback: CohortPayback
    months: list[ChannelTrend]


class Channels(msgspec.Struct, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """A channel board with what its words mean; `complete_to`: by age, the last acquisition day complete at it."""

    from_date: date | None
    to_date: date | None
    timezone: str
    currency: str
    as_of: datetime
    margin: str
    fresh_at: datetime | None
    slice: SliceName
    rank_by: RankedBy
    basis: Basis
    fully_loaded: bool
    complete_to: dict[SliceName, date | None]
    definitions: dict[str, str]
    rows: list[ChannelLine]
    blended: ChannelLine
    paid: ChannelLine


def channels(board: ChannelBoard) -> Channels:
    """A whole board."""
    return Channels(
        from_date=board.from_date,
        to_date=board.to_date,
        timezone=board.timezone,
        currency=board.currency,
        as_of=board.query.as_of,
        margin=margin_text(board.margin),
        fresh_at=board.fresh_at,
        slice=board.query.slice,
        rank_by=board.query.ranked_by,
        basis=board.query.basis,
        fully_loaded=board.is_fully_loaded,
        complete_to=dict(board.complete_to),
        definitions=channel_definition_texts(),
        rows=[_line(row, board) for row in board.rows],
        blended=_line(board.blended, board),
        paid=_line(board.paid, board),
    )


def _line(row: ChannelRow, board: ChannelBoard) -> ChannelLine:
    return ChannelLine(
        channel=row.channel,
        name=row.name,
        paid=row.is_paid,
        rank=row.rank,
        standing=row.standing,
        contacts=row.contacts,
        buyers=row.buyers,
        cost=to_string(row.cost_minor, board.currency),
        cac=row.cac,
        cost_share=row.cost_share,
        value_share=row.value_share,
        left_truncated=row.is_left_truncated,
        slices={name: _slice(cell, board.last_date(name, cell), board.currency) for name, cell in row.slices.items()},
        payback=cohort_payback(row.payback),
        months=[
            ChannelTrend(month.month, month.contacts, to_string(month.cost_minor, board.currency), month.cac)
            for month in row.months
        ],
    )


def _slice(cell: SliceCell, to: date | None, currency: str) -> ChannelSlice:
    held = msgspec.structs.asdict(cohort_slice(cell, currency))
    return ChannelSlice(**held, cost=to_string(cell.cost_minor, currency), to=to)
