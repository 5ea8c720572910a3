"""One contact's story: orders, refunds and touches in one order, newest first, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from acquisition.models import Touch
from contacts.models import Contact
from orders.models import Order, Refund
from scrm.console.work.paging import Page, instant
from tenants.models import Tenant

KINDS = ("touch", "order", "refund")
TIMELINE_SIZE = 30


@dataclass(frozen=True)
class Entry:
    """One thing that happened to a contact; `what` is the order, refund or touch."""

    at: datetime
    kind: str
    what: Any

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it stands: by time, of one instant by kind, then by id."""
        return self.at, KINDS.index(self.kind), self.what.pk


def timeline(*, tenant: Tenant, contact: Contact, after: str, size: int = TIMELINE_SIZE) -> Page[Entry]:
    """Take the entries behind `after`; three statements whatever there is."""
    place = _parse(after)
    found: list[Entry] = []
    for kind, rows in _sources(tenant, contact).items():
        behind = rows.filter(_before(kind, place)).order_by("-timeline_at", "-id")[: size + 1]
        found += [Entry(row.timeline_at, kind, row) for row in behind]
    found.sort(key=lambda entry: entry.place, reverse=True)
    shown = found[:size]
    return Page(shown, _mark(shown[-1]) if len(found) > size else "")


def _sources(tenant: Tenant, contact: Contact) -> dict[str, QuerySet[Any]]:
    touches = Touch.objects.for_tenant(tenant).filter(contact=contact).select_related("channel")
    orders = Order.objects.for_tenant(tenant).filter(contact=contact).select_related("source")
    refunds = Refund.objects.for_tenant(tenant).filter(contact=contact, is_superseded=False)
    return {
        "touch": touches.annotate(timeline_at=F("happened_at")),
        "order": orders.annotate(timeline_at=Coalesce("paid_at", "created_at")),
        "refund": refunds.select_related("order", "source").annotate(timeline_at=F("refunded_at")),
    }


def _before(kind: str, place: tuple[datetime, int, int] | None) -> Q:
    if place is None:
        return Q()
    at, rank, pk = place
    mine = KINDS.index(kind)
    tie = Q(timeline_at=at, id__lt=pk) if mine == rank else Q(timeline_at=at) if mine < rank else Q(pk__in=[])
    return Q(timeline_at__lt=at) | tie


def _mark(entry: Entry) -> str:
    return f"{entry.at.isoformat()}~{entry.kind}~{entry.what.pk}"


def _parse(text: str) -> tuple[datetime, int, int] | None:
    parts = text.split("~")
    try:
        at, kind, pk = instant(parts[0]), KINDS.index(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None
    return at, kind, pk
