"""Whom a list shows, as plain values: what a form, a call or a saved view asks for, to be kept and asked again."""

from datetime import date
from typing import Any

import msgspec

from contacts.models import Contact
from contacts.selectors import ContactFilters, Contacts, contact_list
from contacts.tags import TagName
from segments.selectors.members import member_ids
from tenants.models import Tenant


class ListFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list is narrowed to; `contact_ids`: these and nobody else. Days are the tenant's, both included."""

    text: str = ""
    tag: TagName | None = None
    channel: str | None = None
    segment: int | None = None
    acquired_from: date | None = None
    acquired_to: date | None = None
    contact_ids: tuple[int, ...] = ()

    @property
    def named(self) -> list[str]:
        """Which filters are set, without what they say: a text may be somebody's phone."""
        return [name for name in self.__struct_fields__ if getattr(self, name) not in ("", None, ())]


def read_filters(kept: Any) -> ListFilters:
    """Filters as `msgspec.to_builtins` left them.

    Raises: msgspec.ValidationError
    """
    return msgspec.convert(kept, ListFilters)


def contact_filters(*, tenant: Tenant, filters: ListFilters) -> ContactFilters:
    """The same as the list's selectors take them."""
    among: Any = None
    if filters.contact_ids:
        among = Contact.objects.for_tenant(tenant).filter(pk__in=filters.contact_ids).values_list("pk", flat=True)
    elif filters.segment is not None:
        among = member_ids(tenant=tenant, segment_id=filters.segment)
    return ContactFilters(
        text=filters.text,
        tag=filters.tag,
        channel=filters.channel,
        acquired_from=filters.acquired_from,
        acquired_to=filters.acquired_to,
        among=among,
    )


def count_found(*, tenant: Tenant, filters: ListFilters) -> int:
    """How many the filters find now."""
    return contact_list(tenant=tenant, filters=contact_filters(tenant=tenant, filters=filters)).order_by().count()


def found_before(*, tenant: Tenant, filters: ListFilters, before: int | None) -> Contacts:
    """Those found whose ids are below one (None: all of them), newest contact first.

    Who comes in while a job walks down the ids is above it and is not met.
    """
    found = contact_list(tenant=tenant, filters=contact_filters(tenant=tenant, filters=filters)).order_by("-pk")
    return found if before is None else found.filter(pk__lt=before)
