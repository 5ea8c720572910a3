"""Turns a decoder's complaint into a pointer, a stable code and the fix. Pure."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

from tenants.results import FieldError
from tenants.strict_json import escape

_AT = re.compile(r"^(?P<said>.*?)(?: - at `(?P<path>(?:key in )?\$.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_NAMES = {"missing required": ("required", "Send this field."), "contains unknown": ("unknown_field", "No such field.")}


def explain(error: msgspec.ValidationError, type_: type[msgspec.Struct], *, pointer: str = "") -> FieldError:
    """The complaint about one value as a field error."""
    match = _AT.match(str(error))
    assert match is not None
    said, steps = match["said"], _steps(match["path"] or "$")
    place = pointer + "".join(f"/{escape(step)}" for step in steps if step != "...")
    if named := _FIELD.match(said):
        code, detail = _NAMES[named["what"]]
        return FieldError(f"{place}/{escape(named['name'])}", code, detail)
    rule = _rule(inspect.type_info(type_), steps)
    if "out of range" in said:
        return FieldError(place, rule.get("code", "out_of_range"), rule.get("detail", "Send a smaller number."))
    return FieldError(place, rule.get("code", "invalid"), rule.get("detail", f"{said}."))


def bad_times(item: msgspec.Struct, *, pointer: str = "") -> tuple[FieldError, ...]:
    """The dates and times that no calendar of ours covers, and offsets that the database does not take."""
    errors = []
    for place, moment in _finder(type(item))(item, ""):
        offset = moment.utcoffset() if isinstance(moment, datetime) else None
        if not 1900 <= moment.year < 3000:
            detail = "Send a date between the years 1900 and 2999."
            errors.append(FieldError(pointer + place, "invalid_date", detail))
        elif offset and abs(offset) >= timedelta(hours=16):
            errors.append(FieldError(pointer + place, "invalid_time", "Send an offset of less than 16 hours."))
    return tuple(errors)


def struct_of(envelope: inspect.StructType, items: str) -> type[msgspec.Struct]:
    """The Struct that a list field of an envelope holds."""
    kind = _bare(next(field.type for field in envelope.fields if field.name == items))
    assert isinstance(kind, inspect.ListType)
    item = _bare(kind.item_type)
    assert isinstance(item, inspect.StructType)
    return item.cls


def _steps(path: str) -> list[str]:
    return [name or index for name, index in _STEP.findall(path)]


def _rule(kind: inspect.Type, steps: list[str]) -> dict[str, str]:
    """The `extra` of the declared type that the steps lead to."""
    rule: dict[str, str] = {}
    for step in [*steps, None]:
        rule = _extra(kind)
        if step is None:
            break
        kind = _bare(kind)
        if isinstance(kind, inspect.StructType):
            kind = next((field.type for field in kind.fields if field.encode_name == step), inspect.AnyType())
        elif isinstance(kind, inspect.ListType):
            kind = kind.item_type
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
        else:
            return rule
    return rule


def _extra(kind: inspect.Type) -> dict[str, str]:
    if isinstance(kind, inspect.Metadata):
        return kind.extra or _extra(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((extra for option in kind.types if (extra := _extra(option))), {})
    return {}


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            kind = kind.type
        else:
            kind = next(
                (option for option in kind.types if not isinstance(option, inspect.NoneType)), inspect.AnyType()
            )
    return kind


_Found = Iterator[tuple[str, date]]


@lru_cache
def _finder(type_: type[msgspec.Struct]) -> Callable[[Any, str], _Found]:
    """A function that finds the dates of one Struct type."""
    declared = inspect.type_info(type_)
    assert isinstance(declared, inspect.StructType)
    kinds = [(field.name, field.encode_name, _bare(field.type)) for field in declared.fields]
    days = [(name, said) for name, said, kind in kinds if isinstance(kind, inspect.DateTimeType | inspect.DateType)]
    ones = [(name, said, kind.cls) for name, said, kind in kinds if isinstance(kind, inspect.StructType)]
    lists = [
        (name, said, item.cls)
        for name, said, kind in kinds
        if isinstance(kind, inspect.ListType) and isinstance(item := _bare(kind.item_type), inspect.StructType)
    ]

    def find(item: Any, place: str) -> _Found:
        for name, said in days:
            if isinstance(moment := getattr(item, name), date | datetime):
                yield f"{place}/{said}", moment
        for name, said, inner in ones:
            if isinstance(value := getattr(item, name), msgspec.Struct):
                yield from _finder(inner)(value, f"{place}/{said}")
        for name, said, inner in lists:
            for index, value in enumerate(getattr(item, name) or ()):
                yield from _finder(inner)(value, f"{place}/{said}/{index}")

    return find
