"""Channels and spend: what each channel brought, what it cost, and where an entry is missing."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from acquisition.incoming import IncomingSpend
from acquisition.models import DATE_HELP, Spend
from acquisition.selectors import channel_names
from acquisition.services.channels import ReservedSlug, refuse_reserved
from acquisition.services.spend import EnteredSpend, enter_spend
from analytics.cohorts import CohortQuery, CohortTable
from analytics.selectors.cohorts import cohort_table
from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.asof import default_as_of
from scrm.console.work.ranges import DayField, local_date
from scrm.console.work.selectors.channels import spend_calendar, spend_entries, spend_range
from tenants.access import BOARD_READERS, EDITORS
from tenants.models import Tenant
from tenants.slugs import SLUG_HELP, is_slug

NEW_CHANNEL = "+"  # no slug
ENTRIES_SHOWN = 20
MAX_MONTHS = 24


class RangeForm(forms.Form):
    """Which cohorts the table counts; empty: all of them."""

    from_date = DayField(label=gettext_lazy("Acquired from"), required=False)
    to_date = DayField(label=gettext_lazy("to"), required=False)


class SpendForm(forms.Form):
    """One cost of one channel on one day or in one month. `token` makes a doubled click one entry."""

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    new_name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    new_slug = forms.CharField(label=gettext_lazy("Slug"), max_length=50, required=False, help_text=SLUG_HELP)
    period = forms.ChoiceField(label=gettext_lazy("For"), choices=Spend.Period.choices, initial="day")
    date = DayField(label=gettext_lazy("Date"), help_text=DATE_HELP)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Spend.Kind.choices, initial="ads")
    amount = forms.RegexField(
        r"^[0-9]{1,12}(\.[0-9]{1,4})?$",
        label=gettext_lazy("Amount"),
        error_messages={"invalid": gettext_lazy("Digits, with a point before the decimals.")},
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(channel_names(tenant=tenant).items())
        self.fields["channel"].choices = [("", ""), *names, (NEW_CHANNEL, _("New channel …"))]  # type: ignore[attr-defined]

    @property
    def is_new_channel(self) -> bool:
        """Whether "New channel …" was chosen; the slug that is typed may be a channel's already."""
        return bool(self["channel"].value() == NEW_CHANNEL)

    def clean_new_name(self) -> str:
        """What a new channel is called."""
        name = str(self.cleaned_data["new_name"])
        if self.is_new_channel and not name:
            raise forms.ValidationError(_("A new channel needs a name."))
        return name

    def clean_new_slug(self) -> str:
        """A slug as REST takes it, in small letters, and not the word for no channel."""
        slug = str(self.cleaned_data["new_slug"]).lower()
        if not self.is_new_channel:
            return ""
        is_slug(slug)
        try:
            refuse_reserved(slug)
        except ReservedSlug as error:
            raise forms.ValidationError(str(error), error.code) from None
        return slug

    def incoming(self, *, tenant: Tenant) -> IncomingSpend:
        """The same row as REST would bring."""
        held: dict[str, Any] = self.cleaned_data
        is_month = held["period"] == Spend.Period.MONTH
        when = {"month": f"{held['date']:%Y-%m}"} if is_month else {"date": held["date"]}
        return IncomingSpend(
            external_id=f"console-{held['token']}",
            channel=held["new_slug"] or held["channel"],
            amount=held["amount"],
            currency=tenant.currency,
            kind=held["kind"],
            **when,
        )


@console_view(roles=BOARD_READERS)
def channels(request: ConsoleRequest) -> HttpResponse:
    """The page, and the entry of one cost."""
    may_edit = request.membership.role in EDITORS
    if request.method == "POST" and not may_edit:
        raise PermissionDenied
    form = SpendForm(request.POST, tenant=request.tenant) if request.method == "POST" else _new_form(request)
    if request.method == "POST" and _enter(request, form, at=timezone.now()):
        return redirect("channels")
    now = timezone.now()
    table = _table(request, at=default_as_of(tenant=request.tenant, now=now).at)
    months, calendar = _calendar(request.tenant, table, today=local_date(tenant=request.tenant, at=now))
    return page(
        request,
        "console/channels.html",
        title=_("Channels and spend"),
        form=form,
        range=RangeForm(request.GET),
        table=table,
        totals=table.totals,
        calendar=calendar,
        months=months,
        gaps=sum(line.gaps for line in calendar),
        entries=spend_entries(tenant=request.tenant).order_by("-date", "-id")[:ENTRIES_SHOWN],
        may_edit=may_edit,
    )


def _new_form(request: ConsoleRequest) -> SpendForm:
    today = local_date(tenant=request.tenant, at=timezone.now())
    initial = {"token": uuid4(), "date": today, "period": "day", "kind": "ads"}
    return SpendForm(initial=initial, tenant=request.tenant)


def _enter(request: ConsoleRequest, form: SpendForm, *, at: datetime) -> bool:
    if not form.is_valid():
        return False
    item = form.incoming(tenant=request.tenant)
    entered = enter_spend(tenant=request.tenant, item=item, channel_name=form.cleaned_data["new_name"], at=at)
    for error in entered.result.errors:
        form.add_error(None, error.detail)
    if entered.result.status == "error":
        return False
    messages.success(request, _confirmation(form, entered))
    return True


def _confirmation(form: SpendForm, entered: EnteredSpend) -> str:
    if form.is_new_channel and entered.result.status == "created" and entered.known_as is not None:
        return _("Entered under “%(channel)s”: this slug was already its.") % {"channel": entered.known_as}
    return _("Entered. The boards follow within seconds.")


def _table(request: ConsoleRequest, *, at: datetime) -> CohortTable:
    form = RangeForm(request.GET)
    form.is_valid()
    first, last = form.cleaned_data.get("from_date"), form.cleaned_data.get("to_date")
    if first and last and first > last:
        form.add_error("to_date", _("This is before the first day."))
        first = last = None
    return cohort_table(tenant=request.tenant, query=CohortQuery(as_of=at, from_date=first, to_date=last))


def _calendar(tenant: Tenant, table: CohortTable, *, today: date) -> tuple[list[date], Any]:
    held = spend_range(tenant=tenant)
    if held is None:
        return [], []
    days = [*held, *(day for day in (table.from_date, table.to_date) if day)]
    last = min(max(days), max(today, held[1]))
    slugs = [channel.channel for channel in table.totals.channels]
    months, lines = spend_calendar(tenant=tenant, first=min(days), last=last, slugs=slugs)
    return months[:MAX_MONTHS], [type(line)(line.name, line.slug, line.months[:MAX_MONTHS]) for line in lines]
