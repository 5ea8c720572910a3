"""Keeping what refunds take from their orders in step with both."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from django.db import connection

from orders.derivations import OrderFacts, RefundFacts, derive_from_orders
from orders.models import Source
from orders.services import refunds_sql
from tenants.arrays import array_of
from tenants.models import Tenant


def derive_refunds(*, tenant: Tenant, order_ids: Iterable[int], at: datetime) -> None:
    """Link and value these orders' refunds from the rows as they are. Call it under the tenant's write
    lock."""
    orders = _read_orders(tenant, sorted(order_ids))
    refunds = _read_refunds(tenant, [(order.id, order.source_id, order.external_id) for order in orders])
    _write_derived(tenant, orders, refunds, at)


def derive_refunds_of(*, tenant: Tenant, source: Source, orders: Mapping[str, int], at: datetime) -> None:
    """The same for orders of one source by their external ids; most have no refunds to be read."""
    refunds = _read_refunds(tenant, [(order_id, source.pk, key) for key, order_id in orders.items()])
    named = {orders[refund.order_external_id] for refund in refunds}
    _write_derived(tenant, _read_orders(tenant, sorted(named)), refunds, at)


def _read_orders(tenant: Tenant, order_ids: list[int]) -> list[OrderFacts]:
    if not order_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(refunds_sql.READ_ORDERS, {"tenant_id": tenant.pk, "order_ids": array_of(order_ids)})
        return [OrderFacts(*row) for row in cursor.fetchall()]


def _read_refunds(tenant: Tenant, orders: list[tuple[int, int, str]]) -> list[RefundFacts]:
    if not orders:
        return []
    order_ids, source_ids, external_ids = map(array_of, zip(*orders, strict=True))
    wanted = {"order_ids": order_ids, "source_ids": source_ids, "external_ids": external_ids}
    with connection.cursor() as cursor:
        cursor.execute(refunds_sql.READ_REFUNDS, {"tenant_id": tenant.pk, **wanted})
        return [RefundFacts(*row) for row in cursor.fetchall()]


def _write_derived(tenant: Tenant, orders: list[OrderFacts], refunds: list[RefundFacts], at: datetime) -> None:
    derived = derive_from_orders(orders=orders, refunds=refunds, base_currency=tenant.currency)
    if derived:
        values = msgspec.json.encode({str(refund_id): values for refund_id, values in derived.items()}).decode()
        with connection.cursor() as cursor:
            cursor.execute(
                refunds_sql.WRITE_DERIVED,
                {"tenant_id": tenant.pk, "at": at, "refund_ids": sorted(derived), "derived": values},
            )
