"""What can be asked about orders and refunds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from contacts.selectors import whole_instants
from contacts.timeline import TimelineItem, newest_items
from orders.models import Order, OrderItem, Refund
from tenants.models import Tenant
from tenants.scoping import TenantQuerySet

KINDS = ("order", "refund")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list shows; `paid_from` is inclusive, the others are exclusive."""

    source: str | None = None
    status: str | None = None
    contact_id: int | None = None
    paid_from: datetime | None = None
    paid_before: datetime | None = None
    updated_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that wait for one reason in one currency: how many and how much, in its minor units."""

    reason: str
    currency: str
    orders: int
    amount_minor: int


def orders(*, tenant: Tenant, wanted: OrderFilter) -> TenantQuerySet[Order]:
    """The tenant's orders that a filter wants, with their source. Shape: unordered; a list adds its key."""
    conditions = {
        "source__slug": wanted.source,
        "status": wanted.status,
        "contact_id": wanted.contact_id,
        "paid_at__gte": wanted.paid_from,
        "paid_at__lt": wanted.paid_before,
        "updated_at__gt": wanted.updated_after,
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    found: TenantQuerySet[Order] = Order.objects.for_tenant(tenant).filter(**given)
    return found.select_related("source")


def order(*, tenant: Tenant, order_id: int) -> Order | None:
    """One order with its source."""
    found: Order | None = Order.objects.for_tenant(tenant).filter(pk=order_id).select_related("source").first()
    return found


def items_of_order(*, tenant: Tenant, order_id: int) -> QuerySet[OrderItem]:
    """An order's lines, in its order."""
    lines: QuerySet[OrderItem] = OrderItem.objects.for_tenant(tenant).filter(order_id=order_id).order_by("position")
    return lines


def refunds_of_order(*, tenant: Tenant, order_id: int) -> QuerySet[Refund]:
    """An order's refunds, oldest first, those told better by a lone one left out."""
    return refunds(tenant=tenant).filter(order_id=order_id).order_by("refunded_at", "pk")


def refunds(
    *,
    tenant: Tenant,
    source: str | None = None,
    contact_id: int | None = None,
    order_external_id: str | None = None,
) -> TenantQuerySet[Refund]:
    """The tenant's refunds with their source, those told better by a lone one left out. Shape: unordered."""
    conditions = {"source__slug": source, "contact_id": contact_id, "order_external_id": order_external_id}
    given = {name: value for name, value in conditions.items() if value is not None}
    found: TenantQuerySet[Refund] = Refund.objects.for_tenant(tenant).filter(is_superseded=False, **given)
    return found.select_related("source")


def waiting_orders(*, tenant: Tenant) -> TenantQuerySet[Order]:
    """Orders without a contact with their source, newest first: the unmatched desk."""
    found: TenantQuerySet[Order] = (
        Order.objects.for_tenant(tenant).filter(contact__isnull=True).select_related("source").order_by("-pk")
    )
    return found


def waiting_refunds(*, tenant: Tenant) -> QuerySet[Refund]:
    """Refunds without a contact with source and order, newest first."""
    found = refunds(tenant=tenant).filter(contact__isnull=True)
    return found.select_related("source", "order").order_by("-pk")


def waiting_sums(*, tenant: Tenant) -> list[Waiting]:
    """How many orders wait and for how much. Shape: one row per reason and currency."""
    rows = (
        Order.objects.for_tenant(tenant)
        .filter(contact__isnull=True)
        .values("wait_reason", "currency")
        .annotate(orders=Count("pk"), amount_minor=Sum("amount_minor"))
        .order_by("wait_reason", "currency")
    )
    return [Waiting(row["wait_reason"], row["currency"], row["orders"], int(row["amount_minor"])) for row in rows]


def timeline_items(
    *,
    tenant: Tenant,
    contact_id: int,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] = KINDS,
) -> list[TimelineItem]:
    """A contact's orders and refunds, newest first; the shape and its paging: `contacts.timeline`.

    The subject of both is the order. An order stands where it was paid, before that where it came in.
    """
    items: list[TimelineItem] = []
    if "refund" in kinds:
        given_back = refunds(tenant=tenant, contact_id=contact_id).select_related("order", "source")
        items += map(_refund_item, whole_instants(given_back, "refunded_at", before=before, limit=limit))
    if "order" in kinds:
        placed = orders(tenant=tenant, wanted=OrderFilter(contact_id=contact_id))
        dated = placed.annotate(stands_at=Coalesce("paid_at", "created_at"))
        items += map(_order_item, whole_instants(dated, "stands_at", before=before, limit=limit))
    return newest_items(items, limit=limit)


def _order_item(order: Any) -> TimelineItem:
    is_paid = order.status == Order.Status.PAID
    return TimelineItem(
        at=order.stands_at,
        kind="order",
        title=order.external_id,
        detail=order.source.name if is_paid else f"{order.source.name} · {order.get_status_display()}",
        subject_id=order.pk,
        amount_minor=order.amount_minor,
        currency=order.currency,
    )


def _refund_item(refund: Refund) -> TimelineItem:
    of_order = _("of order %(number)s") % {"number": refund.order.external_id} if refund.order else ""
    return TimelineItem(
        at=refund.refunded_at,
        kind="refund",
        title=refund.external_id,
        detail=of_order or refund.source.name,
        subject_id=refund.order_id,
        amount_minor=-refund.amount_minor,
        currency=refund.currency,
    )
