"""One version of an order or refund on plain values: read, checked, normalised and hashed. Pure."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from django.utils.translation import gettext as _

from contacts.identities import InvalidIdentity, clean_name, normalise
from orders.incoming import Buyer, IncomingOrder, IncomingRefund, Item
from tenants.incoming import Row
from tenants.money import exponent
from tenants.results import FieldError

ATTRIBUTES_MAX_BYTES = 8_192
Version = tuple[datetime, str]
_PLAIN_KINDS = ("unionid", "openid", "external_userid", "phone", "email")
_plain_identities = attrgetter(*_PLAIN_KINDS)

_canonical = msgspec.json.Encoder(order="sorted", decimal_format="string")


class RowInvalid(Exception):
    """A row cannot be read; `errors` say why, with pointers inside the row."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = errors


V = TypeVar("V")


def read_rows(rows: Iterable[Row], read: Callable[[Row], V]) -> tuple[list[V], dict[int, list[FieldError]]]:
    """Read each row of a call. Shape: the versions that could be read; by row index, why the others could not."""
    versions: list[V] = []
    errors: dict[int, list[FieldError]] = {}
    for row in rows:
        try:
            versions.append(read(row))
        except RowInvalid as invalid:
            errors[row.index] = invalid.errors
    return versions, errors


class RefundLine(msgspec.Struct, frozen=True):
    """One refund of an order's list."""

    external_id: str
    amount_minor: int
    refunded_at: datetime


class OrderVersion(msgspec.Struct, frozen=True):
    """What one source said of one order at one version, money in minor units, identities normalised."""

    index: int
    external_id: str
    version: Version
    status: str
    paid_at: datetime | None
    currency: str
    amount_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    fx_rate: Decimal | None
    buyer: dict[str, Any]
    items: tuple[tuple[str, str, str, str, int, int], ...]
    attributes: dict[str, Any]
    refunds: tuple[RefundLine, ...] | None
    refunds_version: Version | None

    @property
    def dated_at(self) -> datetime:
        """The instant whose day's exchange rate holds."""
        return self.paid_at or self.version[0]


class RefundVersion(msgspec.Struct, frozen=True):
    """What one source said of a refund that came alone."""

    index: int
    external_id: str
    version: Version
    order_external_id: str
    buyer: dict[str, Any]
    currency: str
    amount_minor: int
    refunded_at: datetime
    fx_rate: None = None

    @property
    def dated_at(self) -> datetime:
        """The instant whose day's exchange rate holds."""
        return self.refunded_at


class Shop(msgspec.Struct, frozen=True):
    """Who sends: whose buyer ids are told, and where phone numbers without a country code belong."""

    source_slug: str
    phone_region: str | None = None


