"""What clients send about tags, attributes and consent: one source for decoding, limits and the API's schema. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contacts.attributes import MAX_CHOICES
from tenants.incoming import Id, Incoming, Text200, Text254

Identities = Annotated[
    dict[str, Text254 | None],
    Meta(
        min_length=1,
        max_length=20,
        description="By kind: unionid, openid, external_userid, phone, email, shop:<source>.",
        extra={"code": "invalid_identities", "detail": "Send an object of 1 to 20 identities by kind."},
    ),
]
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        extra={"code": "invalid_name", "detail": "Send 1 to 60 characters."},
    ),
]
Choices = Annotated[
    list[Text200],
    Meta(
        max_length=MAX_CHOICES,
        description="In the order in which they are offered; for the kind `choice` alone.",
        extra={"code": "invalid_choices", "detail": f"Send at most {MAX_CHOICES} choices."},
    ),
]
Position = Annotated[
    int,
    Meta(ge=0, le=32_767, extra={"code": "invalid_position", "detail": "Send a whole number from 0 to 32767."}),
]
_FEW_TAGS = {"code": "too_many_tags", "detail": "Send at most 100 tags."}


class TaggedContact(Incoming, frozen=True):
    """One contact, by our id or by identities (if by both, they must agree), and its tags, by name or by our id."""

    contact_id: Id | None = None
    identities: Identities | None = None
    tags: Annotated[list[Text200], Meta(max_length=100, description="Each `group/name`.", extra=_FEW_TAGS)] = []
    tag_ids: Annotated[list[Id], Meta(max_length=100, extra=_FEW_TAGS)] = []


class TagsBody(Incoming, frozen=True):
    """The body of `POST /tags/assign` and `/tags/remove`. `evidence` is what shows that it is right."""

    contacts: list[TaggedContact]
    source: Literal["import", "hand", "rule", "platform"] = "import"
    evidence: Text200 = ""


class TagGroupNew(Incoming, frozen=True):
    """The body of `POST /tag-groups`."""

    name: Name


class TagGroupEdit(Incoming, frozen=True):
    """The body of `PATCH /tag-groups/{id}`."""

    name: Name


class TagNew(Incoming, frozen=True):
    """The body of `POST /tags`."""

    group_id: Id
    name: Name


class TagEdit(Incoming, frozen=True):
    """The body of `PATCH /tags/{id}`."""

    group_id: Id | msgspec.UnsetType = msgspec.UNSET
    name: Name | msgspec.UnsetType = msgspec.UNSET


class AttributeNew(Incoming, frozen=True):
    """The body of `POST /attributes`. `key` is its name in a contact's `attributes`; key and kind stay for ever."""

    key: Name
    label: Name
    kind: Literal["text", "number", "date", "yes_no", "choice"]
    choices: Choices = []
    position: Position | None = None


class AttributeEdit(Incoming, frozen=True):
    """The body of `PATCH /attributes/{id}`."""

    label: Name | msgspec.UnsetType = msgspec.UNSET
    choices: Choices | msgspec.UnsetType = msgspec.UNSET
    position: Position | msgspec.UnsetType = msgspec.UNSET


class ConsentBody(Incoming, frozen=True):
    """The body of `POST /contacts/{id}/consent`. `evidence` is how we know."""

    touch_kind: Literal["private_chat"]
    is_granted: bool
    evidence: Text200 = ""
