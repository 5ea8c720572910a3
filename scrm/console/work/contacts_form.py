"""What the contact list is narrowed to and which columns it has, as its address tells it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from acquisition.models import Channel
from contacts import selectors as contact_selectors
from contacts.selectors import NO_CHANNEL, ContactFilters
from contacts.tags import TagName
from scrm.console.views import ConsoleRequest
from scrm.console.work.ranges import DayField
from scrm.contact_lists.columns import Column, chosen_columns
from scrm.contact_lists.filters import ListFilters, contact_filters
from segments.models import Segment
from tenants.access import BOARD_READERS
from tenants.models import Tenant

MOST_CHOSEN = 500
NOBODY = ListFilters(contact_ids=(0,))


class IdsField(forms.CharField):
    """Contacts chosen one by one: their ids with commas between them."""

    def clean(self, value: Any) -> tuple[int, ...]:
        told = super().clean(value)
        ids = [part for part in told.split(",") if part]
        if len(ids) > MOST_CHOSEN or not all(part.isdecimal() and len(part) < 19 for part in ids):
            raise forms.ValidationError(gettext_lazy("Choose at most 500 contacts."))
        return tuple(int(part) for part in ids)


class ContactForm(forms.Form):
    """What the list is narrowed to; every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=100)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    tag = forms.ChoiceField(label=gettext_lazy("Tag"), required=False)
    segment = forms.ChoiceField(label=gettext_lazy("Segment"), required=False)
    acquired_from = DayField(label=gettext_lazy("Acquired from"), required=False)
    acquired_to = DayField(label=gettext_lazy("to"), required=False)
    contacts = IdsField(required=False)

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
        if "contacts" in self.errors:
            return NOBODY
        return ListFilters(
            contact_ids=asked["contacts"],
            text=asked.get("q") or "",
            tag=TagName(*tag) if tag else None,
            channel=asked.get("channel") or None,
            segment=int(segment) if segment else None,
            acquired_from=asked.get("acquired_from"),
            acquired_to=asked.get("acquired_to"),
        )

    def whom(self) -> ListFilters:
        """The same to act on: with a field that is not understood nobody, and not everybody."""
        asked = self.asked()
        return NOBODY if self.errors else asked

    def filters(self) -> ContactFilters:
        """What is asked for, as the list's selectors take it."""
        return contact_filters(tenant=self.tenant, filters=self.asked())


def contact_form(request: ConsoleRequest) -> ContactForm:
    """The filters of the list that a page is about, as its address tells them to this role."""
    return ContactForm(request.GET, tenant=request.tenant, with_segments=request.membership.role in BOARD_READERS)


def columns_of(request: ConsoleRequest) -> list[Column]:
    """The columns that the list has: those of its address, else the member's choice."""
    asked = request.GET.get("columns", "")
    return chosen_columns(asked.split(",") if asked else request.membership.contact_columns)


def _segments(tenant: Tenant) -> list[tuple[str, str]]:
    """The published segments by name."""
    live = Segment.objects.for_tenant(tenant).filter(state=Segment.State.PUBLISHED).order_by("name")
    return [(str(pk), name) for pk, name in live.values_list("pk", "name")]
