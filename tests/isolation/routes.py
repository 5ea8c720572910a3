"""Every route, found by walking the resolvers, and what to send there so that another tenant's rows are asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import inspect

CONVERTER = re.compile(r"<(?:[^:>]+:)?(\w+)>")
FIXED = {"app_label": "contacts"}
# names by which pages are, or might come to be, asked for a row
ASKED = (
    "id contact contacts order channel source group tag segment sop step copy member key object_id tenant_id q cohort"
    " cursor p contact__id__exact channel__id__exact group__id__exact tenant__id__exact source__id__exact"
).split()


class UnknownParameter(Exception):
    """A route has a parameter that the walk cannot fill: teach `routes.py`."""


@dataclass(frozen=True)
class Variant:
    """What is asked for: another tenant's row, or one that is nowhere."""

    id: int
    word: str
    # what is typed into forms: it may become a row of one's own, and must not look like another's
    typed: str


@dataclass(frozen=True)
class Route:
    """One route of one URL configuration."""

    pattern: str
    name: str | None
    view: Any

    @property
    def api_view(self) -> Any:
        """The class of a view of our API, else None."""
        from tenants.api.views import TenantAPIView

        cls = getattr(self.view, "view_class", getattr(self.view, "cls", None))
        return cls if isinstance(cls, type) and issubclass(cls, TenantAPIView) else None

    @property
    def parameters(self) -> list[str]:
        return CONVERTER.findall(self.pattern) + re.findall(r"\?P<(\w+)>", self.pattern)

    def path(self, variant: Variant) -> str:
        """The path with this variant's ids.

        Raises: UnknownParameter
        """
        if "?P<" in self.pattern:
            name = self.parameters[0]
            return re.sub(r"\^?\(\?P<.*\)/\$", f"{_fill(name, variant, self)}/", self.pattern)
        return CONVERTER.sub(lambda match: _fill(match[1], variant, self), self.pattern)


@dataclass(frozen=True)
class Attempt:
    """One request to one route."""

    method: str
    path: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def routes(urlconf: str) -> list[Route]:
    """Every route of a URL configuration."""
    from django.urls import get_resolver

    return list(_walk(get_resolver(urlconf), ""))


def api_attempts(route: Route, variant: Variant, *, currency: str) -> Iterator[Attempt]:
    """Requests to a view of our API: each method, each parameter, each field of the body."""
    view, path = route.api_view, route.path(variant)
    for method in view.scopes:
        if method == "GET":
            yield Attempt(method, path, query=_values(view.query, variant, currency, only_required=True))
            for parameter in msgspec.structs.fields(view.query):
                required = _values(view.query, variant, currency, only_required=True)
                kind = _field(view.query, parameter.encode_name)
                yield Attempt(method, path, query={**required, parameter.encode_name: _value(kind, variant, currency)})
        else:
            yield from (Attempt(method, path, body) for body in _bodies(view, method, variant, currency))


def page_attempts(route: Route, variant: Variant, *, fields: list[str], is_thorough: bool) -> Iterator[Attempt]:
    """Requests to a page: bare, with every name that asks for a row, and as a form with every field."""
    path = route.path(variant)
    values = {name: variant.word if name == "q" else str(variant.id) for name in ASKED}
    yield Attempt("GET", path)
    yield Attempt("GET", path, query=values)
    if is_thorough and not route.parameters:
        yield from (Attempt("GET", path, query={name: value}) for name, value in values.items())
    yield Attempt("POST", path, {"id": variant.id})
    yield Attempt("POST", path, {**dict.fromkeys(fields, str(variant.id)), "id": variant.id})
    yield Attempt("POST", path, dict.fromkeys(fields, variant.typed))


def _walk(resolver: Any, before: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        whole = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern, whole)
        else:
            yield Route(whole, pattern.name, pattern.callback)


def _fill(name: str, variant: Variant, route: Route) -> str:
    if name in FIXED:
        return FIXED[name]
    if name == "pk" or name.endswith("_id"):
        return str(variant.id)
    raise UnknownParameter(f"{route.pattern}: {name}")


def _bodies(view: Any, method: str, variant: Variant, currency: str) -> Iterator[Any]:
    declared = getattr(view, "envelope", None) or view.body
    yield {"tenant": variant.id, "tenant_id": variant.id}
    if declared is None:
        assert method == "DELETE", f"{view.__name__} declares no body for {method}"
        return
    yield _value(inspect.type_info(declared), variant, currency)
    yield _values(declared, variant, currency, only_required=True)


def _values(type_: Any, variant: Variant, currency: str, *, only_required: bool) -> dict[str, Any]:
    declared = inspect.type_info(type_)
    assert isinstance(declared, inspect.StructType)
    return {
        one.encode_name: _value(one.type, variant, currency)
        for one in declared.fields
        if one.required or not only_required
    }


def _field(type_: Any, name: str) -> Any:
    declared = inspect.type_info(type_)
    assert isinstance(declared, inspect.StructType)
    return next(one.type for one in declared.fields if one.encode_name == name)


_BY_CODE = {
    "invalid_decimal": "1.00",
    "invalid_margin": "0.5",
    "invalid_time": "2026-11-01T00:00:00+00:00",
    "invalid_date": "2026-11-02",
    "invalid_month": "2026-11",
    "invalid_limit": 5,
    "invalid_position": 1,
}


def _value(kind: Any, variant: Variant, currency: str) -> Any:
    """A value of a declared type that asks for the variant's row wherever it can."""
    if isinstance(kind, inspect.Metadata):
        code = (kind.extra or {}).get("code")
        if code == "invalid_rule":
            return _rule(variant)
        return (
            currency if code == "invalid_currency" else _BY_CODE.get(str(code)) or _value(kind.type, variant, currency)
        )
    if isinstance(kind, inspect.UnionType):
        return _value(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), variant, currency)
    if isinstance(kind, inspect.StructType):
        return _values(kind.cls, variant, currency, only_required=False)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return [_value(kind.item_type, variant, currency)]
    if isinstance(kind, inspect.DictType):
        return {"unionid": variant.word}
    if isinstance(kind, inspect.LiteralType):
        return next(value for value in kind.values if value)
    if isinstance(kind, inspect.IntType):
        return variant.id
    if isinstance(kind, inspect.BoolType):
        return True
    if isinstance(kind, inspect.DateTimeType):
        return "2026-11-01T00:00:00+00:00"
    if isinstance(kind, inspect.DateType):
        return "2026-11-02"
    if isinstance(kind, inspect.StrType):
        return variant.word[: kind.max_length]
    assert isinstance(kind, inspect.AnyType | inspect.RawType), f"teach routes.py about {kind}"
    return variant.word


def _rule(variant: Variant) -> dict[str, Any]:
    """A rule that names the variant's rows."""
    leaves = [
        {"type": "tag", "tags": [variant.id]},
        {"type": "channel", "channels": [variant.id]},
        {"type": "attribute", "attribute": variant.id, "op": "is_set"},
        {"type": "segment", "segment": variant.id},
    ]
    return {"type": "any", "of": leaves}
