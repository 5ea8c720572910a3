"""What an SOP board is asked for, what it holds and how its SOPs are ranked: plain values, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from analytics.channels import MIN_CONTACTS

Window = Literal["1d", "3d", "7d", "14d"]
RankedBy = Literal["bought", "revenue"]
Standing = Literal["", "ranked", "few_contacts", "incomplete", "nobody_reached", "nothing_due"]

WINDOW_DAYS: Mapping[Window, int] = {"1d": 1, "3d": 3, "7d": 7, "14d": 14}
DEFAULT_DAYS, MAX_DAYS = 30, 366
_BELOW_THE_LINE: tuple[Standing, ...] = ("few_contacts", "incomplete", "nobody_reached", "nothing_due")


class RangeTooLong(ValueError):
    """More than `MAX_DAYS` days are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SopQuery:
    """Which SOP board is asked for.

    `from_date` and `to_date` (both included) are days of the tenant's calendar on which messages were due; without
    them it is the last `DEFAULT_DAYS` days. `as_of` is exclusive event time. An order counts within `window` after a
    message. SOPs are ranked by the share of those reached who bought, or by net revenue per contact reached.
    """

    as_of: datetime
    from_date: date | None = None
    to_date: date | None = None
    window: Window = "7d"
    ranked_by: RankedBy = "bought"

    @property
    def length(self) -> timedelta:
        """How long an order may come after a message, exclusive: both ends of the window count, in whole seconds."""
        return timedelta(days=WINDOW_DAYS[self.window], seconds=1)

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day asked for, where it is `today` at as-of.

        Raises: RangeTooLong
        """
        last = self.to_date or max(today, self.from_date or today)
        first = self.from_date or last - timedelta(days=DEFAULT_DAYS - 1)
        if (last - first).days >= MAX_DAYS:
            raise RangeTooLong
        return first, last


@dataclass(frozen=True, slots=True, kw_only=True)
class SopOutcome:
    """What contacts bought within the window after a message. Units: minor units of the tenant's currency.

    Complete: of the messages whose window is over, with their own contacts. While there is none, it is of all messages
    sent so far, and incomplete.
    """

    contacts: int
    buyers: int
    orders: int
    net_minor: int
    bought_share: Decimal | None
    revenue_per_contact: Decimal | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SopRuns:
    """Runs that began in the range = under way + completed + left early, by reason."""

    active: int
    completed: int
    exited: Mapping[str, int]

    @property
    def entered(self) -> int:
        """All of them."""
        return self.active + self.completed + self.left_early

    @property
    def left_early(self) -> int:
        """Those that ended before their last message."""
        return sum(self.exited.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SopStep:
    """One step of a version, when it is due (as `sop.models.Step`), and its messages that were, by state and reason."""

    step_id: int
    version: int
    position: int
    day: int | None
    at_time: time | None
    after_minutes: int | None
    messages: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SopRow:
    """One SOP, or all together (`sop_id` is None), in which each contact and each order counts once.

    `messages` are those due in the range, by state and reason; they add up, and `steps` (the newest version's first)
    have them one by one. `planned` and `reached` are contacts with
    such a message, and with one that was sent; shares have 6 places. `rank` is None below the line, where `standing`
    says why; the sum has neither.
    """

    sop_id: int | None
    name: str
    state: str
    messages: Mapping[tuple[str, str], int]
    planned: int
    reached: int
    reach_rate: Decimal | None
    outcome: SopOutcome
    runs: SopRuns
    steps: tuple[SopStep, ...] = ()
    standing: Standing = ""
    rank: int | None = None

    @property
    def due(self) -> int:
        """All messages due."""
        return sum(self.messages.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SopBoard:
    """SOPs over a range of days: the ranked ones, best first, then those below the line.

    `complete_to`: the windows of messages sent until then are over. `fresh_at`: how far SOPs have followed who comes,
    goes and buys; None while they never have.
    """

    query: SopQuery
    from_date: date
    to_date: date
    complete_to: datetime
    timezone: str
    currency: str
    fresh_at: datetime | None
    rows: tuple[SopRow, ...]
    total: SopRow


def figure(row: SopRow, ranked_by: RankedBy) -> Decimal | None:
    """The figure of a row that SOPs are ranked by."""
    return row.outcome.bought_share if ranked_by == "bought" else row.outcome.revenue_per_contact


def ranked(rows: Iterable[SopRow], ranked_by: RankedBy) -> tuple[SopRow, ...]:
    """The rows with their ranks, best first; below them those that cannot be compared, each with the reason.

    Only complete figures of at least `MIN_CONTACTS` contacts are ranked, so that no incomplete one outranks a complete
    one. Equal figures share a rank.
    """
    placed = [replace(row, standing=_standing(row)) for row in rows]
    above = sorted(
        ((row, value) for row in placed if row.standing == "ranked" and (value := figure(row, ranked_by)) is not None),
        key=lambda pair: (-pair[1], -pair[0].outcome.contacts, pair[0].name),
    )
    values = [value for _, value in above]
    below = sorted(
        (row for row in placed if row.standing != "ranked"),
        key=lambda row: (_BELOW_THE_LINE.index(row.standing), -row.reached, -row.due, row.name),
    )
    return (*(replace(row, rank=values.index(value) + 1) for row, value in above), *below)


def _standing(row: SopRow) -> Standing:
    if not row.due:
        return "nothing_due"
    if not row.reached:
        return "nobody_reached"
    if not row.outcome.is_complete:
        return "incomplete"
    return "ranked" if row.outcome.contacts >= MIN_CONTACTS else "few_contacts"
