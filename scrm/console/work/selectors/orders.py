"""What screens ask about orders beyond `orders.selectors`."""

from datetime import datetime

from django.db.models import Max, Sum

from orders.models import Order, Refund
from tenants.models import Tenant


def refunded_minor(*, tenant: Tenant, orders: list[Order]) -> dict[int, int]:
    """What was given back of each of these orders, in the tenant's currency; one statement."""
    rows = Refund.objects.for_tenant(tenant).filter(order__in=[order.pk for order in orders], is_superseded=False)
    return dict(rows.values("order_id").annotate(sum=Sum("base_amount_minor")).values_list("order_id", "sum"))


def last_received_at(*, tenant: Tenant) -> datetime | None:
    """When an order was last heard of."""
    newest: datetime | None = Order.objects.for_tenant(tenant).aggregate(at=Max("updated_at"))["at"]
    return newest


def last_paid_at(*, tenant: Tenant) -> datetime | None:
    """When the newest order was paid; read from the list's index."""
    newest: datetime | None = Order.objects.for_tenant(tenant).aggregate(at=Max("paid_at"))["at"]
    return newest


def last_refunded_at(*, tenant: Tenant) -> datetime | None:
    """When money was last given back."""
    newest: datetime | None = Refund.objects.for_tenant(tenant).aggregate(at=Max("refunded_at"))["at"]
    return newest
