"""The SOP board as the API writes it: money and ratios as decimal strings, null for an empty cell."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import msgspec

from analytics.definitions import sop_definition_texts
from analytics.sops import RankedBy, SopBoard, SopOutcome, SopRow, Standing, Window
from tenants.money import to_string


class SopMessages(msgspec.Struct, frozen=True):
    """How many messages that were due are in a state, and why (empty: no reason)."""

    state: str
    reason: str
    count: int


class SopBought(msgspec.Struct, frozen=True):
    """What contacts bought within the window after a message: not because of it.

    Complete: of the messages sent until `complete_to`, with the contacts who got them; else of all sent so far.
    """

    contacts: int
    buyers: int
    orders: int
    revenue_net: str
    bought_share: Decimal | None
    revenue_per_contact: Decimal | None
    complete: bool


class SopPeople(msgspec.Struct, frozen=True):
    """Runs that began in the range: entered = active + completed + the sum of `exited`, which is by reason."""

    entered: int
    active: int
    completed: int
    exited: dict[str, int]


class SopStepLine(msgspec.Struct, frozen=True):
    """One step of a version and its messages; those of all steps add up to the SOP's."""

    step: int
    version: int
    position: int
    messages: list[SopMessages]


class SopLine(msgspec.Struct, frozen=True):
    """One SOP, or all together (`sop` is null; each contact and each order counts once). Without a rank, `standing`
    says why. `messages` add up to `due`; shares go from 0 to 1.
    """

    sop: int | None
    name: str
    state: str
    rank: int | None
    standing: Standing
    due: int
    contacts_planned: int
    contacts_reached: int
    reach_rate: Decimal | None
    messages: list[SopMessages]
    steps: list[SopStepLine]
    bought: SopBought
    runs: SopPeople


class Sops(msgspec.Struct, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """An SOP board with what its words mean; `complete_to`: the windows of messages sent until then are over."""

    from_date: date
    to_date: date
    timezone: str
    currency: str
    as_of: datetime
    fresh_at: datetime | None
    window: Window
    rank_by: RankedBy
    complete_to: datetime
    definitions: dict[str, str]
    rows: list[SopLine]
    total: SopLine


def sops(board: SopBoard) -> Sops:
    """A whole board."""
    return Sops(
        from_date=board.from_date,
        to_date=board.to_date,
        timezone=board.timezone,
        currency=board.currency,
        as_of=board.query.as_of,
        fresh_at=board.fresh_at,
        window=board.query.window,
        rank_by=board.query.ranked_by,
        complete_to=board.complete_to,
        definitions=sop_definition_texts(),
        rows=[_line(row, board.currency) for row in board.rows],
        total=_line(board.total, board.currency),
    )


def _line(row: SopRow, currency: str) -> SopLine:
    return SopLine(
        sop=row.sop_id,
        name=row.name,
        state=row.state,
        rank=row.rank,
        standing=row.standing,
        due=row.due,
        contacts_planned=row.planned,
        contacts_reached=row.reached,
        reach_rate=row.reach_rate,
        messages=_messages(row.messages),
        steps=[SopStepLine(each.step_id, each.version, each.position, _messages(each.messages)) for each in row.steps],
        bought=_bought(row.outcome, currency),
        runs=SopPeople(row.runs.entered, row.runs.active, row.runs.completed, dict(row.runs.exited)),
    )


def _messages(counts: Mapping[tuple[str, str], int]) -> list[SopMessages]:
    return [SopMessages(state, reason, count) for (state, reason), count in sorted(counts.items())]


def _bought(outcome: SopOutcome, currency: str) -> SopBought:
    return SopBought(
        contacts=outcome.contacts,
        buyers=outcome.buyers,
        orders=outcome.orders,
        revenue_net=to_string(outcome.net_minor, currency),
        bought_share=outcome.bought_share,
        revenue_per_contact=outcome.revenue_per_contact,
        complete=outcome.is_complete,
    )
