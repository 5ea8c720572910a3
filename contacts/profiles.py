"""How what a source tells of a person changes what is kept: versions, and attributes key by key. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

ATTRIBUTES_MAX_KEYS = 100
ATTRIBUTES_MAX_BYTES = 8_192


class AttributesAreTooLarge(Exception):
    """What was told would leave a contact with more attributes than it may have; `positions`: in those rows."""

    code = "too_long"

    def __init__(self, *, positions: frozenset[int] = frozenset()) -> None:
        limits = {"keys": ATTRIBUTES_MAX_KEYS, "bytes": ATTRIBUTES_MAX_BYTES}
        said = _("A contact keeps at most %(keys)d attributes of %(bytes)d bytes together; null removes one.")
        super().__init__(said % limits)
        self.positions = positions


@dataclass(frozen=True, slots=True)
class Profile:
    """What is kept of one contact, and the source's version of it."""

    name: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    channel_id: int | None = None
    version_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a source says: None for what it does not speak of; an attribute's null removes it."""

    name: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    channel_id: int | None = None
    version_at: datetime | None = None


def is_stale(held: Profile, told: Told) -> bool:
    """Whether a newer version is held. What has no version is never stale."""
    return told.version_at is not None and held.version_at is not None and told.version_at < held.version_at


def merge(held: Profile, told: Told) -> Profile:
    """The profile after it was told something that is not stale.

    A newer version (or none) replaces what it names. The same version again only adds, and of two values the
    larger stays, so that two different tellings of one version end the same in either order.
    """
    again = told.version_at is not None and told.version_at == held.version_at
    return replace(
        held,
        name=held.name if told.name is None else max(held.name, told.name) if again else told.name,
        attributes=_merge_again(held, told) if again else merge_attributes(held.attributes, told.attributes),
        channel_id=_channel(held.channel_id, told.channel_id, again),
        version_at=told.version_at or held.version_at,
    )


def merge_attributes(held: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes key by key: given ones replace, null removes, others stay."""
    return {key: value for key, value in {**held, **told}.items() if value is not None}


def are_too_large(attributes: Mapping[str, Any]) -> bool:
    """Whether these are more attributes than one contact may have. Units: bytes of compact JSON in UTF-8."""
    if len(attributes) > ATTRIBUTES_MAX_KEYS:
        return True
    return bool(attributes) and len(msgspec.json.encode(attributes)) > ATTRIBUTES_MAX_BYTES


def _merge_again(held: Profile, told: Told) -> dict[str, Any]:
    kept = dict(held.attributes)
    for key, value in told.attributes.items():
        if value is not None:
            kept[key] = max(kept.get(key, value), value, key=_canonical)
    return kept


def _channel(held: int | None, told: int | None, again: bool) -> int | None:
    if told is None:
        return held
    return max(held, told) if again and held is not None else told


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
