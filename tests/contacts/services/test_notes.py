"""Notes about a contact: written, and deleted."""

from typing import Any

import pytest

from contacts.models import Contact, Note
from contacts.notes import InvalidNote
from contacts.services.notes import add_note, delete_note
from tenants.models import AuditEntry
from tests.cast import AT
from tests.contacts.crowd import make_people


@pytest.fixture
def ann(acme: Any) -> int:
    return make_people(acme, "ann")[0]


def notes(tenant: Any) -> list[tuple[Any, ...]]:
    rows = Note.objects.for_tenant(tenant).order_by("pk")
    return list(rows.values_list("contact_id", "text", "actor", "created_at"))


def test_a_note_is_kept_with_who_and_when(acme: Any, ann: int, inside: Any) -> None:
    with inside(acme):
        add_note(tenant=acme, contact_id=ann, text=" 喜欢辣的\r\n不要花生 ", actor="bob", at=AT)

        assert notes(acme) == [(ann, "喜欢辣的\n不要花生", "bob", AT)]
        assert not AuditEntry.objects.for_tenant(acme).exists()


def test_what_is_no_note_and_who_is_nobody_are_refused(acme: Any, globex: Any, ann: int, inside: Any) -> None:
    (theirs,) = make_people(globex, "wang")
    with inside(acme):
        with pytest.raises(InvalidNote):
            add_note(tenant=acme, contact_id=ann, text=" ", actor="bob", at=AT)
        for stranger in (theirs, 10**12):
            with pytest.raises(Contact.DoesNotExist):
                add_note(tenant=acme, contact_id=stranger, text="hello", actor="bob", at=AT)

        assert notes(acme) == []


def test_a_deletion_is_in_the_log_without_what_the_note_said(acme: Any, ann: int, inside: Any) -> None:
    with inside(acme):
        kept, gone = (add_note(tenant=acme, contact_id=ann, text=text, actor="bob", at=AT) for text in ("a", "secret"))

        was = delete_note(tenant=acme, contact_id=ann, note_id=gone.pk, actor="alice", at=AT)

        assert (was.text, [text for _contact, text, *_ in notes(acme)]) == ("secret", [kept.text])
        logged = AuditEntry.objects.for_tenant(acme).get()
        assert (logged.act, logged.actor, logged.target) == ("note.deleted", "alice", f"#{ann}")
        assert logged.detail == {"contact": ann, "author": "bob", "written_at": AT.isoformat()}


def test_a_note_is_deleted_once_and_of_its_contact_alone(acme: Any, ann: int, inside: Any) -> None:
    (ben,) = make_people(acme, "ben")
    with inside(acme):
        note = add_note(tenant=acme, contact_id=ann, text="a", actor="bob", at=AT)
        for contact_id, note_id in ((ben, note.pk), (ann, note.pk + 1)):
            with pytest.raises(Note.DoesNotExist):
                delete_note(tenant=acme, contact_id=contact_id, note_id=note_id, actor="alice", at=AT)
        delete_note(tenant=acme, contact_id=ann, note_id=note.pk, actor="alice", at=AT)
        with pytest.raises(Note.DoesNotExist):
            delete_note(tenant=acme, contact_id=ann, note_id=note.pk, actor="alice", at=AT)

        assert AuditEntry.objects.for_tenant(acme).count() == 1


def test_notes_go_with_their_contact(acme: Any, ann: int, inside: Any) -> None:
    with inside(acme):
        add_note(tenant=acme, contact_id=ann, text="a", actor="bob", at=AT)
        Contact.objects.for_tenant(acme).filter(pk=ann).delete()

        assert notes(acme) == []
