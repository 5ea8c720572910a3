"""What refunds take from the order that they belong to. Pure."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tenants.money import MAX_MINOR, convert

# as `models.Refund.Origin` and `models.WaitReason` store them
ALONE, OTHER_CURRENCY = "alone", "currency"


class OrderFacts(msgspec.Struct, frozen=True):
    """What an order's refunds depend on."""

    id: int
    source_id: int
    external_id: str
    contact_id: int | None
    wait_reason: str
    currency: str
    fx_rate: Decimal


class RefundFacts(msgspec.Struct, frozen=True):
    """A refund as it is, with what was derived for it before."""

    id: int
    origin: str
    source_id: int
    external_id: str
    order_id: int | None
    order_external_id: str
    contact_id: int | None
    wait_reason: str
    currency: str
    amount_minor: int
    base_amount_minor: int | None
    is_superseded: bool


class Derived(msgspec.Struct, frozen=True):
    """What a refund takes from its order; it counts once it has a contact."""

    order_id: int
    contact_id: int | None
    wait_reason: str
    base_amount_minor: int | None
    is_superseded: bool


def derive_from_orders(
    *, orders: Iterable[OrderFacts], refunds: Iterable[RefundFacts], base_currency: str
) -> dict[int, Derived]:
    """Derive every refund of these orders. Shape: by refund id, only what differs from what it has.

    A refund in another currency than its order's waits; one on the order's list gives way to a lone one of
    its number.
    """
    named = {(order.source_id, order.external_id): order for order in orders}
    pairs = [
        (refund, order) for refund in refunds if (order := named.get((refund.source_id, refund.order_external_id)))
    ]
    told_alone = {(order.id, refund.external_id) for refund, order in pairs if refund.origin == ALONE}
    derived = {
        refund.id: _derive(
            order,
            refund,
            refund.origin != ALONE and (order.id, refund.external_id) in told_alone,
            base_currency,
        )
        for refund, order in pairs
    }
    return {refund.id: derived[refund.id] for refund, _ in pairs if derived[refund.id] != _as_it_is(refund)}


def _derive(order: OrderFacts, refund: RefundFacts, is_superseded: bool, base_currency: str) -> Derived:
    if refund.currency == order.currency:
        base = convert(refund.amount_minor, currency=order.currency, rate=order.fx_rate, to=base_currency)
        if base <= MAX_MINOR:
            return Derived(order.id, order.contact_id, order.wait_reason, base, is_superseded)
    return Derived(order.id, None, OTHER_CURRENCY, None, is_superseded)


def _as_it_is(refund: RefundFacts) -> Derived | None:
    if refund.order_id is None:
        return None
    return Derived(
        refund.order_id, refund.contact_id, refund.wait_reason, refund.base_amount_minor, refund.is_superseded
    )
