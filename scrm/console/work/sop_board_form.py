"""What an SOP board is asked for: the address's fields, understood."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from analytics.sops import MAX_DAYS, RangeTooLong, SopQuery, Window
from scrm.console.work.ranges import DayField, day_end, local_date
from tenants.models import Tenant

WINDOW_TITLES: Mapping[Window, StrOrPromise] = {
    "1d": _("1 day"),
    "3d": _("3 days"),
    "7d": _("7 days"),
    "14d": _("14 days"),
}
DEFAULTS = {"show": "bought", "window": "7d"}


class SopBoardForm(forms.Form):
    """The board's range, window and what SOPs are ranked by; every field may be missing."""

    show = forms.ChoiceField(
        label=_("Ranked by"),
        required=False,
        choices=[("bought", _("Share who bought")), ("revenue", _("Revenue per contact"))],
    )
    window = forms.ChoiceField(label=_("Bought within"), required=False, choices=list(WINDOW_TITLES.items()))
    from_date = DayField(label=_("Due from"), required=False)
    to_date = DayField(label=_("Due to"), required=False)
    as_of = DayField(label=_("Read as of"), required=False)

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

    def query(self, *, now: datetime) -> SopQuery:
        """The query; a field that is not understood, or asks for too much, counts as missing and says so."""
        self.is_valid()
        asked = self._query(now)
        try:
            asked.days(local_date(tenant=self.tenant, at=asked.as_of))
        except RangeTooLong:
            self.add_error("from_date", _("A board holds at most %(days)d days.") % {"days": MAX_DAYS})
            asked = self._query(now)
        return asked

    def _query(self, now: datetime) -> SopQuery:
        held = {**DEFAULTS, **{name: value for name, value in self.cleaned_data.items() if value}}
        chosen = held.get("as_of")
        return SopQuery(
            as_of=day_end(tenant=self.tenant, day=chosen) if chosen else now,
            from_date=held.get("from_date"),
            to_date=held.get("to_date"),
            window=held["window"],
            ranked_by=held["show"],
        )
