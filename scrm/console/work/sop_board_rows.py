"""The SOP board as lines of text: each figure with its own definition, denominator and state.

An `SopBoard` goes in, what the template prints comes out; no query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analytics import periods
from analytics.sops import RankedBy, SopBoard, SopRow, SopStep, Standing
from scrm.console.work.sop_board_form import WINDOW_TITLES
from scrm.console.work.sop_words import day_in_words, moment_in_its_day
from scrm.console.work.sops import STATES
from scrm.figures import amount, moment, money, number, percent
from sop.models import Enrollment, Sop, Touchpoint
from tenants.money import exponent


@dataclass(frozen=True)
class MessagePart:
    """One stretch of a bar of messages: a state, the word of its reason (else its own), how many; `link` lists them."""

    state: str
    label: str
    count: int
    link: str


@dataclass(frozen=True)
class StepParts:
    """One step of a version: what it is called, and what became of its messages."""

    title: str
    parts: list[MessagePart]


@dataclass(frozen=True)
class BoughtCell:
    """One figure that SOPs are ranked by, as shown, with the people it is of."""

    name: RankedBy
    text: str
    people: str
    tip: str
    is_complete: bool
    is_hatched: bool
    is_ranked_by: bool


@dataclass(frozen=True)
class SopLine:
    """One SOP, or all together (`sop_id` is None)."""

    title: str
    sop_id: int | None
    state: str
    is_running: bool
    rank: int | None
    why_unranked: str
    due: int
    planned: int
    reached: int
    reach: str
    reach_tip: str
    parts: list[MessagePart]
    steps: list[StepParts]
    buyers: int
    orders: int
    net: str
    cells: list[BoughtCell]
    entered: int
    left_early: int
    runs_tip: str

    @property
    def is_open(self) -> bool:
        """Whether what was bought is so far, as no window is over."""
        return any(not cell.is_complete for cell in self.cells)

    @property
    def ranked_cell(self) -> BoughtCell:
        """The figure that the SOP is ranked by."""
        return next(cell for cell in self.cells if cell.is_ranked_by)


@dataclass(frozen=True)
class SopLines:
    """A board in lines; `links_messages`: the list of touchpoints shows the same, as nothing is cut by an as-of day."""

    board: SopBoard
    links_messages: bool

    def ranked(self) -> list[SopLine]:
        """The SOPs above the line, best first."""
        return [self._line(row, row.name) for row in self.board.rows if row.rank is not None]

    def unranked(self) -> list[SopLine]:
        """Those below it, each with the reason."""
        return [self._line(row, row.name) for row in self.board.rows if row.rank is None]

    def total(self) -> SopLine:
        """All SOPs together."""
        return self._line(self.board.total, _("All SOPs"))

    def _line(self, row: SopRow, title: str) -> SopLine:
        outcome = row.outcome
        return SopLine(
            title=title,
            sop_id=row.sop_id,
            state=_state(row.state),
            is_running=row.state == Sop.State.PUBLISHED,
            rank=row.rank,
            why_unranked=_why(row.standing, self._window),
            due=row.due,
            planned=row.planned,
            reached=row.reached,
            reach=percent(row.reach_rate),
            reach_tip=_reach_tip(row),
            parts=self._parts(row.messages, row.sop_id),
            steps=[self._step(step, row) for step in row.steps],
            buyers=outcome.buyers,
            orders=outcome.orders,
            net=amount(outcome.net_minor, self.board.currency),
            cells=[
                self._cell("bought", row, percent(outcome.bought_share), self._bought_formula(row)),
                self._cell("revenue", row, self._plain(outcome.revenue_per_contact), self._revenue_formula(row)),
            ],
            entered=row.runs.entered,
            left_early=row.runs.left_early,
            runs_tip=_runs_tip(row),
        )

    @property
    def _window(self) -> str:
        return str(WINDOW_TITLES[self.board.query.window])

    def _plain(self, value: Decimal | None) -> str:
        return number(value, exponent(self.board.currency))

    def _step(self, step: SopStep, row: SopRow) -> StepParts:
        day = [] if step.after_minutes == 0 else [day_in_words(step)]
        values = {
            "number": step.position,
            "version": step.version,
            "when": " · ".join([*day, moment_in_its_day(step)]),
        }
        is_one_version = len({each.version for each in row.steps}) == 1
        said = (
            _("Step %(number)d · %(when)s") if is_one_version else _("Version %(version)d, step %(number)d · %(when)s")
        )
        return StepParts(said % values, self._parts(step.messages, row.sop_id, step.step_id))

    def _parts(
        self, counts: Mapping[tuple[str, str], int], sop_id: int | None, step_id: int | None = None
    ) -> list[MessagePart]:
        states, reasons = dict(Touchpoint.State.choices), dict(Touchpoint.Reason.choices)
        found = [
            MessagePart(
                state,
                str(reasons[reason] if reason else states[state]),
                count,
                self._link(state, reason, sop_id, step_id),
            )
            for (state, reason), count in counts.items()
        ]
        return sorted(found, key=lambda part: (STATES.index(part.state), -part.count, part.label))

    def _link(self, state: str, reason: str, sop_id: int | None, step_id: int | None) -> str:
        """The query of the list of touchpoints that holds the same messages; none where it would hold others."""
        today = periods.local_date(self.board.query.as_of, self.board.timezone)
        may_lie_ahead = state == Touchpoint.State.CANCELLED and self.board.to_date >= today
        if sop_id is None or not self.links_messages or state == Touchpoint.State.PLANNED or may_lie_ahead:
            return ""
        days = {"due_from": self.board.from_date.isoformat(), "due_to": self.board.to_date.isoformat()}
        asked = {"sop": sop_id, "step": step_id, "state": state, "reason": reason, **days}
        return urlencode({name: value for name, value in asked.items() if value})

    def _cell(self, name: RankedBy, row: SopRow, text: str, formula: str) -> BoughtCell:
        outcome, is_ranked_by = row.outcome, name == self.board.query.ranked_by
        is_open = not outcome.is_complete and outcome.contacts > 0
        is_too_few = is_ranked_by and row.standing == "few_contacts"
        return BoughtCell(
            name=name,
            text=text,
            people=number(outcome.contacts) if outcome.contacts else "",
            tip="\n".join(self._tip(row, formula)),
            is_complete=not is_open,
            is_hatched=is_open or is_too_few,
            is_ranked_by=is_ranked_by,
        )

    def _tip(self, row: SopRow, formula: str) -> list[str]:
        """The definition with this row's own numbers, whose they are, and what state it is in."""
        outcome = row.outcome
        if not outcome.contacts:
            return [_("No message was sent: there is no figure.")]
        values = {
            "contacts": number(outcome.contacts),
            "all": number(row.reached),
            "at": moment(self.board.complete_to),
            "window": self._window,
        }
        whose = _("Of messages sent until %(at)s: %(contacts)s of %(all)s contacts reached.")
        unfinished = _("* Not complete: the window of %(window)s is not over after any message. Not ranked.")
        return [
            formula,
            (whose if outcome.is_complete else unfinished) % values,
            _("After a message, not because of it."),
        ]

    def _bought_formula(self, row: SopRow) -> str:
        outcome = row.outcome
        values = {
            "window": self._window,
            "buyers": number(outcome.buyers),
            "contacts": number(outcome.contacts),
            "share": percent(outcome.bought_share),
        }
        return _("Bought within %(window)s = %(buyers)s ÷ %(contacts)s = %(share)s") % values

    def _revenue_formula(self, row: SopRow) -> str:
        outcome, currency = row.outcome, self.board.currency
        values = {
            "net": money(outcome.net_minor, currency),
            "contacts": number(outcome.contacts),
            "each": f"{self._plain(outcome.revenue_per_contact)} {currency}",
        }
        return _("Revenue per contact = %(net)s ÷ %(contacts)s = %(each)s") % values


