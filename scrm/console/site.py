"""The console's site: the admin engine, asked by membership and made to forget what has no tenant."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from scrm.console import search
from scrm.console.navigation import menu
from scrm.console.registry import REGISTERED
from tenants.access import sees_full_phones
from tenants.selectors import memberships

# Routes of the engine that have no place here: an existence oracle, a second login, lists of apps.
_WITHOUT = {"view_on_site", "login", "logout"}


class ScrmSite(UnfoldAdminSite):  # type: ignore[misc]
    """One site for the engine's pages and our own; whose it is, the tenant middleware has said already."""

    site_title = "SCRM"
    final_catch_all_view = False
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Members, and nobody by Django's flags."""
        return getattr(request, "membership", None) is not None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As the engine's, but a stranger is refused here and not sent to a second login."""
        guarded = super().admin_view(view, cacheable)

        def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        scoped.csrf_exempt = False  # type: ignore[attr-defined]
        return scoped

    def get_urls(self) -> list[Any]:
        """The engine's routes without those that know no tenant."""
        return [route for route in super().get_urls() if getattr(route, "name", None) not in _WITHOUT]

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Home is our own page."""
        return redirect("home")

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """So is the way up from a list."""
        return redirect("home")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What the shell shows on every page."""
        return {
            **super().each_context(request),
            "site_title": self.site_title,
            "templates": {"navigation": "console/navigation.html"},
            "menu": menu(request),
            "tenant": request.tenant,  # type: ignore[attr-defined]
            "membership": request.membership,  # type: ignore[attr-defined]
            "other_memberships": memberships(user=request.user).exclude(  # type: ignore[arg-type]
                pk=request.membership.pk  # type: ignore[attr-defined]
            ),
            "sees_full_phones": sees_full_phones(request.membership.role),  # type: ignore[attr-defined]
        }

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The palette's answers; nothing of them is kept between requests."""
        term = request.GET.get("s", "").replace("\0", "").strip()[:100]
        if not term:
            return HttpResponse()
        results = search.results(self, request, term)
        return TemplateResponse(request, "console/search_results.html", {"results": results, "term": term})

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say so at home."""
        from django.contrib import messages

        messages.success(request, _("Your password is changed."))
        return redirect(reverse("home"))

    def _get_colors(self, key: str, *args: Any) -> dict[str, dict[str, str]]:
        return {}  # they live in console.css: the policy allows no inline style


site = ScrmSite(name="admin")
for _model, _options in REGISTERED:
    site.register(_model, _options)
