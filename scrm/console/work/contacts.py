"""The contact list and one contact's page."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from acquisition.models import Channel
from contacts import selectors as contact_selectors
from contacts.models import Contact
from contacts.selectors import NO_CHANNEL, ContactFilters, Place, contact_rows
from contacts.tags import TagName
from orders.models import ContactStats
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import capped_count, cursor, parse_cursor
from scrm.console.work.ranges import DayField
from scrm.console.work.selectors import contacts as selectors
from scrm.console.work.timeline import contact_story
from scrm.contact_lists.filters import ListFilters, contact_filters
from segments.models import Segment
from sop.selectors.runs import runs_of
from tenants.access import BOARD_READERS, EDITORS, sees_full_phones
from tenants.models import Tenant


class ContactForm(forms.Form):
    """What the list is narrowed to; every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=100)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    tag = forms.ChoiceField(label=gettext_lazy("Tag"), required=False)
    segment = forms.ChoiceField(label=gettext_lazy("Segment"), required=False)
    acquired_from = DayField(label=gettext_lazy("Acquired from"), required=False)
    acquired_to = DayField(label=gettext_lazy("to"), required=False)

    def __init__(self, data: Any, *, tenant: Tenant, with_segments: bool = True) -> None:
        super().__init__(data)
        self.tenant = tenant
        if with_segments:
            self.fields["segment"].choices = [("", gettext_lazy("All segments")), *_segments(tenant)]  # type: ignore[attr-defined]
        else:
            del self.fields["segment"]
        channels = Channel.objects.for_tenant(tenant).order_by("name").values_list("slug", "name")
        no_channel = (NO_CHANNEL, gettext_lazy("No channel"))
        self.tags = {str(tag.pk): (tag.group.name, tag.name) for tag in contact_selectors.tags(tenant=tenant)}
        tags = [(pk, "/".join(names)) for pk, names in self.tags.items()]
        self.fields["channel"].choices = [("", gettext_lazy("All channels")), *channels, no_channel]  # type: ignore[attr-defined]
        self.fields["tag"].choices = [("", gettext_lazy("All tags")), *tags]  # type: ignore[attr-defined]

    def asked(self) -> ListFilters:
        """What is asked for; a field that is not understood narrows nothing and says so beside itself."""
        self.is_valid()
        asked = self.cleaned_data
        tag = self.tags.get(asked.get("tag", ""))
        segment = asked.get("segment")
        return ListFilters(
            text=asked.get("q") or "",
            tag=TagName(*tag) if tag else None,
            channel=asked.get("channel") or None,
            segment=int(segment) if segment else None,
            acquired_from=asked.get("acquired_from"),
            acquired_to=asked.get("acquired_to"),
        )

    def filters(self) -> ContactFilters:
        """The same as the list's selectors take them."""
        return contact_filters(tenant=self.tenant, filters=self.asked())


def contact_form(request: ConsoleRequest) -> ContactForm:
    """The filters of the list that a page is about, as its address tells them to this role."""
    return ContactForm(request.GET, tenant=request.tenant, with_segments=request.membership.role in BOARD_READERS)


@console_view()
def contact_list(request: ConsoleRequest) -> HttpResponse:
    """Contacts, newest acquired first; htmx asks for the next rows, or for the whole result of a search."""
    form = contact_form(request)
    filters, after = form.filters(), parse_cursor(request.GET.get("after", ""))
    found = contact_rows(tenant=request.tenant, filters=filters, cursor=after and Place(*after))
    ids = [row.pk for row in found.contacts]
    stats = selectors.stats_of(tenant=request.tenant, contact_ids=ids)
    known = contact_selectors.known_as(tenant=request.tenant, contact_ids=ids)
    context: dict[str, Any] = {
        "form": form,
        "lines": [(row, stats.get(row.pk), known.get(row.pk, f"#{row.pk}")) for row in found.contacts],
        "after": cursor(found.next.acquired_at, found.next.id) if found.next else "",
        "query": query_without(request, "after"),
        "sees_full_phones": sees_full_phones(request.membership.role),
        "may_export": request.membership.role in BOARD_READERS,
        "may_tag": request.membership.role in EDITORS,
    }
    if after and wants_fragment(request):
        return fragment(request, "console/contacts_rows.html", **context)
    context["count"] = capped_count(contact_selectors.contact_list(tenant=request.tenant, filters=filters))
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


def _segments(tenant: Tenant) -> list[tuple[str, str]]:
    """The published segments by name."""
    live = Segment.objects.for_tenant(tenant).filter(state=Segment.State.PUBLISHED).order_by("name")
    return [(str(pk), name) for pk, name in live.values_list("pk", "name")]


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
