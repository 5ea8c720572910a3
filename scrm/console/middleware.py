"""Times in a tenant's console are in the tenant's zone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.timezones import zone


class ZoneMiddleware:
    """Set the zone for the whole inner handler, rendering included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = getattr(request, "membership", None)
        if membership is None:
            return self.get_response(request)
        with timezone.override(zone(membership.tenant.timezone)):
            return self.get_response(request)
