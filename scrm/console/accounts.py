"""Pages outside any tenant: login, logout, language, and which tenant to go to."""

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from scrm.console.known_device import is_known_device, remember_device
from scrm.console.throttle import forget_tries, take_try
from tenants.addresses import client_address
from tenants.models import User
from tenants.selectors import memberships
from tenants.services.logins import record_failed_login, record_login

log = logging.getLogger(__name__)


class LoginForm(AuthenticationForm):
    """E-mail and password; the same words for a wrong name and a wrong password."""

    error_messages = {
        "invalid_login": _("The e-mail address or the password is wrong."),
        "inactive": _("The e-mail address or the password is wrong."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wait_seconds = 0
        self.fields["username"].label = _("E-mail")
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autofocus": True, "autocomplete": "username", "maxlength": 254}
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a try that comes too soon before the password is looked at.

        Raises: ValidationError
        """
        if self.request is None:
            raise TypeError("a login belongs to a request")
        if not self.account or not self.cleaned_data.get("password"):
            return super().clean()  # nothing is tried, so nothing is counted or forgotten
        address = client_address(self.request)
        known_device = is_known_device(self.request, account=self.account)
        self.wait_seconds = take_try(account=self.account, address=address, known_device=known_device)
        if self.wait_seconds:
            raise self.too_soon()
        cleaned = super().clean()
        forget_tries(account=self.account, address=address, known_device=known_device)
        return cleaned

    def too_soon(self) -> forms.ValidationError:
        """What a try that must wait is told, whoever is asked for."""
        message = ngettext(
            "Too many tries. Wait %(seconds)d second, then try again.",
            "Too many tries. Wait %(seconds)d seconds, then try again.",
            self.wait_seconds,
        )
        return forms.ValidationError(message % {"seconds": self.wait_seconds}, code="wait")

    @property
    def account(self) -> str:
        """The address that was typed, as accounts have it; empty when it was none."""
        return str(self.cleaned_data.get("username", "")).strip().lower()


class ConsoleLogin(LoginView):
    """The way in; after it, the page that was asked for or the last tenant."""

    template_name = "console/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"title": _("Log in")}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Tell the audit log, and know this browser from now on."""
        response = super().form_valid(form)
        user = _user(self.request)
        record_login(user=user, at=timezone.now(), address=client_address(self.request))
        remember_device(response, account=user.email)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Tell programs too that it was refused, and the audit log what was tried."""
        response = super().form_invalid(form)
        if not isinstance(form, LoginForm):
            raise TypeError("this page has one form")
        if form.wait_seconds:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait_seconds)
        elif form.has_error(NON_FIELD_ERRORS, "invalid_login"):
            self.note_failure(form.account)
        return response

    def note_failure(self, account: str) -> None:
        """In the audit log of a known account's tenants; of an unknown one, without what was typed, in our own."""
        address = client_address(self.request)
        if not record_failed_login(email=account, at=timezone.now(), address=address):
            log.warning("a login of an account that does not exist failed, from %s", address)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(settings.LOGIN_URL)


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """The last tenant, the only one, or the list."""
    mine = list(memberships(user=_user(request)))
    last = [each for each in mine if each.tenant_id == _user(request).last_tenant_id]
    chosen = last or (mine if len(mine) == 1 else [])
    return redirect(f"/t/{chosen[0].tenant.slug}/" if chosen else "/tenants/")


@login_required
def tenant_list(request: HttpRequest) -> HttpResponse:
    """Every tenant the user works in."""
    context = {"title": _("Your tenants"), "memberships": memberships(user=_user(request))}
    return render(request, "console/tenant_list.html", context)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the choice on the user and in a cookie, and go back."""
    language = request.POST.get("language", "")
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    response = redirect(target if safe else "/")
    if language in dict(settings.LANGUAGES):
        _keep_language(request, response, language)
    return response


def _keep_language(request: HttpRequest, response: HttpResponse, language: str) -> None:
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("this page needs a login")
    return request.user
