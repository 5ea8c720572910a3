"""What a cohort board is asked for: the address's fields, understood."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from acquisition.models import Channel
from analytics.cohorts import UNATTRIBUTED, CohortQuery
from scrm.console.work.asof import AsOf
from scrm.console.work.board_range import BoardRangeForm
from scrm.console.work.ranges import FIRST_DAY, LAST_DAY, last_day
from tenants.models import Tenant

MAX_ROWS = 200
SHOWN_AT_FIRST = 60
PERIOD_DAYS = {"day": 1, "week": 7, "month": 28}


@dataclass(frozen=True)
class BoardRequest:
    """A query and how its answer is shown: `show` is clv, roi or revenue, `basis` net or gross."""

    query: CohortQuery
    show: str
    basis: str
    as_of: AsOf


class BoardForm(BoardRangeForm):
    """The board's filters and toggles; every field may be missing."""

    defaults = {"period": "month", "show": "clv", "basis": "net"}

    show = forms.ChoiceField(
        label=_("Value"),
        required=False,
        choices=[("clv", _("CLV")), ("roi", _("ROI")), ("revenue", _("Revenue"))],
    )
    basis = forms.ChoiceField(label=_("Refunds"), required=False, choices=[("net", _("Net")), ("gross", _("Gross"))])
    period = forms.ChoiceField(
        label=_("Cohorts by"),
        required=False,
        choices=[("month", _("Month")), ("week", _("Week")), ("day", _("Day"))],
    )
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    margin = forms.DecimalField(
        label=_("Margin"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=1,
        max_digits=5,
        decimal_places=4,
    )

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__(data, tenant=tenant)
        channels = Channel.objects.for_tenant(tenant).order_by("name").values_list("slug", "name")
        choices = [("", _("All channels")), *channels, (UNATTRIBUTED, _("No channel"))]
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a range that holds more cohorts than a page can carry, or none.

        Raises: ValidationError
        """
        held = super().clean()
        first, last = held.get("from_date"), held.get("to_date")
        if first and last and (last - first).days // PERIOD_DAYS[held.get("period") or "month"] > MAX_ROWS:
            self.add_error("to_date", _("At most 200 cohorts at once: choose a shorter range or longer cohorts."))
        return held

    def board_request(self, *, default_as_of: AsOf, now: datetime) -> BoardRequest:
        """The query; a field that is not understood counts as missing and says so beside itself."""
        held, as_of = self.held(), self.as_of_or(default_as_of, now=now)
        today = last_day(tenant=self.tenant, before=as_of.at)
        first, last = bounded(held["period"], held.get("from_date"), held.get("to_date"), today=today)
        query = CohortQuery(
            as_of=as_of.at,
            period=held["period"],
            from_date=first,
            to_date=last,
            margin=held.get("margin"),
            channel=held.get("channel"),
        )
        return BoardRequest(query, held["show"], held["basis"], as_of)


def bounded(period: str, first: date | None, last: date | None, *, today: date) -> tuple[date | None, date | None]:
    """Close an open range where a page could not carry all cohorts of the data: days and weeks, the newest ones."""
    if period == "month" or (first and last):
        return first, last
    if first is None:
        last = last or today
        return last - timedelta(days=PERIOD_DAYS[period] * (SHOWN_AT_FIRST - 1)), last
    return first, first + timedelta(days=PERIOD_DAYS[period] * (MAX_ROWS - 1))


def as_of_from(text: str) -> datetime | None:
    """The exact instant that a drill-down address carries; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo and FIRST_DAY <= at.date() <= LAST_DAY else None
