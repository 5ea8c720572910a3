"""Errors as `application/problem+json`. Source: RFC 9457."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from rest_framework import exceptions

from tenants.results import FieldError
from tenants.strict_json import BodyIsInvalid

CONTENT_TYPE = "application/problem+json"
_DETAILS = {
    400: "The request is not well formed.",
    401: "Send a live API key: Authorization: Bearer scrm_….",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    406: "Accept application/json.",
    413: "The body is too large.",
    500: "An error on our side; it is logged. Try again later.",
}


class Problem(msgspec.Struct, frozen=True):
    """An error, for programs and people. `errors` point into the request's body, or at `?name` of its query."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class ApiProblem(exceptions.APIException):
    """An answer of 4xx with its reason."""

    def __init__(
        self, status: int, detail: str = "", *, errors: Iterable[FieldError] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.text = detail
        self.errors = tuple(errors)
        self.headers = headers or {}


def problem(
    status: int, detail: str = "", *, errors: Iterable[FieldError] = (), headers: dict[str, str] | None = None
) -> HttpResponse:
    """The answer for one problem."""
    body = Problem("about:blank", HTTPStatus(status).phrase, status, detail or _DETAILS.get(status, ""), tuple(errors))
    response = HttpResponse(msgspec.json.encode(body), status=status, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler; None lets an unknown error go on to be logged and become a 500."""
    if isinstance(error, BodyIsInvalid):
        return problem(400, "The body cannot be used; see errors.", errors=error.errors)
    if isinstance(error, ApiProblem):
        return problem(error.status_code, error.text, errors=error.errors, headers=error.headers)
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(404)
    if isinstance(error, PermissionDenied):
        return problem(403)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: Any) -> HttpResponse:
    status, headers = error.status_code, {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return problem(401)
    if isinstance(error, exceptions.MethodNotAllowed):
        return problem(status, "This address does not know this method; see Allow.")
    if isinstance(error, exceptions.Throttled):
        seconds = max(1, round(getattr(error, "wait", None) or 1))
        headers["Retry-After"] = str(seconds)
        return problem(status, f"Too many requests: wait {seconds} seconds.", headers=headers)
    if isinstance(error, exceptions.NotAcceptable):
        return problem(status)
    return problem(status, str(error.detail))


def is_api(request: HttpRequest) -> bool:
    """Whether a path belongs to the REST API, a console's included."""
    parts = request.path.split("/")
    return parts[1:2] == ["api"] or (parts[1:2] == ["t"] and parts[3:4] == ["api"])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404: a problem under the API, else the page."""
    return problem(404) if is_api(request) else defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400: a problem under the API, else the page."""
    return problem(400) if is_api(request) else defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403: a problem under the API, else the page."""
    return problem(403) if is_api(request) else defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500: a problem under the API, else the page. Django has logged the error."""
    return problem(500) if is_api(request) else defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A write from a page that is not ours."""
    from django.views.csrf import csrf_failure as page

    return problem(403, "Send the CSRF token.") if is_api(request) else page(request, reason=reason)
