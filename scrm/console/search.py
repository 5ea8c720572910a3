"""The palette (Ctrl K): pages and the tenant's own rows by name, never cached."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from scrm.console.navigation import menu

ROWS_OF_A_KIND = 5


@dataclass(frozen=True)
class Hit:
    """One line of the palette."""

    title: str
    description: str
    link: str
    icon: str


def results(site: Any, request: HttpRequest, term: str) -> list[Hit]:
    """Contacts first, then pages, then rows of what the role may edit."""
    return [*_contacts(term), *_pages(request, term), *_rows(site, request, term)]


def _contacts(term: str) -> list[Hit]:
    link = f"{reverse('contacts')}?{urlencode({'q': term})}"
    return [Hit(term, _("search contacts"), link, "person_search")]


def _pages(request: HttpRequest, term: str) -> list[Hit]:
    items = [item for group in menu(request) for item in group.items]
    return [
        Hit(str(item.title), _("page"), item.link, item.icon)
        for item in items
        if term.lower() in str(item.title).lower()
    ]


def _rows(site: Any, request: HttpRequest, term: str) -> list[Hit]:
    hits: list[Hit] = []
    for model, options in site._registry.items():
        if not options.get_search_fields(request) or not options.has_view_permission(request):
            continue
        found, _several = options.get_search_results(request, options.get_queryset(request), term)
        route = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        hits += [
            Hit(str(row), str(model._meta.verbose_name), reverse(route, args=[row.pk]), "edit")
            for row in found[:ROWS_OF_A_KIND]
        ]
    return hits
