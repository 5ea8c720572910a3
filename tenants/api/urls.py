"""REST addresses of the tenants app."""

from django.urls import path

from tenants.api import fx_rates

urlpatterns = [
    path("fx-rates", fx_rates.FxRateListView.as_view()),
    path("fx-rates/bulk", fx_rates.FxRateBulkView.as_view()),
]
