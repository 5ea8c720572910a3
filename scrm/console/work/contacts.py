"""The contact list."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from contacts import selectors as contact_selectors
from contacts.selectors import Place, contact_rows
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.contacts_form import MOST_CHOSEN, columns_of, contact_form
from scrm.console.work.contacts_views import tabs
from scrm.console.work.paging import capped_count, cursor, parse_cursor
from scrm.contact_lists.columns import COLUMNS, lines
from scrm.contact_lists.titles import TITLES
from tenants.access import BOARD_READERS, EDITORS, sees_full_phones


@console_view()
def contact_list(request: ConsoleRequest) -> HttpResponse:
    """Contacts, newest acquired first; htmx asks for the next rows, or for the whole result of a search."""
    form, columns = contact_form(request), columns_of(request)
    filters, after = form.filters(), parse_cursor(request.GET.get("after", ""))
    found = contact_rows(tenant=request.tenant, filters=filters, cursor=after and Place(*after))
    known = contact_selectors.known_as(tenant=request.tenant, contact_ids=[row.pk for row in found.contacts])
    context: dict[str, Any] = {
        "form": form,
        "columns": columns,
        "lines": [
            (line, known.get(line.contact.pk, f"#{line.contact.pk}"))
            for line in lines(tenant=request.tenant, people=found.contacts, columns=columns)
        ],
        "after": cursor(found.next.acquired_at, found.next.id) if found.next else "",
        "query": query_without(request, "after"),
        "sees_full_phones": sees_full_phones(request.membership.role),
        "may_export": request.membership.role in BOARD_READERS,
        "may_tag": request.membership.role in EDITORS,
    }
    if after and wants_fragment(request):
        return fragment(request, "console/contacts_rows.html", **context)
    context |= {
        "count": capped_count(contact_selectors.contact_list(tenant=request.tenant, filters=filters)),
        "titles": [(column, TITLES[column]) for column in columns],
        "pick": [(column, TITLES[column], column in columns) for column in COLUMNS if column != "name"],
        "tabs": tabs(request, form),
        "most_chosen": MOST_CHOSEN,
        "is_fragment": wants_fragment(request),
    }
    if wants_fragment(request):
        return fragment(request, "console/contacts_table.html", **context)
    return page(request, "console/contacts.html", title=_("Contacts"), **context)
