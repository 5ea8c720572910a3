"""A shop that speaks to us: bodies with sensible defaults, calls, and the rows that came of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from contacts.models import Identity
from orders.incoming import OrdersBody, RefundsBody
from orders.models import ContactStats, Order, OrderItem, Refund
from orders.services.orders import sync_orders
from orders.services.refunds import sync_refunds
from tenants.context import tenant_transaction
from tenants.incoming import decode_bulk
from tenants.models import FxRate, Tenant
from tenants.results import RowResult

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
PAID_AT = "2024-01-02T03:04:05Z"
LATER, EARLIER = "2024-02-01T00:00:00Z", "2023-12-01T00:00:00Z"


def order_body(external_id: str = "o1", **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "external_id": external_id,
        "status": "paid",
        "paid_at": PAID_AT,
        "updated_at": PAID_AT,
        "currency": "GBP",
        "amount": "30.00",
        "buyer": {"shop_buyer_id": "ann"},
        "items": [{"sku": "tea", "name": "Tea", "quantity": "2", "unit_price": "15.00", "amount": "30.00"}],
    }
    return body | fields


def listed(external_id: str = "r1", **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "amount": "10.00", "refunded_at": "2024-01-05T00:00:00Z"} | fields


def refund_body(external_id: str = "r1", **fields: Any) -> dict[str, Any]:
    return listed(external_id, currency="GBP") | fields


def post_orders(tenant: Tenant, *orders: dict[str, Any], source: str = "shop", at: datetime = AT) -> list[RowResult]:
    body = json.dumps({"source": source, "orders": orders}).encode()
    call = decode_bulk(body, envelope=OrdersBody, items="orders")
    with tenant_transaction(tenant.pk):
        done = sync_orders(tenant=tenant, source_slug=call.envelope.source, rows=call.rows, at=at)
    return sorted([*call.errors, *done], key=lambda result: result.index)


def post_refunds(tenant: Tenant, *refunds: dict[str, Any], source: str = "shop", at: datetime = AT) -> list[RowResult]:
    body = json.dumps({"source": source, "refunds": refunds}).encode()
    call = decode_bulk(body, envelope=RefundsBody, items="refunds")
    with tenant_transaction(tenant.pk):
        done = sync_refunds(tenant=tenant, source_slug=call.envelope.source, rows=call.rows, at=at)
    return sorted([*call.errors, *done], key=lambda result: result.index)


def statuses(results: list[RowResult]) -> list[str]:
    return [result.status for result in results]


def faults(results: list[RowResult]) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for result in results for error in result.errors]


def set_rate(tenant: Tenant, currency: str, day: str, rate: str) -> None:
    with tenant_transaction(tenant.pk):
        FxRate.objects.update_or_create(
            tenant=tenant, currency=currency, date=day, defaults={"rate": rate}, create_defaults=None
        )


def held_order(tenant: Tenant, external_id: str = "o1") -> Order:
    with tenant_transaction(tenant.pk):
        order: Order = Order.objects.for_tenant(tenant).get(external_id=external_id)
        return order


def held_refund(tenant: Tenant, external_id: str = "r1", origin: str = "alone") -> Refund:
    with tenant_transaction(tenant.pk):
        refund: Refund = Refund.objects.for_tenant(tenant).get(external_id=external_id, origin=origin)
        return refund


def stats(tenant: Tenant) -> dict[str, tuple[int, int, int]]:
    """(purchases, gross, refunded) by any one identity's value."""
    with tenant_transaction(tenant.pk):
        names = names_of_contacts(tenant)
        return {
            names[row.contact_id]: (row.purchases, row.gross_minor, row.refunded_minor)
            for row in ContactStats.objects.for_tenant(tenant)
        }


def names_of_contacts(tenant: Tenant) -> dict[int, str]:
    pairs = Identity.objects.for_tenant(tenant).order_by("-value").values_list("contact_id", "value")
    return dict(pairs)


def recomputed_stats(tenant: Tenant) -> dict[str, tuple[int, int, int]]:
    """The same sums, one row at a time."""
    sums: dict[str, list[int]] = {}
    with tenant_transaction(tenant.pk):
        names = names_of_contacts(tenant)
        for order in Order.objects.for_tenant(tenant).exclude(contact=None):
            of = sums.setdefault(names[order.contact_id], [0, 0, 0])
            if order.status == "paid" and order.amount_minor > 0:
                of[0] += 1
                of[1] += order.base_amount_minor
        for refund in Refund.objects.for_tenant(tenant).exclude(contact=None):
            of = sums.setdefault(names[refund.contact_id], [0, 0, 0])
            if not refund.is_superseded and (refund.order_id is None or refund.order.status == "paid"):
                of[2] += refund.base_amount_minor
    return {name: (of[0], of[1], of[2]) for name, of in sums.items()}


def everything(tenant: Tenant) -> dict[str, list[Any]]:
    """All order, item and refund rows less ids and times received; contacts and orders by their names."""
    hidden = {"id", "tenant_id", "source_id", "created_at", "updated_at"}
    with tenant_transaction(tenant.pk):
        contacts = names_of_contacts(tenant)
        orders = dict(Order.objects.for_tenant(tenant).values_list("id", "external_id"))

        def shown(row: dict[str, Any]) -> dict[str, Any]:
            named = {"contact_id": contacts, "order_id": orders}
            return {
                key: named[key].get(value, value) if key in named else value
                for key, value in row.items()
                if key not in hidden
            }

        return {
            model.__name__: sorted(
                (shown(row) for row in model.objects.for_tenant(tenant).values()),
                key=lambda row: sorted(map(str, row.items())),
            )
            for model in (Order, OrderItem, Refund)
        }


def minutes(count: int) -> str:
    return (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(minutes=count)).isoformat()
