"""Notes on one contact's page: written and deleted there, told in her timeline."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from contacts.models import Note
from contacts.notes import MAX_LENGTH, InvalidNote, clean_note
from contacts.selectors import contact
from contacts.services.notes import add_note, delete_note
from scrm.console.views import ConsoleRequest, by, console_view, fragment
from scrm.console.work.address import wants_fragment
from scrm.console.work.timeline import story_changed
from tenants.access import EDITORS


class NoteForm(forms.Form):
    """A note."""

    text = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea, strip=False)
    text.widget.attrs["maxlength"] = MAX_LENGTH

    def clean_text(self) -> str:
        """Raises: ValidationError"""
        try:
            return clean_note(self.cleaned_data["text"])
        except InvalidNote as error:
            raise forms.ValidationError(str(error)) from None


@require_POST
@console_view(roles=EDITORS)
def contact_notes(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Write a note: the form again, empty, or with what is wrong."""
    form = NoteForm(request.POST)
    context: dict[str, Any] = {"contact": contact(tenant=request.tenant, contact_id=contact_id)}
    if context["contact"] is None:
        raise Http404
    if not form.is_valid():
        return fragment(request, "console/contact_note.html", note_form=form, **context)
    add_note(**by(request), contact_id=contact_id, text=form.cleaned_data["text"])
    return story_changed(fragment(request, "console/contact_note.html", note_form=NoteForm(), **context))


@require_POST
@console_view(roles=EDITORS)
def contact_note_delete(request: ConsoleRequest, contact_id: int, note_id: int) -> HttpResponse:
    """Delete a note; nothing takes its place."""
    try:
        delete_note(**by(request), contact_id=contact_id, note_id=note_id)
    except Note.DoesNotExist:
        raise Http404 from None
    return HttpResponse() if wants_fragment(request) else redirect("contact", contact_id)
