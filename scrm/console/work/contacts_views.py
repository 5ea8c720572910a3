"""Named lists of contacts as tabs, and the columns that a member chose."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from contacts.models import SavedView
from contacts.selectors import saved_views
from contacts.services.views import ViewExists, delete_view, save_view
from scrm.console.views import ConsoleRequest, console_view
from scrm.console.work.address import query_without
from scrm.console.work.contacts_form import ContactForm, columns_of, contact_form
from scrm.contact_lists.columns import COLUMNS
from tenants.access import EDITORS
from tenants.models import Membership
from tenants.services.members import choose_contact_columns


@dataclass(frozen=True, slots=True)
class Tab:
    """A view above the list: where it leads, whether it is what is shown, and whether the member may delete it."""

    view: SavedView
    query: str
    is_open: bool
    may_delete: bool


class ViewForm(forms.Form):
    """What a view is called, and whose it is."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    is_shared = forms.BooleanField(label=gettext_lazy("For everybody"), required=False)


def tabs(request: ConsoleRequest, form: ContactForm) -> list[Tab]:
    """The member's views and the shared ones; the one whose filters and columns the address has is open."""
    shown = (_told(request, form), columns_of(request))
    membership = request.membership
    return [
        Tab(
            view,
            urlencode({**view.filters, "columns": ",".join(view.columns)}),
            is_open=(view.filters, view.columns) == shown,
            may_delete=membership.role == Membership.Role.OWNER or view.created_by_id == membership.user_id,
        )
        for view in saved_views(tenant=request.tenant, membership=membership)
    ]


@require_POST
@console_view()
def view_save(request: ConsoleRequest) -> HttpResponse:
    """Keep the list that the address tells under a name."""
    form, named, columns = contact_form(request), ViewForm(request.POST), columns_of(request)
    if not named.is_valid():
        messages.error(request, _("Give the view a name of at most 60 characters."))
        return _back(request)
    try:
        save_view(
            tenant=request.tenant,
            membership=request.membership,
            name=named.cleaned_data["name"],
            filters=_told(request, form),
            columns=columns,
            is_shared=named.cleaned_data["is_shared"] and request.membership.role in EDITORS,
            at=timezone.now(),
        )
    except ViewExists:
        messages.error(request, _("You have a view of this name; delete it first or choose another name."))
        return _back(request)
    return redirect(f"{reverse('contacts')}?{urlencode({**_told(request, form), 'columns': ','.join(columns)})}")


@require_POST
@console_view()
def view_delete(request: ConsoleRequest, view_id: int) -> HttpResponse:
    """Delete a view of one's own, or as an owner a shared one."""
    if not delete_view(tenant=request.tenant, membership=request.membership, view_id=view_id):
        raise Http404
    messages.success(request, _("The view is deleted; its contacts stay."))
    return redirect("contacts")


@require_POST
@console_view()
def columns_choose(request: ConsoleRequest) -> HttpResponse:
    """Show these columns to the member from now on."""
    chosen = [column for column in COLUMNS if column in request.POST.getlist("columns")]
    choose_contact_columns(membership=request.membership, columns=["name", *chosen] if chosen else [])
    return _back(request, "columns")


def _told(request: ConsoleRequest, form: ContactForm) -> dict[str, str]:
    """The address's filters that were understood."""
    asked: Any = request.GET
    form.is_valid()
    return {name: asked[name] for name in form.fields if asked.get(name) and name not in form.errors}


def _back(request: ConsoleRequest, *without: str) -> HttpResponse:
    return redirect(f"{reverse('contacts')}?{query_without(request, *without)}")
