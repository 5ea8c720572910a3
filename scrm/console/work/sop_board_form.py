"""What an SOP board is asked for: the address's fields, understood."""

from collections.abc import Mapping
from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from analytics.sops import MAX_DAYS, RangeTooLong, SopQuery, Window
from scrm.console.work.asof import AsOf
from scrm.console.work.board_range import BoardRangeForm
from scrm.console.work.ranges import DayField, last_day

WINDOW_TITLES: Mapping[Window, StrOrPromise] = {
    "1d": _("1 day"),
    "3d": _("3 days"),
    "7d": _("7 days"),
    "14d": _("14 days"),
}


class SopBoardForm(BoardRangeForm):
    """The board's range, window and what SOPs are ranked by; every field may be missing."""

    defaults = {"show": "bought", "window": "7d"}

    show = forms.ChoiceField(
        label=_("Ranked by"),
        required=False,
        choices=[("bought", _("Share who bought")), ("revenue", _("Revenue per contact"))],
    )
    window = forms.ChoiceField(label=_("Bought within"), required=False, choices=list(WINDOW_TITLES.items()))
    from_date = DayField(label=_("Due from"), required=False)
    to_date = DayField(label=_("Due to"), required=False)

    def query(self, *, now: datetime) -> SopQuery:
        """The query; a field that is not understood, or asks for too much, counts as missing and says so."""
        asked = self._query(now)
        try:
            asked.days(last_day(tenant=self.tenant, before=asked.as_of))
        except RangeTooLong:
            self.add_error("from_date", _("A board holds at most %(days)d days.") % {"days": MAX_DAYS})
            asked = self._query(now)
        return asked

    def _query(self, now: datetime) -> SopQuery:
        held = self.held()
        return SopQuery(
            as_of=self.as_of_or(AsOf(now), now=now).at,
            from_date=held.get("from_date"),
            to_date=held.get("to_date"),
            window=held["window"],
            ranked_by=held["show"],
        )
