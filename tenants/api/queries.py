"""Query parameters, declared as Structs: one source for reading them and for the schema."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta
from rest_framework.request import Request

from tenants import incoming_errors
from tenants.api.problems import ApiProblem
from tenants.incoming import Instant
from tenants.results import FieldError

_Q = TypeVar("_Q", bound=msgspec.Struct)


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of declared parameters; one that we do not know is an error, so that no filter is silently lost."""


class PageQuery(Query, kw_only=True, frozen=True):
    """What every list takes; a list's own filters derive from it (`kw_only=True, frozen=True`)."""

    cursor: Annotated[str, Meta(description="Where to go on: from `next` or `previous` of an answer.")] | None = None
    limit: Annotated[
        int,
        Meta(
            ge=1,
            le=500,
            description="How many at most.",
            extra={"code": "invalid_limit", "detail": "Send a whole number from 1 to 500."},
        ),
    ] = 50


class SyncQuery(PageQuery, kw_only=True, frozen=True):
    """A list that clients sync: with `updated_after` the oldest change comes first."""

    updated_after: Annotated[Instant, Meta(description="Only what changed after this time.")] | None = None


def read_query(request: Request, type_: type[_Q]) -> _Q:
    """The request's parameters.

    Raises: ApiProblem 400 that names the parameter
    """
    given: dict[str, str] = {}
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise _refused(FieldError(f"?{name}", "duplicate", "Send this parameter once."))
        if not values[0].isprintable():
            raise _refused(FieldError(f"?{name}", "invalid_text", "Send printable characters only."))
        given[name] = values[0]
    try:
        query = msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        found = incoming_errors.explain(error, type_)
        raise _refused(FieldError(f"?{found.pointer[1:]}", found.code, found.detail)) from None
    if late := incoming_errors.bad_times(query):
        raise _refused(*(FieldError(f"?{error.pointer[1:]}", error.code, error.detail) for error in late))
    return query


def _refused(*errors: FieldError) -> ApiProblem:
    return ApiProblem(400, "The query cannot be used; see errors.", errors=errors)
