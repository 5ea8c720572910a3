"""What the contact list and one contact's page show beside the contact itself."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Sum

from acquisition.models import Touch
from analytics.models import CohortFact
from contacts import selectors as contact_selectors
from contacts.models import Contact
from orders.models import ContactStats
from tenants.models import Tenant


def stats_of(*, tenant: Tenant, contact_ids: Iterable[int]) -> dict[int, ContactStats]:
    """The sums of a page of contacts, by contact; one statement."""
    rows = ContactStats.objects.for_tenant(tenant).filter(contact__in=list(contact_ids))
    return {row.contact_id: row for row in rows}


def names_of(*, tenant: Tenant, contact_ids: Iterable[int]) -> dict[int, str]:
    """What to call those of these ids that are contacts; two statements."""
    people = Contact.objects.for_tenant(tenant).filter(pk__in=set(contact_ids)).values_list("pk", "name")
    named = dict(people)
    nameless = [pk for pk, name in named.items() if not name]
    known = contact_selectors.known_as(tenant=tenant, contact_ids=nameless)
    return {pk: name or known.get(pk, f"#{pk}") for pk, name in named.items()}


def first_touch(*, tenant: Tenant, contact: Contact) -> Touch | None:
    """The touch that acquired a contact: the earliest, ties by channel slug."""
    rows = Touch.objects.for_tenant(tenant).filter(contact=contact).select_related("channel")
    found: Touch | None = rows.order_by("happened_at", "channel__slug").first()
    return found


def last_acquired_at(*, tenant: Tenant) -> datetime | None:
    """When the newest contact was acquired; read from the list's index."""
    newest: datetime | None = Contact.objects.for_tenant(tenant).aggregate(at=Max("acquired_at"))["at"]
    return newest


def value_since_acquired(*, tenant: Tenant, contact: Contact) -> int:
    """A contact's CLV so far, as the boards count it: net since acquisition. Units: the tenant's minor units."""
    facts = CohortFact.objects.for_tenant(tenant).filter(contact=contact)
    return int(facts.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
