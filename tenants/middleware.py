"""Whose request is it: the tenant of a console path or of an API key, and the language of the page."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from tenants import selectors
from tenants.api.problems import is_api, problem
from tenants.context import tenant_transaction
from tenants.keys import parse_key

Handler = Callable[[HttpRequest], HttpResponse]


class TenantMiddleware:
    """Opens one tenant's transaction around everything inner, rendering included.

    `/t/<slug>/…` is the console of a tenant that the user is a member of (404 otherwise); `/api/v1/…` belongs to the
    tenant of its API key. Nothing else in a request ever chooses a tenant. An answer of 400 or more writes nothing.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.tenant = request.membership = request.api_key = None  # type: ignore[attr-defined]
        if request.path_info.startswith("/t/"):
            return self.console(request)
        if request.path_info.startswith("/api/v1/"):
            return self.api(request)
        return self.get_response(request)

    def console(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.refuse_stranger(request)
        slug, _, rest = request.path_info.removeprefix("/t/").partition("/")
        # PostgreSQL keeps no text with U+0000
        membership = None if "\0" in slug else selectors.membership_of(user=request.user, slug=slug)
        if membership is None:
            raise Http404
        request.tenant, request.membership = membership.tenant, membership  # type: ignore[attr-defined]
        request.path_info = f"/{rest}"
        request.urlconf = settings.CONSOLE_URLCONF
        outer_prefix = get_script_prefix()
        set_script_prefix(f"{outer_prefix}t/{slug}/")
        try:
            return self.inside(request, membership.tenant_id)
        finally:
            set_script_prefix(outer_prefix)

    def refuse_stranger(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request):
            return redirect_to_login(request.get_full_path())
        return problem(404 if "Authorization" in request.headers else 401)

    def api(self, request: HttpRequest) -> HttpResponseBase:
        parsed = parse_key(request.headers.get("Authorization", ""))
        if parsed is None:
            return self.get_response(request)  # the view answers 401
        return self.inside(request, parsed.tenant_id)

    def inside(self, request: HttpRequest, tenant_id: int) -> HttpResponseBase:
        with tenant_transaction(tenant_id):
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        # customers' data: no cache keeps it, the browser's neither
        patch_cache_control(response, private=True, no_store=True)
        return response


class LanguageMiddleware:
    """The user's choice, else the cookie, else the browser's language if it is one of ours, else Chinese."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "")
        language = chosen or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if not chosen:
            patch_vary_headers(response, ("Accept-Language",))
        return response
