"""The days that every board is asked for: the address's fields, understood."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from scrm.console.work.asof import AsOf
from scrm.console.work.ranges import DayField, day_end
from tenants.models import Tenant


class BoardRangeForm(forms.Form):
    """A range of days and an as-of; every field may be missing, and what is not understood says so and is missing."""

    defaults: ClassVar[Mapping[str, str]] = {}

    from_date = DayField(label=_("Acquired from"), required=False)
    to_date = DayField(label=_("Acquired to"), required=False)
    as_of = DayField(label=_("Read as of"), required=False)

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__({**self.defaults, **{name: value for name, value in data.items() if value}})
        self.tenant = tenant

    def clean(self) -> dict[str, Any]:
        """Refuse a range without a day.

        Raises: ValidationError
        """
        first, last = self.cleaned_data.get("from_date"), self.cleaned_data.get("to_date")
        if first and last and first > last:
            self.add_error("to_date", _("This is before the first day."))
        return self.cleaned_data

    def held(self) -> dict[str, Any]:
        """What is understood, and the defaults of what is not."""
        self.is_valid()
        return {**self.defaults, **{name: value for name, value in self.cleaned_data.items() if value}}

    def as_of_or(self, default: AsOf, *, now: datetime) -> AsOf:
        """The end of the day that was chosen, or now while that lies ahead; without a day the default."""
        chosen = self.held().get("as_of")
        return AsOf(min(day_end(tenant=self.tenant, day=chosen), now)) if chosen else default
