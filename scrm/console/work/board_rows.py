"""The cohort board as lines of text: each figure with its own definition, denominator and state.

Pure: a `CohortTable` goes in, what the template, the chart and the CSV print comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from analytics.ages import SLICES
from analytics.cohorts import CohortRow, CohortTable, SliceCell, SliceName
from analytics.periods import local_date
from scrm.console.work.board_payback import left_truncated, payback_slice, payback_text, payback_tip
from scrm.console.work.heat import MIN_CONTACTS, heat_step
from scrm.figures import NONE, amount, day, money, number, percent, ratio
from tenants.money import to_decimal

SLICE_TITLES: Mapping[SliceName, StrOrPromise] = {
    "first": gettext_lazy("First"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "60d": gettext_lazy("60 days"),
    "90d": gettext_lazy("90 days"),
    "180d": gettext_lazy("180 days"),
    "365d": gettext_lazy("365 days"),
    "to_date": gettext_lazy("To date"),
}


@dataclass(frozen=True)
class BoardCell:
    """One value as shown. `heat` is a step of `heat.NAMES` or None; chart and CSV carry `value`."""

    slice: SliceName
    title: StrOrPromise
    text: str
    value: Decimal | None
    tip: str
    heat: int | None
    is_complete: bool
    pays_back: bool
    opens: bool

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
            cac=self.plain(totals.cac),
            cac_tip=self.cac_tip(totals.cost_minor, totals.contacts, totals.cac),
            buyers_tip=buyers_tip(totals.buyers, totals.contacts),
            payback="",
            payback_tip="",
            warning="",
            cells=[self._cell(name, totals.slices[name], None) for name in SLICES],
        )

    def _line(self, row: CohortRow) -> BoardLine:
        marked = payback_slice(row.payback)
        return BoardLine(
            title=cohort_title(row.cohort_date, self.table.period),
            cohort_date=row.cohort_date,
            contacts=row.contacts,
            buyers=row.buyers,
            cost=amount(row.cost_minor, self.table.currency),
            cac=self.plain(row.cac),
            cac_tip=self.cac_tip(row.cost_minor, row.contacts, row.cac),
            buyers_tip=buyers_tip(row.buyers, row.contacts),
            payback=payback_text(row.payback),
            payback_tip=payback_tip(row.payback, self.table.margin),
            warning=left_truncated() if row.is_left_truncated else "",
            cells=[self._cell(name, row.slices[name], row, pays_back=name == marked) for name in SLICES],
        )

    def _cell(self, name: SliceName, cell: SliceCell, row: CohortRow | None, *, pays_back: bool = False) -> BoardCell:
        value = self.value(cell)
        roi = cell.roi if self.basis == "net" else cell.roi_gross
        return BoardCell(
            slice=name,
            title=SLICE_TITLES[name],
            text=self.text(value),
            value=value,
            tip="\n".join(self.tip(name, cell, is_total=row is None, pays_back=pays_back)),
            heat=heat_step(roi, contacts=cell.contacts),
            is_complete=cell.is_complete or row is None or not cell.contacts,
            pays_back=pays_back,
            opens=row is not None and cell.contacts > 0,
        )

    def value(self, cell: SliceCell) -> Decimal | None:
        """The figure that the toggles ask for."""
        net = self.basis == "net"
        if self.show == "roi":
            return cell.roi if net else cell.roi_gross
        if self.show == "clv":
            return cell.clv_net if net else cell.clv_gross
        return to_decimal(cell.net_minor if net else cell.gross_minor, self.table.currency) if cell.contacts else None

    def text(self, value: Decimal | None) -> str:
        """A figure as people read it."""
        if value is None:
            return NONE
        return ratio(value, 2) if self.show == "roi" else self.plain(value)

    def tip(self, name: SliceName, cell: SliceCell, *, is_total: bool, pays_back: bool) -> list[str]:
        """The definition with this cell's own numbers, then what state it is in."""
        lines = [self._formula(name, cell)] if cell.contacts else []
        if self.show != "roi" and cell.contacts:
            lines += self._share(cell)
        if is_total:
            lines.append(_("Complete cohorts only, with their own contacts and cost."))
        elif not cell.is_complete:
            lines += self._unfinished(cell)
        elif cell.contacts < MIN_CONTACTS:
            lines.append(_("Fewer than 30 contacts: read it with care."))
        if pays_back:
            lines.append(_("◆ By here the cost is paid back."))
        return lines

    def _formula(self, name: SliceName, cell: SliceCell) -> str:
        net = self.basis == "net"
        clv = cell.clv_net if net else cell.clv_gross
        values = {
            "what": _("Net CLV") if net else _("Gross CLV"),
            "slice": SLICE_TITLES[name],
            "revenue": self.money(cell.net_minor if net else cell.gross_minor),
            "contacts": number(cell.contacts),
            "clv": self.money_exact(clv),
            "gross": self.money(cell.gross_minor),
            "refunds": self.money(cell.gross_minor - cell.net_minor),
            "roi": ratio(cell.roi if net else cell.roi_gross, 2),
            "cac": self.money_exact(_over(cell.cost_minor, cell.contacts, self.table.currency)),
        }
        if self.show == "roi":
            return _("ROI (%(slice)s) = %(what)s %(clv)s ÷ CAC %(cac)s = %(roi)s") % values
        if self.show == "clv":
            return _("%(what)s (%(slice)s) = %(revenue)s ÷ %(contacts)s = %(clv)s") % values
        if net:
            return _("Net revenue (%(slice)s) = %(gross)s − refunds %(refunds)s = %(revenue)s") % values
        return _("Gross revenue (%(slice)s) of %(contacts)s contacts = %(revenue)s") % values

    def _share(self, cell: SliceCell) -> list[str]:
        roi = cell.roi if self.basis == "net" else cell.roi_gross
        if roi is None:
            return [_("No cost is known: no ROI and no colour.")]
        return [_("= %(share)s of the cost %(cost)s") % {"share": percent(roi), "cost": self.money(cell.cost_minor)}]

    def _unfinished(self, cell: SliceCell) -> list[str]:
        if cell.incomplete == "no_contacts" or cell.complete_at is None:
            return [_("Nobody was acquired: there is no value.")]
        so_far = ngettext(
            "So far %(count)s contact is old enough.",
            "So far %(count)s contacts are old enough.",
            cell.mature_contacts,
        ) % {"count": number(cell.mature_contacts)}
        mature = cell.clv_net_mature if self.basis == "net" else cell.clv_gross_mature
        theirs = [_("Their CLV: %(clv)s") % {"clv": self.money_exact(mature)}] if mature is not None else []
        when = day(local_date(cell.complete_at, self.table.timezone))
        return [
            _("* Complete on %(date)s. Left out of the totals until then.") % {"date": when},
            so_far,
            *theirs,
        ]

    def cac_tip(self, cost_minor: int, contacts: int, cac: Decimal | None) -> str:
        """How the acquisition cost of one contact came about."""
        if cac is None:
            return _("CAC = %(cost)s ÷ 0: nobody was acquired.") % {"cost": self.money(cost_minor)}
        values = {"cost": self.money(cost_minor), "contacts": number(contacts), "cac": self.money_exact(cac)}
        return _("CAC = %(cost)s ÷ %(contacts)s = %(cac)s") % values

    def money(self, amount_minor: int) -> str:
        """Minor units of the tenant's currency as people read them."""
        return money(amount_minor, self.table.currency)

    def money_exact(self, value: Decimal | None) -> str:
        """A ratio in money, rounded half up to the currency's own places."""
        return NONE if value is None else self.money(self._minor(value))

    def plain(self, value: Decimal | None) -> str:
        """The same without its currency, for columns whose header names it."""
        return NONE if value is None else amount(self._minor(value), self.table.currency)

    def _minor(self, value: Decimal) -> int:
        return int((value / to_decimal(1, self.table.currency)).quantize(Decimal(1), ROUND_HALF_UP))


def _over(amount_minor: int, count: int, currency: str) -> Decimal | None:
    return to_decimal(amount_minor, currency) / count if count else None


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
