"""The brand's whole history as bodies of API calls, by when it came to be known, and what must come out of it. Pure.

The same number of people and the same day give the same rows.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

from scrm.demo.haoweidao.orders import TMALL, Order, orders_of
from scrm.demo.haoweidao.people import WINDOW_DAYS, Person, make_people
from scrm.demo.haoweidao.spend import spend_rows
from scrm.demo.haoweidao.tags import Learned, learned
from scrm.demo.online_retail import Totals

PEOPLE = 20_000
CURRENCY = "CNY"
SHOP_SOURCE, TMALL_SOURCE = "mini-program", "tmall"
SOURCE_NAMES = {SHOP_SOURCE: "小程序", TMALL_SOURCE: "天猫"}
# one order of so many names somebody else's phone: it waits for a person who decides whose it is
ODD_EVERY = 4_999
# what was ordered so shortly before the end is not paid yet, in one case of so many
UNPAID_WITHIN, UNPAID_EVERY = timedelta(hours=20), 9

JsonRow = dict[str, Any]
_T = TypeVar("_T")


class Lane(Generic[_T]):
    """Rows in the order in which they came to be known."""

    def __init__(self, rows: Iterable[_T], instant: Callable[[_T], datetime]) -> None:
        self.rows = sorted(rows, key=instant)
        self.instants = [instant(row) for row in self.rows]

    def between(self, since: datetime | None, until: datetime) -> Sequence[_T]:
        """Those after one instant and up to another."""
        first = 0 if since is None else bisect_right(self.instants, since)
        return self.rows[first : bisect_right(self.instants, until)]


class World:
    """Everybody and every order until the end of `last_date`.

    `by_person`: orders by the number of their person, oldest first. `odd`: order number → whose phone it names.
    """

    def __init__(self, *, last_date: date, people: Sequence[Person]) -> None:
        self.last_date = last_date
        self.by_person = {one.number: orders_of(one, last_date=last_date) for one in people}
        orders = [order for found in self.by_person.values() for order in found]
        self.people = Lane(people, attrgetter("acquired_at"))
        self.orders = Lane(orders, attrgetter("known_at"))
        self.refunds = Lane((one for one in orders if one.refund), lambda one: one.refunded_at)
        self.refusals = Lane((one for one in people if one.refused_at), attrgetter("refused_at"))
        hints = [(order.known_at, order.person) for order in orders]
        hints += [(one.answered_at, one) for one in people if one.answered_at]
        self.hints = Lane(hints, itemgetter(0))
        self.odd = _odd(self.people.rows, self.orders.rows)

    @property
    def first_date(self) -> date:
        """The first day on which somebody came."""
        return self.last_date - timedelta(days=WINDOW_DAYS - 1)

    def contact_rows(self, *, since: datetime | None, until: datetime) -> list[JsonRow]:
        """The people who came, as they are told."""
        return [_contact_row(person) for person in self.people.between(since, until)]

    def order_rows(self, *, since: datetime | None, until: datetime) -> dict[str, list[JsonRow]]:
        """By shop, the orders that came to be known."""
        rows: dict[str, list[JsonRow]] = {SHOP_SOURCE: [], TMALL_SOURCE: []}
        for order in self.orders.between(since, until):
            rows[_source(order)].append(self._order_row(order))
        return {source: found for source, found in rows.items() if found}

    def refund_rows(self, *, since: datetime | None, until: datetime) -> list[JsonRow]:
        """What was given back."""
        return [_refund_row(order) for order in self.refunds.between(since, until)]

    def spend_rows(self) -> list[JsonRow]:
        """What the channels cost before the last day."""
        return spend_rows(self.people.rows, before=self.last_date)

    def learned(self, *, since: datetime | None, until: datetime) -> Iterator[Learned]:
        """What came to be known of people's tastes."""
        for person in dict.fromkeys(person for _at, person in self.hints.between(since, until)):
            yield from learned(person, self.by_person[person.number], since=since, until=until)

    def totals(self, *, until: datetime) -> Totals:
        """Sum it plainly, up to an instant."""
        net = Decimal(0)
        for order in self.orders.between(None, until):
            if order.at >= order.person.acquired_at and self._counts(order):
                is_back = order.refund is not None and order.refunded_at <= until
                net += order.amount - (order.refund or 0 if is_back else 0)
        return Totals(contacts=len(self.people.between(None, until)), net=net)

    def _order_row(self, order: Order) -> JsonRow:
        is_unpaid = order.is_cancelled or self._is_pending(order)
        odd = self.odd.get(order.number)
        buyer = {"phone": order.person.phone} if _source(order) == TMALL_SOURCE else {"unionid": order.person.unionid}
        return {
            "external_id": order.number,
            "status": "cancelled" if order.is_cancelled else "pending" if is_unpaid else "paid",
            "paid_at": None if is_unpaid else order.at.isoformat(),
            "updated_at": order.at.isoformat(),
            "currency": CURRENCY,
            "amount": str(order.amount),
            "discount": str(order.discount),
            "buyer": {**buyer, "phone": odd.phone} if odd else buyer,
            "items": [
                {
                    "sku": line.product.sku,
                    "name": line.product.name,
                    "category": line.product.taste,
                    "quantity": str(line.quantity),
                    "unit_price": str(line.product.price),
                    "amount": str(line.amount),
                }
                for line in order.lines
            ],
        }

    def _counts(self, order: Order) -> bool:
        return not (order.is_cancelled or order.number in self.odd or self._is_pending(order))

    def _is_pending(self, order: Order) -> bool:
        end = datetime.combine(self.last_date + timedelta(days=1), datetime.min.time(), order.at.tzinfo)
        return order.at > end - UNPAID_WITHIN and order.person.number % UNPAID_EVERY == 0


def make_world(*, last_date: date, people: int = PEOPLE) -> World:
    """Invent everything until the end of a day."""
    return World(last_date=last_date, people=make_people(count=people, last_date=last_date))


def _odd(people: Sequence[Person], orders: Sequence[Order]) -> dict[str, Person]:
    """Orders with the phone of somebody who came long before."""
    reachable = [one for one in people if one.phone]
    found: dict[str, Person] = {}
    for place, order in enumerate(orders[ODD_EVERY - 1 :: ODD_EVERY], start=1):
        other = reachable[place * 7 % len(reachable)]
        if not (order.number.startswith(TMALL) or order.refund or other.number >= order.person.number):
            found[order.number] = other
    return found


def _source(order: Order) -> str:
    return TMALL_SOURCE if order.number.startswith(TMALL) else SHOP_SOURCE


def _contact_row(person: Person) -> JsonRow:
    identities = {"unionid": person.unionid, "external_userid": person.external_userid, "phone": person.phone or None}
    at = person.acquired_at.isoformat()
    return {
        "identities": {kind: value for kind, value in identities.items() if value},
        "name": person.name,
        "attributes": person.attributes,
        "tags": [f"身份/{person.group}"],
        "acquired": {"at": at, "channel": person.channel.slug},
        "updated_at": at,
    }


def _refund_row(order: Order) -> JsonRow:
    return {
        "external_id": f"R-{order.number}",
        "order_external_id": order.number,
        "amount": str(order.refund),
        "currency": CURRENCY,
        "refunded_at": order.refunded_at.isoformat(),
    }
