"""Tags as people write them: `group/name`. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from contacts.identities import has_control
from tenants.results import FieldError

MAX_PART = 60


class InvalidTag(ValueError):
    """Not `group/name`, or not a part of it: 1 to 60 characters, without control characters, a group without `/`."""


class TagName(NamedTuple):
    """A tag by its group's and its own name."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"


def parse_tag(text: str) -> TagName:
    """`"口味/辣"` → group 口味, name 辣. A name may hold more slashes; the group ends at the first.

    Raises: InvalidTag
    """
    group, slash, name = text.partition("/")
    if not slash:
        raise InvalidTag(text)
    return TagName(clean_group(group), clean_name(name))


def read_tags(texts: Sequence[str], *, pointer: str) -> tuple[tuple[TagName, ...], list[FieldError]]:
    """Tags as people write them, and what is wrong with others; `pointer` is where they stand in a body."""
    tags: list[TagName] = []
    errors: list[FieldError] = []
    for position, text in enumerate(texts):
        try:
            tags.append(parse_tag(text))
        except InvalidTag:
            errors.append(FieldError(f"{pointer}/{position}", "invalid_tag", _("Write a tag as group/name.")))
    return tuple(tags), errors


def clean_group(text: str) -> str:
    """A group's name without outer blanks: a part without a slash.

    Raises: InvalidTag
    """
    if "/" in text:
        raise InvalidTag(text)
    return clean_name(text)


def clean_name(text: str) -> str:
    """A tag's own name without outer blanks.

    Raises: InvalidTag
    """
    name = text.strip()
    if not 0 < len(name) <= MAX_PART or has_control(name):
        raise InvalidTag(text)
    return name
