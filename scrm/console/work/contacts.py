"""The contact list and one contact's page."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import selectors as contact_selectors
from contacts.models import Contact
from contacts.selectors import Place, contact_rows
from orders.models import ContactStats
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.contacts_form import MOST_CHOSEN, columns_of, contact_form
from scrm.console.work.contacts_views import tabs
from scrm.console.work.paging import capped_count, cursor, parse_cursor
from scrm.console.work.selectors import contacts as selectors
from scrm.console.work.timeline import contact_story
from scrm.contact_lists.columns import COLUMNS, lines
from scrm.contact_lists.titles import TITLES
from sop.selectors.runs import runs_of
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


@console_view()
def contact_page(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """One contact: who, where from, what it brought, and everything that happened."""
    contact = contact_selectors.contact(tenant=request.tenant, contact_id=contact_id)
    if contact is None:
        raise Http404
    story = contact_story(request, contact.pk)
    told: dict[str, Any] = {
        "contact": contact,
        "story": story,
        "sees_touchpoints": request.membership.role in BOARD_READERS,
    }
    if wants_fragment(request):
        part = "contact_timeline_rows" if request.GET.get("before") else "contact_timeline"
        return fragment(request, f"console/{part}.html", **told)
    stats = selectors.stats_of(tenant=request.tenant, contact_ids=[contact.pk]).get(contact.pk)
    known = contact_selectors.known_as(tenant=request.tenant, contact_ids=[contact.pk])
    return page(
        request,
        "console/contact.html",
        title=contact.name or known.get(contact.pk, f"#{contact.pk}"),
        parent_title=_("Contacts"),
        parent_link=reverse("contacts"),
        **told,
        figures=_figures(contact, stats),
        stats=stats,
        value_minor=selectors.value_since_acquired(tenant=request.tenant, contact=contact),
        identities=contact_selectors.identities(tenant=request.tenant, contact_id=contact.pk),
        tags=contact_selectors.contact_tags(tenant=request.tenant, contact_ids=[contact.pk]),
        first_touch=selectors.first_touch(tenant=request.tenant, contact=contact),
        runs=runs_of(tenant=request.tenant, contact_id=contact.pk) if told["sees_touchpoints"] else [],
    )


def _figures(contact: Contact, stats: ContactStats | None) -> dict[str, Any]:
    gross, refunded = (stats.gross_minor, stats.refunded_minor) if stats else (0, 0)
    now = timezone.now()
    last = stats.last_purchase_at if stats else None
    return {
        "net_minor": gross - refunded,
        "gross_minor": gross,
        "refunded_minor": refunded,
        "purchases": stats.purchases if stats else 0,
        "age_days": (now - contact.acquired_at).days if contact.acquired_at else None,
        "idle_days": (now - last).days if last else None,
    }