def _state(state: str) -> str:
    if state == Sop.State.PUBLISHED:
        return pgettext("SOP", "running")
    return str(Sop.State(state).label) if state else ""


def _reach_tip(row: SopRow) -> str:
    values = {"reached": number(row.reached), "planned": number(row.planned), "rate": percent(row.reach_rate)}
    return _("Reach rate = %(reached)s reached ÷ %(planned)s planned = %(rate)s") % values


def _runs_tip(row: SopRow) -> str:
    runs, words = row.runs, dict(Enrollment.ExitReason.choices)
    values = {
        "entered": number(runs.entered),
        "active": number(runs.active),
        "completed": number(runs.completed),
        "left": number(runs.left_early),
    }
    told = _("Entered %(entered)s = under way %(active)s + completed %(completed)s + left early %(left)s") % values
    return "\n".join([told, *(f"{words[reason]} {number(count)}" for reason, count in runs.exited.items() if count)])


def _why(standing: Standing, window: str) -> str:
    reasons: Mapping[Standing, str] = {
        "few_contacts": _("fewer than 30 contacts reached"),
        "incomplete": _("the window of %(window)s is not over yet") % {"window": window},
        "nobody_reached": _("nobody was reached"),
        "nothing_due": _("nothing was due"),
    }
    return reasons.get(standing, "")
