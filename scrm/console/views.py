"""What every page of the console is made with."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from scrm.console.site import site
from tenants.access import EVERYONE
from tenants.models import Membership, Tenant, User

Arguments = ParamSpec("Arguments")


class ConsoleRequest(HttpRequest):
    """A request inside a tenant's console: the middleware has put these there."""

    tenant: Tenant
    membership: Membership
    user: User


View = Callable[Concatenate[ConsoleRequest, Arguments], HttpResponseBase]


def console_view(
    *, roles: Collection[str] = EVERYONE
) -> Callable[[View[Arguments]], Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]]:
    """Open a page to these roles; others get 403, and outside a tenant it does not exist."""

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if getattr(request, "membership", None) is None:
                raise Http404
            if request.membership.role not in roles:
                raise PermissionDenied(_("Your role does not open this page. An owner of the tenant can change it."))
            request.current_app = site.name
            return view(request, *args, **kwargs)  # type: ignore[no-any-return]

        return guarded

    return decorate


def page(
    request: ConsoleRequest, template: str, *, title: str | Promise, status: int = 200, **context: Any
) -> TemplateResponse:
    """A whole page in the shell; the middleware renders it inside the tenant's transaction."""
    _remember_tenant(request)
    shell = site.each_context(request)
    return TemplateResponse(request, template, {**shell, "title": title, "is_fullwidth": "1", **context}, status=status)


def by(request: ConsoleRequest) -> dict[str, Any]:
    """Whose rows a service writes, by whom and when."""
    return {"tenant": request.tenant, "actor": str(request.user), "at": timezone.now()}


def _remember_tenant(request: ConsoleRequest) -> None:
    if request.user.last_tenant_id != request.tenant.pk:
        User.objects.filter(pk=request.user.pk).update(last_tenant=request.tenant)


def fragment(request: ConsoleRequest, template: str, **context: Any) -> TemplateResponse:
    """A piece of a page, for htmx."""
    return TemplateResponse(request, template, context)
