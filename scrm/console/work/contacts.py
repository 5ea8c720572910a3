"""The contact list."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from acquisition.models import Channel
from contacts import selectors as contact_selectors
from contacts.selectors import NO_CHANNEL, ContactFilters, Place, contact_rows
from contacts.tags import TagName
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import capped_count, cursor, parse_cursor
from scrm.console.work.ranges import DayField
from scrm.console.work.selectors import contacts as selectors
from segments.models import Segment
from segments.selectors.members import member_ids
from tenants.access import BOARD_READERS, sees_full_phones
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

    def filters(self) -> ContactFilters:
        """What is asked for; a field that is not understood narrows nothing and says so beside itself."""
        self.is_valid()
        asked = self.cleaned_data
        tag = self.tags.get(asked.get("tag", ""))
        segment = asked.get("segment")
        return ContactFilters(
            text=asked.get("q") or "",
            tag=TagName(*tag) if tag else None,
            channel=asked.get("channel") or None,
            acquired_from=asked.get("acquired_from"),
            acquired_to=asked.get("acquired_to"),
            among=member_ids(tenant=self.tenant, segment_id=int(segment)) if segment else None,
        )


@console_view()
def contact_list(request: ConsoleRequest) -> HttpResponse:
    """Contacts, newest acquired first; htmx asks for the next rows, or for the whole result of a search."""
    with_segments = request.membership.role in BOARD_READERS
    form = ContactForm(request.GET, tenant=request.tenant, with_segments=with_segments)
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
    }
    if after and wants_fragment(request):
        return fragment(request, "console/contacts_rows.html", **context)
    context["count"] = capped_count(contact_selectors.contact_list(tenant=request.tenant, filters=filters))
    if wants_fragment(request):
        return fragment(request, "console/contacts_table.html", **context)
    return page(request, "console/contacts.html", title=_("Contacts"), **context)


def _segments(tenant: Tenant) -> list[tuple[str, str]]:
    """The published segments by name."""
    live = Segment.objects.for_tenant(tenant).filter(state=Segment.State.PUBLISHED).order_by("name")
    return [(str(pk), name) for pk, name in live.values_list("pk", "name")]
