"""The product's addresses and, beside them, the plain way to take in orders."""

from django.urls import URLPattern, URLResolver, include, path

from benchmarks.plain_orders import PlainOrdersView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/plain-orders", PlainOrdersView.as_view()),
    path("", include("scrm.urls")),
]
