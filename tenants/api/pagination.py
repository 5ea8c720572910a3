"""Lists in pages by keyset: the place after a row, not a number of rows to skip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from tenants.api.problems import ApiProblem
from tenants.api.queries import PageQuery
from tenants.results import FieldError


@dataclass(frozen=True)
class Place:
    """A row's place in an ordering, and which way to read from there."""

    is_back: bool
    values: list[Any]


@lru_cache
def page_type(row: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The Struct of one page of these rows."""
    fields: list[Any] = [("results", list[row]), ("next", str | None), ("previous", str | None)]  # type: ignore[valid-type]
    return msgspec.defstruct(f"{row.__name__}Page", fields, frozen=True)


def paginate(
    request: Request,
    queryset: QuerySet[Any],
    *,
    query: PageQuery,
    ordering: Sequence[str],
    shape: Callable[[list[Any]], Sequence[msgspec.Struct]],
    row: type[msgspec.Struct],
) -> msgspec.Struct:
    """One page of a tenant's rows; `ordering` ends in a unique column, and `shape` turns rows into Structs.

    Raises: ApiProblem 400 that names `cursor`
    """
    salt = f"{request.tenant.pk}:{request.path}:{','.join(ordering)}"  # type: ignore[attr-defined]
    place = read_cursor(query.cursor, salt=salt, ordering=ordering) if query.cursor is not None else None
    is_back = place is not None and place.is_back
    order = [_flip(name) for name in ordering] if is_back else list(ordering)
    if place is not None:
        queryset = queryset.filter(_beyond(queryset, order, place.values))
    found = list(queryset.order_by(*order)[: query.limit + 1])
    has_more, found = len(found) > query.limit, found[: query.limit]
    if is_back:
        found.reverse()
    has_next = bool(found) and (has_more or is_back)
    has_previous = bool(found) and (has_more if is_back else place is not None)
    links = [
        page_link(request, found[-1], ordering, salt, is_back=False) if has_next else None,
        page_link(request, found[0], ordering, salt, is_back=True) if has_previous else None,
    ]
    return page_type(row)(list(shape(found)), *links)


def _beyond(queryset: QuerySet[Any], order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after a place, nulls where PostgreSQL puts them: last when ascending, first when descending."""
    beyond, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        beyond |= same & _past(queryset, column, value, is_descending=name.startswith("-"))
        same &= Q(**{f"{column}__isnull": True}) if value is None else Q(**{column: value})
    first = order[0].lstrip("-")
    if values[0] is None or (queryset.model._meta.get_field(first).null and not order[0].startswith("-")):
        return beyond
    # said once more in the words that an index understands
    return Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": values[0]}) & beyond


def _past(queryset: QuerySet[Any], column: str, value: Any, *, is_descending: bool) -> Q:
    if value is None:
        return Q(**{f"{column}__isnull": False}) if is_descending else Q(pk__in=[])
    if is_descending:
        return Q(**{f"{column}__lt": value})
    later = Q(**{f"{column}__gt": value})
    return later | Q(**{f"{column}__isnull": True}) if queryset.model._meta.get_field(column).null else later


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def page_link(request: Request, item: Any, ordering: Sequence[str], salt: str, *, is_back: bool) -> str:
    """This request's address again, with the cursor of what comes after an item (`is_back`: before it)."""
    values = [getattr(item, name.lstrip("-")) for name in ordering]
    plain = [value if value is None or isinstance(value, int | str) else value.isoformat() for value in values]
    cursor = signing.dumps([int(is_back), plain], salt=salt)
    parameters = {**request.query_params.dict(), "cursor": cursor}
    return f"{request._request.build_absolute_uri(request.path)}?{urlencode(parameters)}"


def read_cursor(cursor: str, *, salt: str, ordering: Sequence[str]) -> Place:
    """The place that a cursor of `page_link` names.

    Raises: ApiProblem 400 that names `cursor`
    """
    try:
        is_back, values = signing.loads(cursor, salt=salt)
    except (signing.BadSignature, ValueError):
        error = FieldError("?cursor", "invalid_cursor", "Take the cursor from `next` or `previous` as it is.")
        raise ApiProblem(400, "The cursor cannot be used; see errors.", errors=[error]) from None
    return Place(bool(is_back), values)
