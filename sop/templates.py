"""Texts with variables: `{{ contact.name|friend }}`. Compiled when saved, so that rendering is one join. Pure.

A compiled text is a list: a string is said as it is, a pair is a variable and what is said where it has no value.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

MAX_LENGTH = 4_000
CONTACT_NAME, BRAND_NAME, ATTRIBUTE = "contact.name", "brand.name", "attribute."
VARIABLES = (CONTACT_NAME, BRAND_NAME)

Compiled = list[str | list[str]]

_MARK = re.compile(r"\{\{|\}\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class TextFault(Exception):
    """What is wrong with a text, and where: `position` counts characters from 0, `line` and `column` from 1."""

    def __init__(self, code: str, detail: str, *, position: int, line: int, column: int) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
        self.position, self.line, self.column = position, line, column


def compile_text(text: str, *, attributes: Collection[str]) -> Compiled:
    """Turn a text into its compiled form; `attributes` are the keys of the tenant's attributes.

    Raises: TextFault
    """
    text = text.replace("\r\n", "\n")
    _refuse_shape(text)
    compiled: Compiled = []
    for said, variable in _parts(text):
        if said:
            compiled.append(said)
        if variable is not None:
            compiled.append(_variable(text, *variable, attributes=attributes))
    return compiled


def render(compiled: Sequence[str | Sequence[str]], values: Mapping[str, str]) -> str:
    """Say a compiled text with these values; an absent or empty one gives its fallback. Never fails."""
    return "".join([part if type(part) is str else values.get(part[0]) or part[1] for part in compiled])


def variables(compiled: Sequence[str | Sequence[str]]) -> set[str]:
    """The names of the variables of a compiled text."""
    return {part[0] for part in compiled if not isinstance(part, str)}


def variable_text(name: str, *, fallback: str = "") -> str:
    """How a text names a variable."""
    return "{{ " + name + (f"|{fallback}" if fallback else "") + " }}"


def contact_values(*, name: str, attributes: Mapping[str, object]) -> dict[str, str]:
    """What texts may say of a contact with this name and these attributes: variable → value."""
    told = {f"{ATTRIBUTE}{key}": attribute_value(value) for key, value in attributes.items()}
    return {CONTACT_NAME: name, **told}


def attribute_value(value: object) -> str:
    """What a text says of a contact's attribute; "" for what cannot be said: yes or no, lists, objects, null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _refuse_shape(text: str) -> None:
    if not text.strip():
        raise _fault(text, 0, "blank", _("Write what is to be sent."))
    if len(text) > MAX_LENGTH:
        detail = _("Write at most %(most)s characters; these are %(given)s.")
        raise _fault(text, MAX_LENGTH, "too_long", detail % {"most": MAX_LENGTH, "given": len(text)})
    if found := _CONTROL.search(text):
        raise _fault(text, found.start(), "control_character", _("Leave out the invisible control character."))


def _parts(text: str) -> Iterator[tuple[str, tuple[int, str] | None]]:
    """What is said and the variable behind it: its position and what stands between the braces."""
    said_from, opened_at = 0, None
    for mark in _MARK.finditer(text):
        if mark[0] == "{{":
            if opened_at is not None:
                raise _not_closed(text, opened_at)
            opened_at = mark.start()
        elif opened_at is None:
            detail = _("This }} closes nothing: write {{ before the variable.")
            raise _fault(text, mark.start(), "not_opened", detail)
        else:
            yield text[said_from:opened_at], (opened_at, text[opened_at + 2 : mark.start()])
            said_from, opened_at = mark.end(), None
    if opened_at is not None:
        raise _not_closed(text, opened_at)
    yield text[said_from:], None


def _variable(text: str, position: int, inner: str, *, attributes: Collection[str]) -> list[str]:
    name, _bar, fallback = inner.partition("|")
    name = name.strip()
    if name not in VARIABLES and not (name.startswith(ATTRIBUTE) and name[len(ATTRIBUTE) :] in attributes):
        known = [*VARIABLES, *(f"{ATTRIBUTE}{key}" for key in sorted(attributes)[:20])]
        detail = _("There is no variable “%(name)s”; there are: %(known)s.")
        raise _fault(text, position, "unknown_variable", detail % {"name": name[:80], "known": ", ".join(known)})
    return [name, fallback.strip()]


def _not_closed(text: str, position: int) -> TextFault:
    return _fault(text, position, "not_closed", _("This {{ is not closed: write }} behind the variable."))


def _fault(text: str, position: int, code: str, said: str) -> TextFault:
    before = text[:position]
    line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
    place = _("Line %(line)d, character %(column)d: %(said)s")
    detail = place % {"line": line, "column": column, "said": said}
    return TextFault(code, detail, position=position, line=line, column=column)
