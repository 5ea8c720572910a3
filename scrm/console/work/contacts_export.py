"""The contact list as a file."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.address import query_without
from scrm.console.work.contacts_form import columns_of, contact_form
from scrm.console.work.jobs import requester
from scrm.contact_lists.columns import COLUMNS
from scrm.contact_lists.export import ask_for_export
from scrm.contact_lists.filters import count_found
from scrm.contact_lists.titles import TITLES
from tenants.access import BOARD_READERS, sees_full_phones
from tenants.addresses import client_address


class ExportForm(forms.Form):
    """Which columns the file has; the id is always the first."""

    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"),
        choices=[(column, TITLES[column]) for column in COLUMNS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one column.")},
    )


@console_view(roles=BOARD_READERS)
def export_contacts(request: ConsoleRequest) -> HttpResponse:
    """Ask for a file of everybody whom the contact list's filters find."""
    filters = contact_form(request).whom()
    form = ExportForm(request.POST if request.method == "POST" else None, initial={"columns": columns_of(request)})
    full_phones = sees_full_phones(request.membership.role)
    if request.method == "POST" and form.is_valid():
        job = ask_for_export(
            tenant=request.tenant,
            filters=filters,
            columns=form.cleaned_data["columns"],
            full_phones=full_phones,
            requester=requester(request),
            at=timezone.now(),
            address=client_address(request),
        )
        return redirect("job", job.pk)
    told: dict[str, Any] = {"form": form, "sees_full_phones": full_phones}
    return page(
        request, "console/contacts_export.html", title=_("Export these contacts"), parent_title=_("Contacts"),
        parent_link=f"{reverse('contacts')}?{query_without(request)}", **told,
        count=count_found(tenant=request.tenant, filters=filters), is_all=not filters.named,
    )  # fmt: skip
