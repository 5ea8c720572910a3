"""Addresses of work screens: their query again, and whether htmx wants only a piece."""

from django.http import HttpRequest


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of the page it is on (and not for a page that it left)."""
    asked = request.headers.get("HX-Request") == "true"
    return asked and request.headers.get("HX-History-Restore-Request") != "true"


def query_without(request: HttpRequest, *names: str) -> str:
    """Say the address's query again without some of its fields and without empty ones."""
    query = request.GET.copy()
    for name in [name for name in query if name in names or not query[name]]:
        del query[name]
    return query.urlencode()
