"""Pages outside any tenant: login, logout, language, and which tenant to go to."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from scrm.console.throttle import forget_tries, take_try
from tenants.addresses import client_address
from tenants.models import User
from tenants.selectors import memberships


class LoginForm(AuthenticationForm):
    """E-mail and password; the same words for a wrong name and a wrong password."""

    error_messages = {
        "invalid_login": _("The e-mail address or the password is wrong."),
        "inactive": _("The e-mail address or the password is wrong."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("E-mail")
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autofocus": True, "autocomplete": "username", "maxlength": 254}
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a try that comes too soon before the password is looked at."""
        if self.request is None:
            raise TypeError("a login belongs to a request")
        account = str(self.cleaned_data.get("username", "")).strip().lower()
        address = client_address(self.request)
        if account and (wait := take_try(account=account, address=address)):
            message = ngettext(
                "Too many tries. Wait %(seconds)d second, then try again.",
                "Too many tries. Wait %(seconds)d seconds, then try again.",
                wait,
            )
            raise forms.ValidationError(message % {"seconds": wait}, code="wait")
        cleaned = super().clean()
        forget_tries(account=account, address=address)
        return cleaned


class ConsoleLogin(LoginView):
    """The way in; after it, the page that was asked for or the last tenant."""

    template_name = "console/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"title": _("Log in")}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Tell programs too that it was refused."""
        response = super().form_invalid(form)
        response.status_code = 429 if form.has_error("__all__", "wait") else 200
        return response


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
