"""What a repurchase board is asked for: the address's fields, understood."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from analytics.repurchase import RepurchaseQuery
from scrm.console.work.asof import AsOf
from scrm.console.work.ranges import DayField, day_end
from tenants.models import Tenant


@dataclass(frozen=True)
class RepurchaseBoardRequest:
    """A query, and the as-of that it was made with."""

    query: RepurchaseQuery
    as_of: AsOf


class RepurchaseBoardForm(forms.Form):
    """The board's days; every field may be missing."""

    from_date = DayField(label=_("Reached from"), required=False)
    to_date = DayField(label=_("Reached to"), required=False)
    first_from = DayField(label=_("First bought from"), required=False)
    as_of = DayField(label=_("Read as of"), required=False)

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__({name: value for name, value in data.items() if value})
        self.tenant = tenant

    def clean(self) -> dict[str, Any]:
        """Refuse a range without a day.

        Raises: ValidationError
        """
        first, last = self.cleaned_data.get("from_date"), self.cleaned_data.get("to_date")
        if first and last and first > last:
            self.add_error("to_date", _("This is before the first day."))
        return self.cleaned_data

    def board_request(self, *, default_as_of: AsOf) -> RepurchaseBoardRequest:
        """The query; a field that is not understood counts as missing and says so beside itself."""
        self.is_valid()
        held = self.cleaned_data
        chosen = held.get("as_of")
        as_of = AsOf(day_end(tenant=self.tenant, day=chosen)) if chosen else default_as_of
        query = RepurchaseQuery(
            as_of=as_of.at,
            from_date=held.get("from_date"),
            to_date=held.get("to_date"),
            first_from=held.get("first_from"),
        )
        return RepurchaseBoardRequest(query, as_of)
