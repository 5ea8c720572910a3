"""How orders and refunds are shown to REST clients. Money as decimal strings, times in UTC."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from orders.models import Order, OrderItem, Refund
from tenants.access import mask_phone
from tenants.money import to_string


class OrderRow(msgspec.Struct, frozen=True):
    """One order of a list; `base_amount` is in the tenant's currency."""

    id: int
    source: str
    external_id: str
    status: str
    paid_at: datetime | None
    currency: str
    amount: str
    discount: str
    shipping: str
    tax: str
    fx_rate: Decimal
    base_amount: str
    contact_id: int | None
    wait_reason: str | None
    version_at: datetime
    created_at: datetime
    updated_at: datetime


class ItemRow(msgspec.Struct, frozen=True):
    """One line of an order."""

    sku: str
    name: str
    category: str
    quantity: Decimal
    unit_price: str
    amount: str


class RefundRow(msgspec.Struct, frozen=True):
    """One refund. `origin`: `order` came with its order, `alone` by itself."""

    id: int
    source: str
    external_id: str
    origin: str
    order_id: int | None
    order_external_id: str | None
    contact_id: int | None
    wait_reason: str | None
    currency: str
    amount: str
    base_amount: str | None
    refunded_at: datetime


class OrderDetail(OrderRow, frozen=True, kw_only=True):
    """One order with its lines and its refunds. A brand manager's session gets the buyer's phone masked."""

    buyer: dict[str, Any]
    attributes: dict[str, Any]
    items: list[ItemRow]
    refunds: list[RefundRow]


def order_row(order: Order, *, base_currency: str) -> OrderRow:
    """Show an order in a list."""
    return OrderRow(**_order_fields(order, base_currency))


def order_detail(
    order: Order, *, items: list[OrderItem], refunds: list[Refund], base_currency: str, sees_full_phones: bool
) -> OrderDetail:
    """Show one order whole."""
    return OrderDetail(
        **_order_fields(order, base_currency),
        buyer=order.buyer if sees_full_phones else _masked(order.buyer),
        attributes=order.attributes,
        items=[_item_row(item, order.currency) for item in items],
        refunds=[refund_row(refund, base_currency=base_currency) for refund in refunds],
    )


def refund_row(refund: Refund, *, base_currency: str) -> RefundRow:
    """Show one refund."""
    base = refund.base_amount_minor
    return RefundRow(
        id=refund.pk,
        source=refund.source.slug,
        external_id=refund.external_id,
        origin=refund.origin,
        order_id=refund.order_id,
        order_external_id=refund.order_external_id or None,
        contact_id=refund.contact_id,
        wait_reason=refund.wait_reason or None,
        currency=refund.currency,
        amount=to_string(refund.amount_minor, refund.currency),
        base_amount=None if base is None else to_string(base, base_currency),
        refunded_at=refund.refunded_at,
    )


def _masked(buyer: dict[str, Any]) -> dict[str, Any]:
    """A buyer as kept, its phone masked."""
    told = buyer.get("identities", {})
    if "phone" not in told:
        return buyer
    return {**buyer, "identities": {**told, "phone": mask_phone(told["phone"])}}


def _order_fields(order: Order, base_currency: str) -> dict[str, Any]:
    return {
        "id": order.pk,
        "source": order.source.slug,
        "external_id": order.external_id,
        "status": order.status,
        "paid_at": order.paid_at,
        "currency": order.currency,
        "amount": to_string(order.amount_minor, order.currency),
        "discount": to_string(order.discount_minor, order.currency),
        "shipping": to_string(order.shipping_minor, order.currency),
        "tax": to_string(order.tax_minor, order.currency),
        "fx_rate": order.fx_rate,
        "base_amount": to_string(order.base_amount_minor, base_currency),
        "contact_id": order.contact_id,
        "wait_reason": order.wait_reason or None,
        "version_at": order.version_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def _item_row(item: OrderItem, currency: str) -> ItemRow:
    return ItemRow(
        sku=item.sku,
        name=item.name,
        category=item.category,
        quantity=item.quantity,
        unit_price=to_string(item.unit_price_minor, currency),
        amount=to_string(item.amount_minor, currency),
    )
