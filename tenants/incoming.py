"""What comes in as JSON: strict decoding into Structs, with one error per bad row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from tenants import incoming_errors, slugs, strict_json
from tenants.money import EXPONENTS
from tenants.results import FieldError, RowResult

MAX_ITEMS = 1_000
_END = r"$(?!\n)"
_T = TypeVar("_T", bound=msgspec.Struct)


def limit(code: str, detail: str, **rules: Any) -> Meta:
    """What a value may be (`msgspec.Meta`), with the error of one that is not."""
    return Meta(extra={"code": code, "detail": detail}, **rules)


def _currencies() -> str:
    """All codes as one expression, by their first letter, so that matching tries few branches."""
    rests: dict[str, list[str]] = {}
    for code in sorted(EXPONENTS):
        rests.setdefault(code[0], []).append(code[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())


_MONEY = 'Send a decimal string such as "139.12", at most 12 digits before the point, never a JSON number.'
_TIME = 'Send an RFC 3339 time with its offset, such as "2026-11-21T08:26:00+08:00", between the years 1900 and 2999.'
Amount = Annotated[str, limit("invalid_decimal", _MONEY, pattern=rf"^[0-9]{{1,12}}(\.[0-9]{{1,6}})?{_END}")]
PositiveAmount = Annotated[
    str,
    limit(
        "invalid_decimal",
        _MONEY + " It must be more than 0.",
        pattern=rf"^(?=.*[1-9])[0-9]{{1,12}}(\.[0-9]{{1,6}})?{_END}",
    ),
]
Quantity = Annotated[
    str,
    limit(
        "invalid_decimal",
        'Send a decimal string such as "6" or "0.250", at most 11 digits before the point and 3 after it.',
        pattern=rf"^-?[0-9]{{1,11}}(\.[0-9]{{1,3}})?{_END}",
    ),
]
Rate = Annotated[
    str,
    limit(
        "invalid_decimal",
        'Send a decimal string of more than 0 such as "7.1234", at most 9 digits before the point and 8 after it.',
        pattern=rf"^(?=.*[1-9])[0-9]{{1,9}}(\.[0-9]{{1,8}})?{_END}",
    ),
]
Currency = Annotated[
    str,
    limit(
        "invalid_currency",
        'Send an ISO 4217 currency code in capitals, such as "CNY".',
        pattern=rf"^({_currencies()}){_END}",
        extra_json_schema={"pattern": "^[A-Z]{3}$", "examples": ["CNY"]},
    ),
]
Instant = Annotated[datetime, limit("invalid_time", _TIME, tz=True)]
Day = Annotated[date, limit("invalid_date", 'Send a date such as "2026-11-21", between the years 1900 and 2999.')]
Slug = Annotated[
    str,
    limit(
        "invalid_slug",
        "Send 1 to 50 small letters, digits, - or _, a letter or digit first.",
        min_length=1,
        max_length=50,
        pattern=rf"{slugs.PATTERN}{_END}",
    ),
]
ExternalId = Annotated[
    str,
    limit(
        "invalid_id",
        "Send a string of 1 to 100 characters without control characters.",
        min_length=1,
        max_length=100,
        pattern=rf"^[^\x00-\x1f\x7f]+{_END}",
    ),
]
Id = Annotated[int, limit("invalid_id", "Send one of our ids, a positive integer.", ge=1, le=2**63 - 1)]
Text60 = Annotated[str, limit("too_long", "Send at most 60 characters.", max_length=60)]
Text100 = Annotated[str, limit("too_long", "Send at most 100 characters.", max_length=100)]
Text200 = Annotated[str, limit("too_long", "Send at most 200 characters.", max_length=200)]
Text254 = Annotated[str, limit("too_long", "Send at most 254 characters.", max_length=254)]
Text300 = Annotated[str, limit("too_long", "Send at most 300 characters.", max_length=300)]
Attributes = Annotated[
    dict[str, Any], limit("invalid_attributes", "Send an object of at most 100 fields.", max_length=100)
]


class Incoming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything a client sends; a field that we do not know is an error, so that no typo is lost."""


def given(item: msgspec.Struct) -> dict[str, Any]:
    """The fields of an edit that were sent."""
    told = {name: getattr(item, name) for name in item.__struct_fields__}
    return {name: value for name, value in told.items() if value is not msgspec.UNSET}


@dataclass(frozen=True, slots=True)
class Row:
    """One valid item of a bulk call and its position in it."""

    index: int
    item: Any


