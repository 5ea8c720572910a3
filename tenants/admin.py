"""Exchange rates in the console."""

from django import forms
from django.utils.translation import gettext as _

from tenants.admin_base import TenantAdmin, TenantForm
from tenants.models import FxRate
from tenants.money import EXPONENTS


class FxRateForm(TenantForm):
    """A rate by hand."""

    def clean_currency(self) -> str:
        """An ISO code, in capitals."""
        code = self.cleaned_data["currency"].strip().upper()
        if code not in EXPONENTS:
            raise forms.ValidationError(_("Not an ISO 4217 currency."))
        return str(code)


class FxRateAdmin(TenantAdmin):
    """One currency's value on one day."""

    form = FxRateForm
    list_display = ["date", "currency", "rate"]
    list_filter = ["currency"]
    ordering = ["-date", "currency"]
    fields = ["date", "currency", "rate"]
    search_fields: list[str] = []
    model = FxRate
