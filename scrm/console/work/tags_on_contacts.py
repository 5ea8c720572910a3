"""Tags put on contacts by hand: on one, or on all whom the contact list's filters find."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import selectors
from contacts.models import ContactTag
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without
from scrm.console.work.contacts_form import contact_form
from scrm.console.work.jobs import requester
from scrm.console.work.timeline import story_changed
from scrm.contact_lists.filters import ListFilters, count_found, found_before
from scrm.contact_lists.tagging import MOVES, ask_for_tagging
from scrm.figures import number
from tenants.access import EDITORS
from tenants.models import Job, Tenant

# more than these are left to a worker
AT_ONCE = 1_000


class MoveForm(forms.Form):
    """A tag, which must be chosen, and whether it is put on or taken off."""

    MOVES = [("put", gettext_lazy("put on")), ("take", gettext_lazy("take off"))]
    tag = forms.ChoiceField(label=gettext_lazy("Tag"))
    move = forms.ChoiceField(label=gettext_lazy("What to do"), choices=MOVES, initial="put")

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__(data)
        tags = [(str(tag.pk), str(tag)) for tag in selectors.tags(tenant=tenant)]
        self.fields["tag"].choices = [("", gettext_lazy("Choose a tag")), *tags]  # type: ignore[attr-defined]

    def apply(self, request: ConsoleRequest, contact_ids: list[int]) -> int:
        """Move the tag of these contacts; of how many it moved."""
        return MOVES[self.cleaned_data["move"]](
            tenant=request.tenant,
            contact_ids=contact_ids,
            tags=[int(self.cleaned_data["tag"])],
            source=ContactTag.Source.HAND,
            actor=str(request.user),
            at=timezone.now(),
        )

    def ask(self, request: ConsoleRequest, filters: ListFilters) -> Job:
        """Leave the move to a worker."""
        return ask_for_tagging(
            tenant=request.tenant,
            filters=filters,
            move=self.cleaned_data["move"],
            tag_id=int(self.cleaned_data["tag"]),
            requester=requester(request),
            at=timezone.now(),
        )


@console_view(roles=EDITORS)
def contact_tags(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """The tags of one contact as a piece of her page, to be put on and taken off."""
    if selectors.contact(tenant=request.tenant, contact_id=contact_id) is None:
        raise Http404
    form = MoveForm(request.POST or None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid():
        form.apply(request, [contact_id])
    rows = list(selectors.contact_tags(tenant=request.tenant, contact_ids=[contact_id]))
    carried = {str(row.tag_id) for row in rows}
    choices: list[tuple[str, str]] = form.fields["tag"].choices  # type: ignore[attr-defined]
    piece = fragment(
        request, "console/tags_of_contact.html", contact_id=contact_id, rows=rows, form=form,
        choices=[(pk, name) for pk, name in choices if pk and pk not in carried],
    )  # fmt: skip
    return story_changed(piece) if request.method == "POST" else piece


@console_view(roles=EDITORS)
def tag_contacts(request: ConsoleRequest) -> HttpResponse:
    """Move a tag of everybody whom the contact list's filters find: at once, or of more than AT_ONCE by a job."""
    filters = contact_form(request).whom()
    count = count_found(tenant=request.tenant, filters=filters)
    form = MoveForm(request.POST or None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid() and count:
        if count > AT_ONCE:
            return redirect("job", form.ask(request, filters).pk)
        found = found_before(tenant=request.tenant, filters=filters, before=None)
        ids = list(found.values_list("pk", flat=True))
        messages.success(request, _told(form.cleaned_data["move"], form.apply(request, ids)))
        return redirect(f"{reverse('contacts')}?{query_without(request)}")
    return page(
        request, "console/tags_bulk.html", title=_("Tag these contacts"), parent_title=_("Contacts"),
        parent_link=f"{reverse('contacts')}?{query_without(request)}", form=form, filters=filters,
        count=count, is_long=count > AT_ONCE,
    )  # fmt: skip


def _told(move: str, count: int) -> str:
    if move == "put":
        told = ngettext("Put on %(count)s contact.", "Put on %(count)s contacts.", count)
    else:
        told = ngettext("Taken off %(count)s contact.", "Taken off %(count)s contacts.", count)
    return told % {"count": number(count)}
