"""Notes about a contact: written, and deleted."""

from datetime import datetime
from typing import Any

from contacts.models import Contact, Note
from contacts.notes import clean_note
from tenants.models import Tenant
from tenants.services.audit import record_act


def add_note(*, tenant: Tenant, contact_id: int, text: str, actor: str, at: datetime) -> Note:
    """Keep a note about a contact.

    Raises: Contact.DoesNotExist, InvalidNote
    """
    text, contact = clean_note(text), Contact.objects.for_tenant(tenant).get(pk=contact_id)
    note: Note = Note.objects.create(tenant=tenant, contact=contact, text=text, actor=actor, created_at=at)
    return note


def delete_note(*, tenant: Tenant, contact_id: int, note_id: int, actor: str, at: datetime) -> Note:
    """Delete a note for good; as it was. The log keeps whose it was and about whom, not what it said.

    Raises: Note.DoesNotExist
    """
    notes = Note.objects.for_tenant(tenant).filter(contact_id=contact_id, pk=note_id)
    note: Note = notes.select_for_update(of=("self",)).select_related("contact").get()
    notes.delete()
    about: dict[str, Any] = {"contact": contact_id, "author": note.actor, "written_at": note.created_at.isoformat()}
    record_act(tenant=tenant, at=at, actor=actor, act="note.deleted", target=str(note.contact), **about)
    return note
