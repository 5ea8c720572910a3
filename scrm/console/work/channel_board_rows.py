"""The channel board as lines of text: each figure with its own definition, denominator and state.

Pure: a `ChannelBoard` goes in, what the template and the CSV print comes out.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from analytics.channels import MIN_CONTACTS, ChannelBoard, ChannelRow, Standing
from analytics.cohorts import UNATTRIBUTED, SliceCell, SliceName
from scrm.console.work.board_figures import SLICE_TITLES, Figures
from scrm.console.work.board_payback import payback_text, payback_tip
from scrm.console.work.board_rows import buyers_tip
from scrm.console.work.channel_board_form import SHOWN
from scrm.console.work.channel_board_trend import Trend, trend
from scrm.console.work.heat import heat_step
from scrm.figures import amount, day, number


@dataclass(frozen=True)
class ChannelCell:
    """One value as shown; `beside` is what the mature contacts of an incomplete one brought.

    `last_date` is where the days of its contacts end; None where the cell does not open.
    """

    slice: SliceName
    title: StrOrPromise
    text: str
    value: Decimal | None
    beside: str
    tip: str
    heat: int | None
    contacts: int
    is_complete: bool
    is_hatched: bool
    is_ranked_by: bool
    last_date: date | None

    @property
    def look(self) -> str:
        """The cell's CSS classes: hatched while it cannot be compared, else heat."""
        if self.is_hatched:
            return "c-censored b-open"
        return "c-thin" if self.heat is None else f"c-heat-{self.heat}"


@dataclass(frozen=True)
class ChannelLine:
    """One channel, or the sum of some (`slug` is empty)."""

    title: str
    slug: str
    is_paid: bool
    rank: int | None
    why_unranked: str
    contacts: int
    buyers: int
    buyers_tip: str
    cost: str
    cac: str
    cac_tip: str
    payback: str
    payback_tip: str
    is_truncated: bool
    cells: list[ChannelCell]
    cost_share: Decimal | None
    value_share: Decimal | None
    trend: Trend

    @property
    def opens(self) -> bool:
        """Whether its contacts are one list: those of the paid channels together are not."""
        return any(cell.last_date for cell in self.cells)

    @property
    def cost_bar(self) -> str:
        """How long the bar of its share of cost is, from 0 to 1."""
        return _bar(self.cost_share)

    @property
    def value_bar(self) -> str:
        """How long the bar of its share of value is; refunds may have taken it below 0."""
        return _bar(self.value_share)

    @property
    def ranked_cell(self) -> ChannelCell:
        """The cell that the channel is ranked by."""
        return next(cell for cell in self.cells if cell.is_ranked_by)


@dataclass(frozen=True)
class ChannelAge:
    """One column of values: its age, and the last acquisition day that is complete at it."""

    slice: SliceName
    title: StrOrPromise
    complete_to: date | None
    is_ranked_by: bool


