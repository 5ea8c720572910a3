"""What JSON bodies may not contain although parsers accept it: duplicate keys, NUL, deep nesting, floods. Pure."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from tenants.results import FieldError

MAX_DEPTH = 32
_MAX_COMMAS = 200_000
_MAX_OBJECTS = 120_000
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# years that no calendar of ours covers; NUL, and digits that hide in escapes
_ODD_YEAR = re.compile(rb'"(?:0\d{3}|1[0-8]\d\d|[3-9]\d{3})-\d\d')
_ODD_OFFSET = re.compile(rb'[+-](?:1[6-9]|2[0-3]):?\d\d"')  # PostgreSQL takes none of 16 hours or more
_ODD_ESCAPE = re.compile(rb"\\u00[0-3]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BodyIsInvalid(Exception):
    """A body that cannot be used as a whole."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(*errors)
        self.errors = errors


class _Duplicate(ValueError):
    """An object names one key twice."""


def refuse_excess(body: bytes) -> None:
    """Refuse what would take too long to look at.

    Raises: BodyIsInvalid
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        raise BodyIsInvalid(FieldError("", "invalid_encoding", "Send the body in UTF-8.")) from None
    if body.count(b",") > _MAX_COMMAS or body.count(b"{") > _MAX_OBJECTS:
        raise BodyIsInvalid(FieldError("", "too_many_values", "Send fewer values in one call."))


def decode(body: bytes) -> Any:
    """A plain JSON value, refusing everything that is forbidden here.

    Raises: BodyIsInvalid
    """
    refuse_excess(body)
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise BodyIsInvalid(explain_malformed(body, error)) from None
    if found := fault(body):
        raise BodyIsInvalid(found)
    return value


def survey(body: bytes) -> bool:
    """Whether some part of a well-formed body needs a closer look (`fault`).

    Raises: BodyIsInvalid when the outermost object names a key twice, or something is too deep to look at.
    """
    is_twice = [False]
    seen = [False]

    def notice(pairs: list[tuple[str, Any]]) -> None:
        is_twice[0] = len(dict(pairs)) != len(pairs)
        if is_twice[0]:
            seen[0] = True

    try:
        json.JSONDecoder(object_pairs_hook=notice, parse_int=str, parse_float=str).decode(body.decode())
    except RecursionError:  # it begins deeper in the stack than the decoder that took the body
        raise BodyIsInvalid(_too_deep("")) from None
    if is_twice[0]:  # the outermost object is noticed last
        raise BodyIsInvalid(FieldError("", "duplicate_key", "Name each key of an object once."))
    return seen[0] or _is_odd(body) or _may_be_deep(body)


def fault(raw: bytes, *, pointer: str = "") -> FieldError | None:
    """The first forbidden thing in one well-formed JSON value."""
    try:
        tree = json.JSONDecoder(object_pairs_hook=_unique, parse_int=str, parse_float=str).decode(raw.decode())
    except _Duplicate as error:
        return FieldError(pointer, "duplicate_key", f"Name each key of an object once; {error} came twice.")
    except RecursionError:
        return _too_deep(pointer)
    for place, depth, text in _walk(tree, pointer):
        if depth > MAX_DEPTH:
            return _too_deep(pointer)
        if "\0" in text:
            return FieldError(place, "invalid_text", "Send text without the character U+0000.")
    return None


def explain_malformed(body: bytes, error: Exception, *, pointer: str = "") -> FieldError:
    """Why a body is not JSON at all."""
    if isinstance(error, RecursionError):
        return _too_deep(pointer)
    if isinstance(error, UnicodeDecodeError):
        return FieldError(pointer, "invalid_encoding", "Send the body in UTF-8.")
    if _SURROGATE.search(body):
        return FieldError(pointer, "invalid_json", "Send \\u escapes of surrogates in pairs only.")
    return FieldError(pointer, "invalid_json", f"Send well-formed JSON: {error}.")


def text_field(raw: bytes, name: str) -> str | None:
    """A text field of a row that is in error, to name the row by."""
    try:
        value = msgspec.json.decode(raw, type=_one_field(name)).value  # type: ignore[attr-defined]
    except (ValueError, RecursionError):
        return None
    return value[:200].replace("\0", "") if isinstance(value, str) else None


@cache
def _one_field(name: str) -> type[msgspec.Struct]:
    fields: list[Any] = [("value", Any, None)]
    return msgspec.defstruct("OneField", fields, rename={"value": name})


def _is_odd(body: bytes) -> bool:
    odd_time = _ODD_YEAR.search(body) or _ODD_OFFSET.search(body)
    return bool(odd_time or (b"\\u00" in body and _ODD_ESCAPE.search(body)))


def _may_be_deep(body: bytes) -> bool:
    brackets = body.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not shorter:
            return False
        if len(shorter) == len(brackets):
            return True
        brackets = shorter
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Duplicate(next(repr(name[:50]) for name in names if names.count(name) > 1))
    return found


def _walk(tree: Any, pointer: str) -> Iterator[tuple[str, int, str]]:
    """Every text and container of a tree, with its pointer and depth."""
    todo = [(pointer, 1, tree)]
    while todo:
        place, depth, value = todo.pop()
        if isinstance(value, str):
            yield place, depth, value
        elif isinstance(value, dict):
            yield place, depth, "".join(value)
            todo += [(f"{place}/{escape(name)}", depth + 1, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            yield place, depth, ""
            todo += [(f"{place}/{position}", depth + 1, inner) for position, inner in enumerate(value)]


def escape(name: str) -> str:
    """One step of a JSON pointer. Source: RFC 6901."""
    return name[:100].replace("\0", "").replace("~", "~0").replace("/", "~1")


def _too_deep(pointer: str) -> FieldError:
    return FieldError(pointer, "too_deep", f"Nest objects and lists at most {MAX_DEPTH} deep.")
