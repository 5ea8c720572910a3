"""What a contact's attribute says, by the kind that the tenant gave it. Pure."""

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from contacts.identities import has_control

MAX_TEXT = 200
MAX_KEY = 60
MAX_LABEL = 60
MAX_CHOICES = 200
MAX_ATTRIBUTES = 100
KINDS = ("text", "number", "date", "yes_no", "choice")
# the one column of `AttributeValue` in which a kind is kept
COLUMNS = {"text": "text", "choice": "text", "number": "number", "yes_no": "number", "date": "date"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


class InvalidAttribute(ValueError):
    """What cannot be a definition; `field` is what is wrong with it, `code` names the fault for an API's answer."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code


class TypedValue(NamedTuple):
    """A value in the one column of its kind: choices are texts, yes is 1 and no is 0."""

    text: str | None = None
    number: float | None = None
    date: dt.date | None = None


def typed_value(value: Any, *, kind: str, choices: Collection[str] = ()) -> TypedValue | None:
    """A value of a contact's attributes as its kind has it; None where it is none of that kind.

    Texts have 1 to 200 characters; numbers are JSON numbers or plain decimal strings; dates are `2026-11-21`, of the
    years 1900 to 2999; yes and no are `true` and `false`; a choice is one of `choices`.
    """
    found = _READERS[kind](value)
    return None if found is None or (kind == "choice" and found.text not in choices) else found


def clean_key(text: str) -> str:
    """A key without outer blanks, such as texts can name in `{{ attribute.city|fallback }}`.

    Raises: InvalidAttribute
    """
    key = text.strip()
    if not 0 < len(key) <= MAX_KEY or has_control(key) or set(key) & set("{}|"):
        raise InvalidAttribute("key", "invalid_key", _("Send a key of 1 to 60 characters without { } and |."))
    return key


def clean_label(text: str) -> str:
    """A label without outer blanks.

    Raises: InvalidAttribute
    """
    label = text.strip()
    if not 0 < len(label) <= MAX_LABEL or has_control(label):
        raise InvalidAttribute("label", "invalid_label", _("Send a label of 1 to 60 characters."))
    return label


def clean_choices(choices: Sequence[str], *, kind: str) -> list[str]:
    """The choices of an attribute, each once, in this order; only a choice has any, and it has one at least.

    Raises: InvalidAttribute
    """
    cleaned = list(dict.fromkeys(choice.strip() for choice in choices))
    if kind != "choice":
        if cleaned:
            raise InvalidAttribute("choices", "no_choices", _("Only an attribute of the kind choice has choices."))
        return []
    if not 0 < len(cleaned) <= MAX_CHOICES or not all(map(_is_choice, cleaned)):
        said = _("Send 1 to %d choices of 1 to 200 characters each.")
        raise InvalidAttribute("choices", "invalid_choices", said % MAX_CHOICES)
    return cleaned


def _is_choice(text: str) -> bool:
    return 0 < len(text) <= MAX_TEXT and not has_control(text)


def _text(value: Any) -> TypedValue | None:
    is_text = isinstance(value, str) and 0 < len(value) <= MAX_TEXT and not _UNSTORABLE.search(value)
    return TypedValue(text=value) if is_text else None


def _number(value: Any) -> TypedValue | None:
    if isinstance(value, str):
        return TypedValue(number=float(value)) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return TypedValue(number=number) if math.isfinite(number) else None


def _date(value: Any) -> TypedValue | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return None
    return TypedValue(date=day) if 1900 <= day.year < 3000 else None


def _yes_no(value: Any) -> TypedValue | None:
    return TypedValue(number=float(value)) if isinstance(value, bool) else None


_READERS: Mapping[str, Callable[[Any], TypedValue | None]] = {
    "text": _text,
    "choice": _text,
    "number": _number,
    "date": _date,
    "yes_no": _yes_no,
}
