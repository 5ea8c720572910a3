"""Exchange rates in the console."""

from decimal import Decimal

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin_base import TenantAdmin, TenantForm
from tenants.models import FxRate, Tenant
from tenants.money import EXPONENTS


class FxRateForm(TenantForm):
    """A rate by hand."""

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
    model = FxRate

    @admin.display(description=gettext_lazy("rate"))
    def rate_shown(self, rate: FxRate) -> str:
        """The rate without trailing zeros."""
        return f"{rate.rate.normalize():f}"