@dataclass(frozen=True, slots=True)
class Bulk:
    """A decoded bulk body: the envelope with its valid items, the same as rows, and the rows that are in error."""

    envelope: Any
    rows: list[Row] = field(default_factory=list)
    errors: list[RowResult] = field(default_factory=list)


def decode_bulk(body: bytes, *, envelope: type[msgspec.Struct], items: str) -> Bulk:
    """Decode a bulk body row by row.

    Raises: strict_json.BodyIsInvalid when the whole is not the right shape.
    """
    return _decode_faultless(body, envelope, items) or _decode_by_row(body, envelope, items)


def _decode_faultless(body: bytes, envelope: type[msgspec.Struct], items: str) -> Bulk | None:
    """The body at one go, which is faster, where nothing at all is wrong with it."""
    try:
        strict_json.refuse_excess(body)
        whole = _decoder(envelope).decode(body)
        found = getattr(whole, items)
        if len(found) > MAX_ITEMS or strict_json.survey(body):
            return None
    except (ValueError, RecursionError, strict_json.BodyIsInvalid):
        return None
    return Bulk(whole, [Row(index, item) for index, item in enumerate(found)])


def _decode_by_row(body: bytes, envelope: type[msgspec.Struct], items: str) -> Bulk:
    head_type, item_type = _split(envelope, items)
    head = _decode(body, head_type)
    raws: Sequence[msgspec.Raw] = getattr(head, items)
    if len(raws) > MAX_ITEMS:
        raise strict_json.BodyIsInvalid(
            FieldError(f"/{items}", "too_many_items", f"Send at most {MAX_ITEMS} items in one call.")
        )
    is_suspicious = strict_json.survey(body)
    rows, errors = [], []
    for index, raw in enumerate(raws):
        item, error = _decode_row(bytes(raw), item_type, pointer=f"/{items}/{index}", look=is_suspicious)
        if error is None:
            rows.append(Row(index, item))
        else:
            errors.append(RowResult(index, strict_json.text_field(bytes(raw), "external_id"), "error", errors=error))
    fields = {name: getattr(head, name) for name in head_type.__struct_fields__}
    return Bulk(envelope(**{**fields, items: [row.item for row in rows]}), rows, errors)


def decode_one(body: bytes, type_: type[_T]) -> _T:
    """Decode a body that is one object.

    Raises: strict_json.BodyIsInvalid
    """
    item = _decode(body, type_)
    if strict_json.survey(body):
        found = strict_json.fault(body)
        if errors := (found,) if found else incoming_errors.bad_times(item):
            raise strict_json.BodyIsInvalid(*errors)
    return item


def _decode(body: bytes, type_: type[_T]) -> _T:
    strict_json.refuse_excess(body)
    try:
        decoder: msgspec.json.Decoder[_T] = _decoder(type_)
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise strict_json.BodyIsInvalid(incoming_errors.explain(error, type_)) from None
    except (ValueError, RecursionError) as error:
        raise strict_json.BodyIsInvalid(strict_json.explain_malformed(body, error)) from None


def _decode_row(
    raw: bytes, type_: type[msgspec.Struct], *, pointer: str, look: bool
) -> tuple[Any, tuple[FieldError, ...] | None]:
    if look and (found := strict_json.fault(raw, pointer=pointer)):
        return None, (found,)
    try:
        item = _decoder(type_).decode(raw)
    except msgspec.ValidationError as error:
        return None, (incoming_errors.explain(error, type_, pointer=pointer),)
    except (ValueError, RecursionError) as error:
        return None, (strict_json.explain_malformed(raw, error, pointer=pointer),)
    return item, (look and incoming_errors.bad_times(item, pointer=pointer)) or None


@lru_cache
def _decoder(type_: type[_T]) -> "msgspec.json.Decoder[_T]":
    return msgspec.json.Decoder(type_)


@lru_cache
def _split(envelope: type[msgspec.Struct], items: str) -> tuple[type[msgspec.Struct], type[msgspec.Struct]]:
    """The envelope with its items left raw, and the items' type."""
    declared = msgspec.inspect.type_info(envelope)
    assert isinstance(declared, msgspec.inspect.StructType)
    fields: list[Any] = []
    for item in msgspec.structs.fields(envelope):
        kind = list[msgspec.Raw] if item.name == items else item.type
        if item.required:
            fields.append((item.name, kind))
        elif item.default_factory is not msgspec.NODEFAULT:
            fields.append((item.name, kind, msgspec.field(default_factory=item.default_factory)))
        else:
            fields.append((item.name, kind, item.default))
    head = msgspec.defstruct(f"{envelope.__name__}Head", fields, kw_only=True, forbid_unknown_fields=True)
    return head, incoming_errors.struct_of(declared, items)
