"""How tags, attributes, consent and notes are shown to REST clients. Times in UTC."""

import datetime as dt

import msgspec

from contacts.models import Attribute, Consent, Note, Tag, TagGroup


class TagGroupRow(msgspec.Struct, frozen=True):
    """One group and its number of tags."""

    id: int
    name: str
    tags: int


class TagRow(msgspec.Struct, frozen=True):
    """One tag; `people` carry it. Its name as `/contacts/bulk` takes it is `group/name`."""

    id: int
    group_id: int
    group: str
    name: str
    people: int


class AttributeRow(msgspec.Struct, frozen=True):
    """One attribute; `people` have a value of its kind under `key`. `kind`: text, number, date, yes_no or choice."""

    id: int
    key: str
    label: str
    kind: str
    choices: list[str]
    position: int
    people: int


class ConsentRow(msgspec.Struct, frozen=True):
    """Whether a contact may be reached one way, and since when."""

    contact_id: int
    touch_kind: str
    is_granted: bool
    changed_at: dt.datetime


class NoteRow(msgspec.Struct, frozen=True):
    """One note about a contact, by whom (a member, or a key) and when."""

    id: int
    contact_id: int
    text: str
    actor: str
    created_at: dt.datetime


def tag_group_row(group: TagGroup, *, tags: int) -> TagGroupRow:
    """Show a group."""
    return TagGroupRow(group.pk, group.name, tags)


def tag_row(tag: Tag, *, people: int) -> TagRow:
    """Show a tag with its group."""
    return TagRow(tag.pk, tag.group_id, tag.group.name, tag.name, people)


def attribute_row(attribute: Attribute, *, people: int) -> AttributeRow:
    """Show an attribute."""
    same = (attribute.key, attribute.label, attribute.kind, attribute.choices, attribute.position)
    return AttributeRow(attribute.pk, *same, people)


def consent_row(consent: Consent) -> ConsentRow:
    """Show what a contact last said."""
    return ConsentRow(consent.contact_id, consent.touch_kind, consent.is_granted, consent.changed_at)


def note_row(note: Note) -> NoteRow:
    """Show a note."""
    return NoteRow(note.pk, note.contact_id, note.text, note.actor, note.created_at)
