"""Exchange rates in the console."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from tenants.admin_base import TenantAdmin, TenantForm
from tenants.models import FxRate, Tenant
from tenants.money import EXPONENTS


class FxRateForm(TenantForm):
    """A rate by hand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Tenant.objects.get(pk=self.tenant_id).currency
        foreign = sorted(EXPONENTS.keys() - {own})
        example = {"currency": "USD" if own != "USD" else "EUR", "own": own}
        self.fields["currency"].widget = UnfoldAdminSelectWidget(
            choices=[("", "---------"), *((code, code) for code in foreign)]
        )
        self.fields["rate"].label = _("1 of the currency = ? %(own)s") % example
        self.fields["rate"].help_text = (
            _("Where 1 %(currency)s = 7.12 %(own)s, enter 7.12. Costs and orders of this day are converted with it.")
            % example
        )

    def clean_currency(self) -> str:
        """An ISO code, in capitals."""
        code = self.cleaned_data["currency"].strip().upper()
        if code not in EXPONENTS:
            raise forms.ValidationError(_("Not an ISO 4217 currency."))
        if Tenant.objects.filter(pk=self.tenant_id, currency=code).exists():
            raise forms.ValidationError(_("This is the tenant's own currency: it needs no rate."))
        return str(code)

    def clean_rate(self) -> Decimal:
        """More than 0, as over REST."""
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise forms.ValidationError(_("A rate is more than 0."))
        return rate


class FxRateAdmin(TenantAdmin):
    """One currency's value on one day."""

    form = FxRateForm
    list_display = ["date", "currency", "rate_shown"]
    list_filter = ["currency"]
    ordering = ["-date", "currency"]
    fields = ["date", "currency", "rate"]
    search_fields: list[str] = []
    list_select_related = ["tenant"]
    empty_text = gettext_lazy("Only spend or orders entered in another currency need exchange rates.")
    model = FxRate

    @admin.display(description=gettext_lazy("rate"))
    def rate_shown(self, rate: FxRate) -> str:
        """Which way the rate goes, without trailing zeros."""
        return f"1 {rate.currency} = {rate.rate.normalize():f} {rate.tenant.currency}"
