"""A board's figures through its toggles, each with its definition in numbers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrOrPromise

from analytics.cohorts import SliceCell, SliceName
from scrm.figures import NONE, decimal_money, money, number, percent, plain_money, ratio
from tenants.money import to_decimal

SLICE_TITLES: Mapping[SliceName, StrOrPromise] = {
    "first": pgettext_lazy("slice", "First purchase"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "60d": gettext_lazy("60 days"),
    "90d": gettext_lazy("90 days"),
    "180d": gettext_lazy("180 days"),
    "365d": gettext_lazy("365 days"),
    "to_date": gettext_lazy("To date"),
}


@dataclass(frozen=True)
class Figures:
    """Figures of one currency: `show` is clv, roi or revenue, `basis` net or gross."""

    currency: str
    show: str
    basis: str

    def value(self, cell: SliceCell) -> Decimal | None:
        """The figure that the toggles ask for."""
        net = self.basis == "net"
        if self.show == "roi":
            return cell.roi if net else cell.roi_gross
        if self.show == "clv":
            return cell.clv_net if net else cell.clv_gross
        return to_decimal(cell.net_minor if net else cell.gross_minor, self.currency) if cell.contacts else None

    def text(self, value: Decimal | None) -> str:
        """A figure as people read it."""
        if value is None:
            return NONE
        return ratio(value, 2) if self.show == "roi" else self.plain(value)

    def formula(self, name: SliceName, cell: SliceCell) -> str:
        """The definition of a cell's figure with its own numbers."""
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
            "cac": self.money_exact(_over(cell.cost_minor, cell.contacts, self.currency)),
        }
        if self.show == "roi":
            return _("ROI (%(slice)s) = %(what)s %(clv)s ÷ CAC %(cac)s = %(roi)s") % values
        if self.show == "clv":
            return _("%(what)s (%(slice)s) = %(revenue)s ÷ %(contacts)s = %(clv)s") % values
        if net:
            return _("Net revenue (%(slice)s) = %(gross)s − refunds %(refunds)s = %(revenue)s") % values
        return _("Gross revenue (%(slice)s) of %(contacts)s contacts = %(revenue)s") % values

    def share(self, cell: SliceCell) -> str:
        """A cell's value beside what its contacts cost."""
        roi = cell.roi if self.basis == "net" else cell.roi_gross
        if roi is None:
            return _("No cost is known: no ROI and no colour.")
        return _("= %(share)s of the cost %(cost)s") % {"share": percent(roi), "cost": self.money(cell.cost_minor)}

    def cac_tip(self, cost_minor: int, contacts: int, cac: Decimal | None) -> str:
        """How the acquisition cost of one contact came about."""
        if cac is None:
            return _("CAC = %(cost)s ÷ 0: nobody was acquired.") % {"cost": self.money(cost_minor)}
        values = {"cost": self.money(cost_minor), "contacts": number(contacts), "cac": self.money_exact(cac)}
        return _("CAC = %(cost)s ÷ %(contacts)s = %(cac)s") % values

    def money(self, amount_minor: int) -> str:
        """Minor units of the tenant's currency as people read them."""
        return money(amount_minor, self.currency)

    def money_exact(self, value: Decimal | None) -> str:
        """A ratio in money, rounded half up to the currency's own places."""
        return decimal_money(value, self.currency)

    def plain(self, value: Decimal | None) -> str:
        """The same without its currency, for columns whose header names it."""
        return plain_money(value, self.currency)


def _over(amount_minor: int, count: int, currency: str) -> Decimal | None:
    return to_decimal(amount_minor, currency) / count if count else None
