"""What a channel board is asked for: the address's fields, understood."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.ages import SLICES
from analytics.channels import ChannelQuery
from analytics.cohorts import SliceName
from scrm.console.work.asof import AsOf
from scrm.console.work.board_figures import SLICE_TITLES
from scrm.console.work.ranges import DayField, day_end
from tenants.models import Tenant

# the ages on screen; `first` has no age to compare channels at
SHOWN: tuple[SliceName, ...] = tuple(name for name in SLICES if name != "first")
DEFAULTS = {"show": "roi", "basis": "net", "at": "30d"}


@dataclass(frozen=True)
class ChannelBoardRequest:
    """A query, and the as-of that it was made with."""

    query: ChannelQuery
    as_of: AsOf


class ChannelBoardForm(forms.Form):
    """The board's range, toggles and age of ranking; every field may be missing."""

    show = forms.ChoiceField(label=_("Value"), required=False, choices=[("roi", _("ROI")), ("clv", _("CLV"))])
    basis = forms.ChoiceField(label=_("Refunds"), required=False, choices=[("net", _("Net")), ("gross", _("Gross"))])
    at = forms.ChoiceField(label=_("Ranked at"), required=False, choices=[(name, SLICE_TITLES[name]) for name in SHOWN])
    from_date = DayField(label=_("Acquired from"), required=False)
    to_date = DayField(label=_("Acquired to"), required=False)
    as_of = DayField(label=_("Read as of"), required=False)
    margin = forms.DecimalField(
        label=_("Margin"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=1,
        max_digits=5,
        decimal_places=4,
    )

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__({**DEFAULTS, **{name: value for name, value in data.items() if value}})
        self.tenant = tenant

    def clean(self) -> dict[str, Any]:
        """Refuse a range without a day.

        Raises: ValidationError
        """
        first, last = self.cleaned_data.get("from_date"), self.cleaned_data.get("to_date")
        if first and last and first > last:
            self.add_error("to_date", _("This is before the first day."))
        return self.cleaned_data

    def board_request(self, *, default_as_of: AsOf) -> ChannelBoardRequest:
        """The query; a field that is not understood counts as missing and says so beside itself."""
        self.is_valid()
        held = {**DEFAULTS, **{name: value for name, value in self.cleaned_data.items() if value}}
        chosen = held.get("as_of")
        as_of = AsOf(day_end(tenant=self.tenant, day=chosen)) if chosen else default_as_of
        query = ChannelQuery(
            as_of=as_of.at,
            from_date=held.get("from_date"),
            to_date=held.get("to_date"),
            margin=held.get("margin"),
            slice=held["at"],
            ranked_by=held["show"],
            basis=held["basis"],
        )
        return ChannelBoardRequest(query, as_of)
