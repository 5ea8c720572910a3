"""Channels and spend in the console; both are written by the services that the API uses."""

import secrets
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from acquisition.incoming import IncomingSpend
from acquisition.models import DATE_HELP, Spend
from acquisition.selectors import channels
from acquisition.services.channels import ReservedSlug, edit_channel, refuse_reserved
from acquisition.services.spend import sync_spend
from tenants.admin_base import SlugForm, TenantAdmin, TenantForm, TenantRelatedFilter
from tenants.incoming import Row
from tenants.models import Tenant
from tenants.money import EXPONENTS, to_decimal
from tenants.results import RowResult

_PAID = [
    ("unknown", gettext_lazy("automatic: by its spend")),
    ("true", gettext_lazy("paid")),
    ("false", gettext_lazy("not paid")),
]
# as over REST: the months around them still exist
_DAY_LIMITS = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class ChannelForm(SlugForm):
    """A channel made or named by hand."""

    class Meta(SlugForm.Meta):
        help_texts = SlugForm.Meta.help_texts | {
            "is_paid": gettext_lazy(
                "Whether it counts in the paid CAC. Automatic: paid as soon as spend is entered; organic never is."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_paid"].widget.choices = _PAID

    def clean_slug(self) -> str:
        """Not the word for contacts without a channel."""
        slug = str(self.cleaned_data["slug"])
        try:
            refuse_reserved(slug)
        except ReservedSlug as error:
            raise forms.ValidationError(str(error), error.code) from None
        return slug


class ChannelAdmin(TenantAdmin):
    """Where people come from; made on first use, named here."""

    form = ChannelForm
    list_display = ["name", "slug", "paid_shown"]
    ordering = ["slug"]
    fields = ["name", "slug", "is_paid"]
    search_fields = ["slug__startswith", "name__startswith"]

    @admin.display(description=gettext_lazy("paid"))
    def paid_shown(self, channel: Any) -> str:
        """Whether it counts as paid, and whether anybody said so."""
        shown = _("paid") if channel.counts_as_paid else _("not paid")
        return shown if channel.is_paid is not None else _("automatic: %(paid)s") % {"paid": shown}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what each channel counts as."""
        return channels(tenant=request.tenant)  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The slug is how rows name their channel: it does not change."""
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A change goes through the service."""
        if not change:
            obj.save()
            return
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        edit_channel(tenant=request.tenant, channel_id=obj.pk, **changed)  # type: ignore[attr-defined]


class SpendForm(TenantForm):
    """One cost by hand, in major units."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        min_value=0,
        max_digits=15,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = Spend
        fields = ["channel", "kind", "period", "date", "amount", "currency"]
        help_texts = {"date": DATE_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = Tenant.objects.get(pk=self.tenant_id)
        self.fields["date"].validators += _DAY_LIMITS
        if self.instance.pk:
            self.initial["amount"] = to_decimal(self.instance.amount_minor, self.instance.currency)
        else:
            self.initial.setdefault("currency", self.tenant.currency)
            self.instance.external_id = f"console-{secrets.token_hex(8)}"

    def clean_currency(self) -> str:
        """An ISO code, in capitals."""
        code = str(self.cleaned_data["currency"]).strip().upper()
        if code not in EXPONENTS:
            raise forms.ValidationError(_("Not an ISO 4217 currency."))
        return code

    def clean(self) -> dict[str, Any]:
        """Let the service judge, and take back what it wrote."""
        super().clean()
        if not self.errors:
            with transaction.atomic():
                result = self.write()
                transaction.set_rollback(True)
            for error in result.errors:
                self.add_error(error.pointer.rpartition("/")[2], error.detail)
        return self.cleaned_data

    def write(self) -> RowResult:
        """Keep it, through the service that the API uses."""
        return sync_spend(tenant=self.tenant, rows=[Row(0, self.incoming())], at=timezone.now())[0]

    def incoming(self) -> IncomingSpend:
        """The form as the API would tell it."""
        given = self.cleaned_data
        is_month = given["period"] == Spend.Period.MONTH
        return IncomingSpend(
            external_id=self.instance.external_id,
            channel=given["channel"].slug,
            amount=f"{given['amount']:f}",
            currency=given["currency"],
            date=None if is_month else given["date"],
            month=f"{given['date']:%Y-%m}" if is_month else None,
            kind=given["kind"],
        )


class SpendAdmin(TenantAdmin):
    """What a channel cost on a day or in a month."""

    form = SpendForm
    list_display = ["date_shown", "period", "channel", "kind", "amount_shown", "currency"]
    list_filter = [("channel", TenantRelatedFilter), "kind", "period"]
    list_select_related = ["channel"]
    ordering = ["-date", "-id"]
    fields = ["channel", "kind", "period", "date", "amount", "currency"]

    @admin.display(description=gettext_lazy("date"))
    def date_shown(self, spend: Spend) -> str:
        """The day, or the month alone."""
        return spend.when

    @admin.display(description=gettext_lazy("Amount"))
    def amount_shown(self, spend: Spend) -> str:
        """The amount as it was spent."""
        return f"{to_decimal(spend.amount_minor, spend.currency):,f}"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write through the service; the form has asked it already."""
        obj.pk = form.write().id

    def audit_target(self, obj: Any) -> str:
        """The id it is told by: the same in every language."""
        return str(obj.external_id)
