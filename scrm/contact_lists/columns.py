"""The columns of a list of contacts: which there are, and what each app tells for a page of people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from contacts import selectors as contacts
from contacts.models import Contact
from orders.models import ContactStats
from scrm.console.work.selectors.contacts import stats_of
from sop.selectors.runs import sops_now
from tenants.access import mask_phone
from tenants.models import Tenant
from tenants.money import to_decimal

Column = Literal["name", "phone", "channel", "tags", "acquired", "purchases", "net", "last_order", "sops"]
COLUMNS: tuple[Column, ...] = get_args(Column)
SHOWN_FIRST: tuple[Column, ...] = ("name", "phone", "channel", "acquired", "purchases", "net", "last_order")


def chosen_columns(names: Collection[str]) -> list[Column]:
    """The columns of these names in the list's order, the contact's name always first; none: what everybody sees."""
    chosen = [column for column in COLUMNS if column in names]
    return ["name", *(column for column in chosen if column != "name")] if chosen else list(SHOWN_FIRST)


@dataclass(frozen=True, slots=True)
class Line:
    """One contact with what the chosen columns show of it."""

    contact: Contact
    stats: ContactStats | None
    tags: Sequence[str]
    sops: Sequence[str]


def lines(*, tenant: Tenant, people: Sequence[Contact], columns: Collection[str]) -> list[Line]:
    """What the columns show of these contacts, in order: at most a statement a column, whatever their number."""
    ids = [contact.pk for contact in people]
    stats = stats_of(tenant=tenant, contact_ids=ids) if {"purchases", "net", "last_order"} & set(columns) else {}
    tags = contacts.tags_of(tenant=tenant, contact_ids=ids) if "tags" in columns else {}
    sops = sops_now(tenant=tenant, contact_ids=ids) if "sops" in columns else {}
    return [
        Line(contact, stats.get(contact.pk), tags.get(contact.pk, ()), sops.get(contact.pk, ())) for contact in people
    ]


def cells(line: Line, *, columns: Sequence[Column], tenant: Tenant, full_phones: bool) -> list[Any]:
    """A contact's id and these columns as values of a file; money in major units, instants in the tenant's zone."""
    contact, stats = line.contact, line.stats
    zone = ZoneInfo(tenant.timezone)
    values: dict[Column, Any] = {
        "name": contact.name,
        "phone": contact.phone if full_phones else mask_phone(contact.phone),
        "channel": contact.channel.name if contact.channel else "",
        "tags": "; ".join(line.tags),
        "acquired": contact.acquired_at.astimezone(zone) if contact.acquired_at else None,
        "purchases": stats.purchases if stats else 0,
        "net": to_decimal(stats.net_minor if stats else 0, tenant.currency),
        "last_order": stats.last_purchase_at.astimezone(zone) if stats and stats.last_purchase_at else None,
        "sops": "; ".join(line.sops),
    }
    return [contact.pk, *(values[column] for column in columns)]
