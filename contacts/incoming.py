"""What clients send about tags, attributes, consent and notes: one source for decoding, limits and the schema. Pure."""

from typing import Annotated, Literal

import msgspec

from contacts.attributes import MAX_CHOICES
from contacts.notes import MAX_LENGTH
from tenants.incoming import Id, Incoming, Text200, Text254, limit

Identities = Annotated[
    dict[str, Text254 | None],
    limit(
        "invalid_identities",
        "Send an object of 1 to 20 identities by kind.",
        min_length=1,
        max_length=20,
        description="By kind: unionid, openid, external_userid, phone, email, shop:<source>.",
    ),
]
Name = Annotated[str, limit("invalid_name", "Send 1 to 60 characters.", min_length=1, max_length=60)]
Choices = Annotated[
    list[Text200],
    limit(
        "invalid_choices",
        f"Send at most {MAX_CHOICES} choices.",
        max_length=MAX_CHOICES,
        description="In the order in which they are offered; for the kind `choice` alone.",
    ),
]
Position = Annotated[int, limit("invalid_position", "Send a whole number from 0 to 32767.", ge=0, le=32_767)]


def _few_tags(description: str | None = None) -> msgspec.Meta:
    return limit("too_many_tags", "Send at most 100 tags.", max_length=100, description=description)


class TaggedContact(Incoming, frozen=True):
    """One contact, by our id or by identities (if by both, they must agree), and its tags, by name or by our id."""

    contact_id: Id | None = None
    identities: Identities | None = None
    tags: Annotated[list[Text200], _few_tags("Each `group/name`.")] = []
    tag_ids: Annotated[list[Id], _few_tags()] = []


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


class NoteNew(Incoming, frozen=True):
    """The body of `POST /contacts/{id}/notes`."""

    text: Annotated[
        str,
        limit("invalid_note", f"Send 1 to {MAX_LENGTH:,} characters.", min_length=1, max_length=MAX_LENGTH),
    ]
