"""The bodies that shops send: one source for decoding, for each field's limits and for the schema."""

from typing import Annotated, Literal

import msgspec

from tenants.incoming import (
    Amount,
    Attributes,
    Currency,
    ExternalId,
    Incoming,
    Instant,
    PositiveAmount,
    Quantity,
    Rate,
    Slug,
    Text60,
    Text100,
    Text200,
    Text254,
    Text300,
)

_SIGNED = 'Send a decimal string such as "-5.00", at most 12 digits before the point, never a JSON number.'
# a line may be a discount or something given back
SignedAmount = Annotated[
    str,
    msgspec.Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$(?!\n)", extra={"code": "invalid_decimal", "detail": _SIGNED}),
]
_AT_MOST_500 = msgspec.Meta(max_length=500, extra={"code": "too_many_items", "detail": "Send at most 500 lines."})


class Buyer(Incoming, frozen=True):
    """Who bought, by any identity the shop knows; a phone is normalised to E.164, an e-mail to lower case."""

    shop_buyer_id: ExternalId | None = None
    unionid: ExternalId | None = None
    openid: ExternalId | None = None
    external_userid: ExternalId | None = None
    phone: Text60 | None = None
    email: Text254 | None = None
    name: Text200 | None = None


class Item(Incoming, frozen=True):
    """One line of an order."""

    amount: SignedAmount
    sku: Text100 = ""
    name: Text300 = ""
    category: Text200 = ""
    quantity: Quantity = "1"
    unit_price: SignedAmount = "0"


class EmbeddedRefund(Incoming, frozen=True):
    """A refund as part of its order's full list; in the order's currency."""

    external_id: ExternalId
    amount: PositiveAmount
    refunded_at: Instant


class IncomingOrder(Incoming, frozen=True):
    """One version of an order. `updated_at` is the source's version; `refunds`, if present, the full list."""

    external_id: ExternalId
    status: Literal["pending", "paid", "cancelled"]
    updated_at: Instant
    currency: Currency
    amount: Amount
    paid_at: Instant | None = None
    discount: Amount = "0"
    shipping: Amount = "0"
    tax: Amount = "0"
    fx_rate: Rate | None = None
    buyer: Buyer = Buyer()
    items: Annotated[list[Item], _AT_MOST_500] = []
    refunds: Annotated[list[EmbeddedRefund], _AT_MOST_500] | None = None
    attributes: Attributes = {}


class IncomingRefund(Incoming, frozen=True):
    """A refund that arrives alone: of the order that it names, else of its buyer."""

    external_id: ExternalId
    amount: PositiveAmount
    currency: Currency
    refunded_at: Instant
    order_external_id: ExternalId | None = None
    buyer: Buyer = Buyer()
    updated_at: Instant | None = None


class OrdersBody(Incoming, frozen=True):
    """The body of `POST /orders/bulk`. `source` is a shop or ERP, made on first use."""

    source: Slug
    orders: list[IncomingOrder]


class RefundsBody(Incoming, frozen=True):
    """The body of `POST /refunds/bulk`."""

    source: Slug
    refunds: list[IncomingRefund]