@dataclass(frozen=True)
class ChannelLines:
    """A board in lines."""

    board: ChannelBoard

    @property
    def figures(self) -> Figures:
        """The figures that the board is ranked by."""
        return Figures(self.board.currency, self.board.query.ranked_by, self.board.query.basis)

    def ranked(self) -> list[ChannelLine]:
        """The channels above the line, best first."""
        return [self._line(row, _title(row)) for row in self.board.rows if row.rank is not None]

    def unranked(self) -> list[ChannelLine]:
        """Those below it, each with the reason."""
        return [self._line(row, _title(row)) for row in self.board.rows if row.rank is None]

    def sums(self) -> list[ChannelLine]:
        """All channels and the paid ones: blended and paid CAC."""
        return [self._line(self.board.blended, _("Blended: all")), self._line(self.board.paid, _("Paid channels"))]

    def ages(self) -> list[ChannelAge]:
        """The columns of values."""
        asked = self.board.query.slice
        return [ChannelAge(name, SLICE_TITLES[name], self.board.complete_to[name], name == asked) for name in SHOWN]

    def _line(self, row: ChannelRow, title: str) -> ChannelLine:
        return ChannelLine(
            title=title,
            slug=row.channel or "",
            is_paid=row.is_paid,
            rank=row.rank,
            why_unranked=_why(row.standing),
            contacts=row.contacts,
            buyers=row.buyers,
            buyers_tip=buyers_tip(row.buyers, row.contacts),
            cost=amount(row.cost_minor, self.board.currency),
            cac=self.figures.plain(row.cac),
            cac_tip=self.figures.cac_tip(row.cost_minor, row.contacts, row.cac),
            payback=payback_text(row.payback),
            payback_tip=self._payback_tip(row),
            is_truncated=row.is_left_truncated,
            cells=[self._cell(name, row) for name in SHOWN],
            cost_share=row.cost_share,
            value_share=row.value_share,
            trend=trend(row.months, figures=self.figures),
        )

    def _payback_tip(self, row: ChannelRow) -> str:
        asked = self.board.query.slice
        if row.payback.status == "period_open":
            return _("None of its days is complete at this age yet (%(age)s).") % {"age": SLICE_TITLES[asked]}
        told, until = payback_tip(row.payback, self.board.margin), self.board.complete_to[asked]
        if row.payback.status not in ("reached", "not_reached") or until is None:
            return told
        values = {"date": day(until), "age": SLICE_TITLES[asked]}
        return f"{told}\n" + _("Of those acquired up to %(date)s, whose days are complete at %(age)s.") % values

    def _cell(self, name: SliceName, row: ChannelRow) -> ChannelCell:
        cell, query = row.slices[name], self.board.query
        value = self.figures.value(cell)
        roi = cell.roi if query.basis == "net" else cell.roi_gross
        is_ranked_by = name == query.slice
        is_censored = not cell.is_complete and cell.contacts > 0
        is_too_few = is_ranked_by and row.standing == "few_contacts"
        is_one = row.channel is not None or row is self.board.blended
        return ChannelCell(
            slice=name,
            title=SLICE_TITLES[name],
            text=self.figures.text(value),
            value=value,
            beside=self._mature(cell) if is_censored and cell.mature_contacts else "",
            tip="\n".join(self._tip(name, row)),
            heat=heat_step(roi, contacts=cell.contacts) if row.channel is not None else None,
            contacts=cell.contacts,
            is_complete=not is_censored,
            is_hatched=is_censored or is_too_few,
            is_ranked_by=is_ranked_by,
            last_date=self.board.last_date(name, cell) if is_one and cell.contacts else None,
        )

    def _mature(self, cell: SliceCell) -> str:
        mature = cell.clv_net_mature if self.board.query.basis == "net" else cell.clv_gross_mature
        values = {"n": number(cell.mature_contacts), "clv": self.figures.plain(mature)}
        return _("n = %(n)s: CLV %(clv)s") % values

    def _tip(self, name: SliceName, row: ChannelRow) -> list[str]:
        """The definition with this cell's own numbers, whose they are, and what state it is in."""
        cell = row.slices[name]
        if not cell.contacts:
            return [_("Nobody was acquired: there is no value.")]
        lines = [self.figures.formula(name, cell)]
        if self.figures.show == "clv":
            lines.append(self.figures.share(cell))
        elif not cell.cost_minor:
            lines.append(_("No cost is known: no ROI and no colour."))
        lines += self._whose(name, cell, row) if cell.is_complete else self._unfinished(name, cell)
        if cell.is_complete and cell.contacts < MIN_CONTACTS:
            lines.append(_("Fewer than 30 contacts: read it with care."))
        return lines

    def _whose(self, name: SliceName, cell: SliceCell, row: ChannelRow) -> list[str]:
        values = {
            "date": day(self.board.complete_to[name]),
            "contacts": number(cell.contacts),
            "all": number(row.contacts),
            "cost": self.figures.money(cell.cost_minor),
        }
        return [_("Acquired up to %(date)s: %(contacts)s of %(all)s contacts, and %(cost)s of cost.") % values]

    def _unfinished(self, name: SliceName, cell: SliceCell) -> list[str]:
        mature = cell.clv_net_mature if self.board.query.basis == "net" else cell.clv_gross_mature
        so_far = ngettext(
            "So far %(count)s contact is old enough.",
            "So far %(count)s contacts are old enough.",
            cell.mature_contacts,
        ) % {"count": number(cell.mature_contacts)}
        theirs = [_("Their CLV: %(clv)s") % {"clv": self.figures.money_exact(mature)}] if mature is not None else []
        values = {"age": SLICE_TITLES[name], "contacts": number(cell.contacts)}
        return [
            _("* Not complete: no day of its %(contacts)s contacts has reached %(age)s. Not ranked.") % values,
            so_far,
            *theirs,
        ]


def _bar(share: Decimal | None) -> str:
    return f"{max(share or Decimal(0), Decimal(0)):.4f}"


def _title(row: ChannelRow) -> str:
    return _("No channel") if row.channel == UNATTRIBUTED else row.name


def _why(standing: Standing) -> str:
    reasons = {
        "few_contacts": _("fewer than 30 contacts at this age"),
        "incomplete": _("no day complete at this age yet"),
        "no_cost": _("no cost, so no ROI"),
        "no_contacts": _("nobody was acquired"),
    }
    return reasons.get(standing, "")