class _Reader:
    """Reads fields of one row and keeps what is wrong with each."""

    def __init__(self, currency: str, shop: Shop) -> None:
        self.errors: list[FieldError] = []
        self.shop = shop
        self.currency = currency
        self.places = exponent(currency)

    def fail(self, pointer: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(f"/{pointer}", code, detail))

    def money(self, pointer: str, amount: str) -> int:
        if amount == "0":
            return 0
        whole, _point, places = amount.partition(".")
        if len(places) > self.places:
            told = {"currency": self.currency, "places": self.places}
            self.fail(pointer, "too_many_decimals", _("%(currency)s has %(places)d decimals.") % told)
            return 0
        return int(whole + places.ljust(self.places, "0"))

    def buyer(self, buyer: Buyer) -> dict[str, Any]:
        """`{"identities": {kind: value}, "name": …}` without what is not known."""
        told: dict[str, Any] = {}
        identities: dict[str, str] = {}
        for field, kind, value in _identities(buyer, self.shop.source_slug):
            try:
                identities[kind] = normalise(kind, value, region=self.shop.phone_region)
            except InvalidIdentity as error:
                self.fail(f"buyer/{field}", error.code, str(error))
        if identities:
            told["identities"] = identities
        if buyer.name and (name := clean_name(buyer.name)):
            told["name"] = name
        return told

    def order(self, order: IncomingOrder) -> dict[str, Any]:
        """What an order's content hash covers: all but its refunds."""
        return {
            "status": order.status,
            "paid_at": None if order.paid_at is None else order.paid_at.astimezone(UTC),
            "currency": order.currency,
            "amount_minor": self.money("amount", order.amount),
            "discount_minor": self.money("discount", order.discount),
            "shipping_minor": self.money("shipping", order.shipping),
            "tax_minor": self.money("tax", order.tax),
            "fx_rate": None if order.fx_rate is None else Decimal(order.fx_rate).normalize(),
            "buyer": self.buyer(order.buyer),
            "items": tuple([self.item(position, item) for position, item in enumerate(order.items)]),
            "attributes": self.attributes(order.attributes),
        }

    def item(self, position: int, item: Item) -> tuple[str, str, str, str, int, int]:
        return (
            item.sku,
            item.name,
            item.category,
            item.quantity,
            self.money(f"items/{position}/unit_price", item.unit_price),
            self.money(f"items/{position}/amount", item.amount),
        )

    def refunds(self, order: IncomingOrder) -> tuple[RefundLine, ...] | None:
        if order.refunds is None:
            return None
        lines: dict[str, RefundLine] = {}
        for position, refund in enumerate(order.refunds):
            pointer = f"refunds/{position}"
            amount_minor = self.money(f"{pointer}/amount", refund.amount)
            if refund.external_id in lines:
                self.fail(f"{pointer}/external_id", "duplicate", _("Two refunds of one order have this number."))
            refunded_at = refund.refunded_at.astimezone(UTC)
            lines[refund.external_id] = RefundLine(refund.external_id, amount_minor, refunded_at)
        return tuple(lines[key] for key in sorted(lines))

    def attributes(self, attributes: dict[str, Any]) -> dict[str, Any]:
        if attributes and len(_canonical.encode(attributes)) > ATTRIBUTES_MAX_BYTES:
            self.fail("attributes", "too_long", _("Send at most %d bytes of attributes.") % ATTRIBUTES_MAX_BYTES)
        return attributes


def read_order(*, index: int, order: IncomingOrder, shop: Shop) -> OrderVersion:
    """Read one order of a call.

    Raises: RowInvalid
    """
    read = _Reader(order.currency, shop)
    if order.status == "paid" and order.paid_at is None:
        read.fail("paid_at", "required", _("A paid order says when it was paid."))
    content = read.order(order)
    refunds = read.refunds(order)
    if read.errors:
        raise RowInvalid(read.errors)
    version_at = order.updated_at.astimezone(UTC)
    return OrderVersion(
        index=index,
        external_id=order.external_id,
        version=(version_at, content_hash(content)),
        refunds=refunds,
        refunds_version=None if refunds is None else (version_at, content_hash((order.currency, refunds))),
        **content,
    )


def read_refund(*, index: int, refund: IncomingRefund, shop: Shop) -> RefundVersion:
    """Read one lone refund of a call.

    Raises: RowInvalid
    """
    read = _Reader(refund.currency, shop)
    refunded_at = refund.refunded_at.astimezone(UTC)
    version_at = refunded_at if refund.updated_at is None else refund.updated_at.astimezone(UTC)
    content: dict[str, Any] = {
        "order_external_id": refund.order_external_id or "",
        "buyer": read.buyer(refund.buyer),
        "currency": refund.currency,
        "amount_minor": read.money("amount", refund.amount),
        "refunded_at": refunded_at,
    }
    if read.errors:
        raise RowInvalid(read.errors)
    return RefundVersion(
        index=index, external_id=refund.external_id, version=(version_at, content_hash(content)), **content
    )


def content_hash(content: object) -> str:
    """128 bits of the canonical form: equal content has one hash, however it was written."""
    return blake2b(_canonical.encode(content), digest_size=16).hexdigest()


def is_newer(version: Version | None, held: Version | None) -> bool:
    """Whether a version replaces what is held; at one instant the larger hash wins."""
    return version is not None and (held is None or version > held)


def _identities(buyer: Buyer, source_slug: str) -> list[tuple[str, str, str]]:
    told = [(field, field, value) for field, value in zip(_PLAIN_KINDS, _plain_identities(buyer), strict=True) if value]
    if buyer.shop_buyer_id:
        told.insert(0, ("shop_buyer_id", f"shop:{source_slug}", buyer.shop_buyer_id))
    return told
