"""What the brand's people buy and send back. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from scrm.demo.haoweidao.goods import BY_TASTE, PRODUCTS, Product
from scrm.demo.haoweidao.people import Person, moment_of
from scrm.demo.haoweidao.seasons import sale_of, sales_between

CENT = Decimal("0.01")
SALE_DISCOUNT = Decimal("0.12")
# of a loyalty of 1: who buys in a sale beside the usual cycle
SALE_PULL = 0.4
CANCELLED, REFUNDED = 0.02, 0.03
# how numbers of the marketplace begin, and those of the brand's own shop
TMALL, SHOP = "TM", "HWD"


@dataclass(frozen=True)
class Line:
    """So many of one article."""

    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        """What they cost."""
        return self.product.price * self.quantity


@dataclass(frozen=True)
class Order:
    """One order of a person. `refund`: how much was given back `refund_after`."""

    person: Person
    number: str
    at: datetime
    lines: tuple[Line, ...]
    discount: Decimal
    is_cancelled: bool
    refund: Decimal | None = None
    refund_after: timedelta = timedelta(0)

    @property
    def known_at(self) -> datetime:
        """When the brand came to know of it: one of the marketplace when its buyer became a contact."""
        return max(self.at, self.person.acquired_at)

    @property
    def refunded_at(self) -> datetime:
        """When something was given back, if it was."""
        return self.at + self.refund_after

    @cached_property
    def amount(self) -> Decimal:
        """What was to be paid."""
        return sum((line.amount for line in self.lines), Decimal(0)) - self.discount


def orders_of(person: Person, *, last_date: date) -> list[Order]:
    """Invent a person's orders until the end of a day, oldest first.

    Who came by a parcel card had bought on a marketplace before: that order came to be known by her phone.
    """
    thrown = person.dice("orders")
    moments = sorted({at for at in _moments(person, last_date, thrown) if at.date() <= last_date})
    orders = [_order(person, place, at, thrown) for place, at in enumerate(moments, start=1)]
    if person.channel.slug != "parcel-card":
        return orders
    before = (person.acquired_at - timedelta(days=thrown.uniform(3, 26))).replace(microsecond=0)
    return [Order(person, f"{TMALL}{person.number:06}", before, _lines(person, thrown, 2), Decimal(0), False), *orders]


def _moments(person: Person, last_date: date, thrown: random.Random) -> Iterator[datetime]:
    """The usual cycle while it lasts, and sales on the way."""
    if thrown.random() >= person.channel.buys:
        return
    at = person.acquired_at + timedelta(hours=thrown.expovariate(1 / person.channel.first_hours) + 0.05)
    first = at
    yield at.replace(microsecond=0)
    while thrown.random() < person.loyalty and at.date() <= last_date:
        day = at.date() + timedelta(days=max(2, round(person.cycle_days * thrown.lognormvariate(0, 0.35))))
        at = moment_of(day, thrown)
        yield at
    for begin, end in sales_between(first=first.date() + timedelta(days=5), last=min(at.date(), last_date)):
        if thrown.random() < SALE_PULL * person.loyalty:
            yield moment_of(begin + timedelta(days=thrown.randint(0, (end - begin).days)), thrown)


def _order(person: Person, place: int, at: datetime, thrown: random.Random) -> Order:
    is_sale = sale_of(at.date()) is not None
    lines = _lines(person, thrown, thrown.choices((1, 2, 3, 4), (44, 38, 14, 4))[0] + is_sale)
    total = sum((line.amount for line in lines), Decimal(0))
    discount = (total * SALE_DISCOUNT).quantize(CENT) if is_sale else Decimal(0)
    chance = thrown.random()
    number, is_cancelled = f"{SHOP}{person.number:06}{place:03}", chance < CANCELLED
    if not CANCELLED <= chance < CANCELLED + REFUNDED:
        return Order(person, number, at, lines, discount, is_cancelled)
    back = total - discount if thrown.random() < 0.6 else min(lines[0].amount, total - discount)
    after = timedelta(seconds=thrown.randint(86_400, 8 * 86_400))
    return Order(person, number, at, lines, discount, is_cancelled, back, after)


def _lines(person: Person, thrown: random.Random, many: int) -> tuple[Line, ...]:
    """Mostly what she likes; of what costs little, more than one."""
    chosen: dict[str, Product] = {}
    for _ in range(many):
        product = thrown.choice(BY_TASTE[person.favourite] if thrown.random() < 0.7 else PRODUCTS)
        chosen[product.sku] = product
    return tuple(Line(one, thrown.choices((1, 2, 3), (6, 3, 1))[0] if one.price < 20 else 1) for one in chosen.values())
