"""REST addresses of the tenants app."""

from django.urls import path

from tenants.api import fx_rates, jobs

urlpatterns = [
    path("fx-rates", fx_rates.FxRateListView.as_view()),
    path("fx-rates/bulk", fx_rates.FxRateBulkView.as_view()),
    path("jobs/<int:job_id>", jobs.JobView.as_view()),
    path("jobs/<int:job_id>/result", jobs.JobResultView.as_view()),
]
