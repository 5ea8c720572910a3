"""Tags as people write them: `group/name`. Pure."""

from typing import NamedTuple

from contacts.identities import has_control

MAX_PART = 60


class InvalidTag(ValueError):
    """Not `group/name`."""


class TagName(NamedTuple):
    """A tag by its group's and its own name."""

    group: str
    name: str


def parse_tag(text: str) -> TagName:
    """`"口味/辣"` → group 口味, name 辣. A name may hold more slashes; the group ends at the first.

    Raises: InvalidTag
    """
    group, slash, name = (part.strip() for part in text.partition("/"))
    if not (group and slash and name) or max(len(group), len(name)) > MAX_PART or has_control(text):
        raise InvalidTag(text)
    return TagName(group, name)
