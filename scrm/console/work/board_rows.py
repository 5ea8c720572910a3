"""The cohort board as lines of text: each figure with its own definition, denominator and state.

Pure: a `CohortTable` goes in, what the template, the chart and the CSV print comes out.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from analytics.ages import SLICES
from analytics.channels import MIN_CONTACTS
from analytics.cohorts import CohortRow, CohortTable, SliceCell, SliceName
from analytics.periods import local_date
from scrm.console.work.board_figures import SLICE_TITLES, Figures
from scrm.console.work.board_payback import left_truncated, payback_slice, payback_text, payback_tip
from scrm.console.work.heat import heat_step
from scrm.figures import amount, day, number, percent


@dataclass(frozen=True)
class BoardCell:
    """One value as shown. `heat` is a step of `heat.NAMES` or None; chart and CSV carry `value`.

    `cohorts`: of how many of the cohorts a total is, "13/14"; "" where it is of all.
    """

    slice: SliceName
    title: StrOrPromise
    text: str
    value: Decimal | None
    tip: str
    heat: int | None
    is_complete: bool
    pays_back: bool
    opens: bool
    cohorts: str

    @property
    def look(self) -> str:
        """The cell's CSS classes: hatched while incomplete, else heat; a mark where the cost is paid back."""
        if not self.is_complete:
            ground = "c-censored b-open"
        else:
            ground = "c-thin" if self.heat is None else f"c-heat-{self.heat}"
        return f"{ground} c-payback" if self.pays_back else ground


@dataclass(frozen=True)
class BoardLine:
    """One cohort, or the totals (`cohort_date` is None)."""

    title: str
    cohort_date: date | None
    contacts: int
    buyers: int
    cost: str
    cac: str
    cac_tip: str
    buyers_tip: str
    payback: str
    payback_tip: str
    warning: str
    cells: list[BoardCell] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    """A cohort table through one toggle: `show` is clv, roi or revenue, `basis` net or gross."""

    table: CohortTable
    show: str
    basis: str

    @property
    def figures(self) -> Figures:
        """The figures that the toggle asks for."""
        return Figures(self.table.currency, self.show, self.basis)

    def lines(self) -> list[BoardLine]:
        """The cohorts, in order of time."""
        return [self._line(row) for row in self.table.rows]

    def totals(self) -> BoardLine:
        """The last line: everything, and in each slice the complete cohorts alone."""
        totals = self.table.totals
        return BoardLine(
            title=_("All"),
            cohort_date=None,
            contacts=totals.contacts,
            buyers=totals.buyers,
            cost=amount(totals.cost_minor, self.table.currency),
            cac=self.figures.plain(totals.cac),
            cac_tip=self.figures.cac_tip(totals.cost_minor, totals.contacts, totals.cac),
            buyers_tip=buyers_tip(totals.buyers, totals.contacts),
            payback="",
            payback_tip="",
            warning="",
            cells=[self._cell(name, totals.slices[name], None) for name in SLICES],
        )

    def _cohorts_of(self, name: SliceName) -> str:
        are_complete = [row.slices[name].is_complete for row in self.table.rows if row.contacts]
        return "" if all(are_complete) else f"{sum(are_complete)}/{len(are_complete)}"

    def _line(self, row: CohortRow) -> BoardLine:
        marked = payback_slice(row.payback)
        return BoardLine(
            title=cohort_title(row.cohort_date, self.table.period),
            cohort_date=row.cohort_date,
            contacts=row.contacts,
            buyers=row.buyers,
            cost=amount(row.cost_minor, self.table.currency),
            cac=self.figures.plain(row.cac),
            cac_tip=self.figures.cac_tip(row.cost_minor, row.contacts, row.cac),
            buyers_tip=buyers_tip(row.buyers, row.contacts),
            payback=payback_text(row.payback),
            payback_tip=payback_tip(row.payback, self.table.margin),
            warning=left_truncated() if row.is_left_truncated else "",
            cells=[self._cell(name, row.slices[name], row, pays_back=name == marked) for name in SLICES],
        )

    def _cell(self, name: SliceName, cell: SliceCell, row: CohortRow | None, *, pays_back: bool = False) -> BoardCell:
        value = self.figures.value(cell)
        roi = cell.roi if self.basis == "net" else cell.roi_gross
        return BoardCell(
            slice=name,
            title=SLICE_TITLES[name],
            text=self.figures.text(value),
            value=value,
            tip="\n".join(self.tip(name, cell, is_total=row is None, pays_back=pays_back)),
            heat=heat_step(roi, contacts=cell.contacts),
            is_complete=cell.is_complete or row is None or not cell.contacts,
            pays_back=pays_back,
            opens=row is not None and cell.contacts > 0,
            cohorts="" if row else self._cohorts_of(name),
        )

    def tip(self, name: SliceName, cell: SliceCell, *, is_total: bool, pays_back: bool) -> list[str]:
        """The definition with this cell's own numbers, then what state it is in."""
        lines = [self.figures.formula(name, cell)] if cell.contacts else []
        if self.show != "roi" and cell.contacts:
            lines.append(self.figures.share(cell))
        if is_total:
            lines.append(_("Complete cohorts only, with their own contacts and cost."))
        elif not cell.is_complete:
            lines += self._unfinished(cell)
        elif cell.contacts < MIN_CONTACTS:
            lines.append(_("Fewer than 30 contacts: read it with care."))
        if pays_back:
            lines.append(_("◆ By here the cost is paid back."))
        return lines

    def _unfinished(self, cell: SliceCell) -> list[str]:
        if cell.incomplete == "no_contacts" or cell.complete_at is None:
            return [_("Nobody was acquired: there is no value.")]
        so_far = ngettext(
            "So far %(count)s contact is old enough.",
            "So far %(count)s contacts are old enough.",
            cell.mature_contacts,
        ) % {"count": number(cell.mature_contacts)}
        mature = cell.clv_net_mature if self.basis == "net" else cell.clv_gross_mature
        theirs = [_("Their CLV: %(clv)s") % {"clv": self.figures.money_exact(mature)}] if mature is not None else []
        when = day(local_date(cell.complete_at, self.table.timezone))
        return [
            _("* Complete on %(date)s. Left out of the totals until then.") % {"date": when},
            so_far,
            *theirs,
        ]


def cohort_title(first: date, period: str) -> str:
    """`2010-12` for a month, the first day else."""
    return f"{first:%Y-%m}" if period == "month" else f"{first:%Y-%m-%d}"


def buyers_tip(buyers: int, contacts: int) -> str:
    """Buyers beside their base."""
    if not contacts:
        return _("Nobody was acquired.")
    values = {
        "buyers": number(buyers),
        "contacts": number(contacts),
        "share": percent(Decimal(buyers) / contacts),
    }
    return _("%(buyers)s of %(contacts)s contacts have bought: %(share)s") % values
