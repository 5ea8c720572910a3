"""What a channel board is asked for: the address's fields, understood."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.ages import SLICES
from analytics.channels import ChannelQuery
from analytics.cohorts import SliceName
from scrm.console.work.asof import AsOf
from scrm.console.work.board_figures import SLICE_TITLES
from scrm.console.work.board_range import BoardRangeForm

# the ages on screen; `first` has no age to compare channels at
SHOWN: tuple[SliceName, ...] = tuple(name for name in SLICES if name != "first")


@dataclass(frozen=True)
class ChannelBoardRequest:
    """A query, and the as-of that it was made with."""

    query: ChannelQuery
    as_of: AsOf


class ChannelBoardForm(BoardRangeForm):
    """The board's range, toggles and age of ranking; every field may be missing."""

    defaults = {"show": "roi", "basis": "net", "at": "30d"}

    show = forms.ChoiceField(label=_("Value"), required=False, choices=[("roi", _("ROI")), ("clv", _("CLV"))])
    basis = forms.ChoiceField(label=_("Refunds"), required=False, choices=[("net", _("Net")), ("gross", _("Gross"))])
    at = forms.ChoiceField(label=_("Ranked at"), required=False, choices=[(name, SLICE_TITLES[name]) for name in SHOWN])
    margin = forms.DecimalField(
        label=_("Margin"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=1,
        max_digits=5,
        decimal_places=4,
    )

    def board_request(self, *, default_as_of: AsOf, now: datetime) -> ChannelBoardRequest:
        """The query; a field that is not understood counts as missing and says so beside itself."""
        held, as_of = self.held(), self.as_of_or(default_as_of, now=now)
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
