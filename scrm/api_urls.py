"""The REST API of every app. Under `/api/v1/` for API keys, under `/t/<slug>/api/v1/` for sessions."""

from django.urls import URLPattern, URLResolver, include, path

from scrm.contact_lists.api import ContactExportView
from scrm.timeline.api import TimelineView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("tenants.api.urls")),
    path("api/v1/", include("contacts.api.urls")),
    path("api/v1/", include("acquisition.api.urls")),
    path("api/v1/", include("orders.api.urls")),
    path("api/v1/", include("sop.api.urls")),
    path("api/v1/", include("segments.api.urls")),
    path("api/v1/", include("analytics.api.urls")),
    path("api/v1/contacts/export", ContactExportView.as_view()),
    path("api/v1/contacts/<int:contact_id>/timeline", TimelineView.as_view()),
]
