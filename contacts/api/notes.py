"""`/contacts/{id}/notes`: what people wrote about a contact."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import incoming, selectors
from contacts.api import rows as shown
from contacts.api.refusals import refusals
from contacts.services.notes import add_note, delete_note
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.models import Tenant


class NoteListView(ListView):
    """Notes about a contact, newest first."""

    scopes = {"GET": "contacts:read", "POST": "contacts:write"}
    row = shown.NoteRow
    body = incoming.NoteNew
    answer = shown.NoteRow
    ordering = ("-created_at", "-id")

    def rows(self, *, tenant: Tenant, query: Any, contact_id: int) -> QuerySet[Any]:  # type: ignore[override]
        if selectors.contact(tenant=tenant, contact_id=contact_id) is None:
            raise Http404
        return selectors.notes(tenant=tenant, contact_id=contact_id)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [shown.note_row(note) for note in found]

    def post(self, request: Request, contact_id: int) -> HttpResponse:
        """Write a note about a contact."""
        new = self.read(request, incoming.NoteNew)
        with refusals():
            note = add_note(**self.by, contact_id=contact_id, text=new.text)
        return StructResponse(shown.note_row(note))


class NoteView(TenantAPIView):
    """Delete a note; the audit log says so, without what it said. It is answered as it was."""

    scopes = {"DELETE": "contacts:write"}
    answer = shown.NoteRow

    def delete(self, request: Request, contact_id: int, note_id: int) -> HttpResponse:
        with refusals():
            note = delete_note(**self.by, contact_id=contact_id, note_id=note_id)
        return StructResponse(shown.note_row(note))
