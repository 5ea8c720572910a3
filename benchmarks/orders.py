"""Orders per second through `POST /api/v1/orders/bulk`, beside COPY of the same rows and the plain way.

1,000 orders a call, about 260 bytes each with two lines, over two connections to the server that `up` starts. Of each
call 80 % are new, 20 % are versions of earlier orders (a quarter of them stale), 10 % come from unknown buyers.
"""

import http.client
import io
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from benchmarks.__main__ import main
from benchmarks.figures import Figure
from benchmarks.place import make_place, web_server

CALLS, ORDERS_A_CALL = 20, 1_000
PLAIN_CALLS, PLAIN_ORDERS_A_CALL = 2, 250  # it is slow, and as slow per order in longer calls
KNOWN_BUYERS = 20_000  # a dozen orders each in the full tenant
FILLED_ORDERS = 250_000
BULK, PLAIN = "/api/v1/orders/bulk", "/api/v1/plain-orders"
START_AT = datetime(2024, 1, 1, tzinfo=UTC)

# Contacts with nothing but an id each; then the shop's buyer number of each.
MAKE_CONTACTS = """
INSERT INTO contacts_contact (tenant_id, name, phone, email, attributes, created_at, updated_at)
SELECT %(tenant_id)s, '', '', '', '{}', now(), now() FROM generate_series(1, %(count)s)
"""
MAKE_IDENTITIES = """
INSERT INTO contacts_identity (tenant_id, contact_id, kind, value, created_at)
SELECT tenant_id, id, 'shop:shop', 'b' || row_number() OVER (ORDER BY id) - 1, now()
FROM contacts_contact WHERE tenant_id = %(tenant_id)s
"""


def run(*, rounds: int) -> list[Figure]:
    """Measure, interleaved: sync, COPY and the plain way into empty tenants; sync and COPY into a full one."""
    place = make_place()
    seen: dict[str, list[float]] = {"sync": [], "copy": [], "plain": [], "full_sync": [], "full_copy": []}
    with web_server() as port, psycopg2.connect(_inside(place)) as admin:
        admin.autocommit = True
        full = Shop(port, "full")
        fill(admin, full)
        for number in range(rounds):
            shop, plain = Shop(port, f"shop-{number}"), Shop(port, f"plain-{number}", PLAIN_ORDERS_A_CALL)
            seen["sync"].append(shop.rate(shop.calls(CALLS)))
            seen["copy"].append(copy_rate(admin, shop, Shop(port, f"copy-{number}")))
            seen["plain"].append(plain.rate(plain.calls(PLAIN_CALLS, shape=plain_body), path=PLAIN))
            seen["full_sync"].append(full.rate(full.calls(CALLS)))
            seen["full_copy"].append(copy_rate(admin, shop, full))
            print({name: round(rates[-1]) for name, rates in seen.items()}, flush=True)
    return figures(seen)


def figures(seen: dict[str, list[float]]) -> list[Figure]:
    """The rates and, round by round, their ratios."""

    def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
        return [a / b for a, b in zip(over, under, strict=True)]

    to_copy, full_to_copy = ratios(seen["sync"], seen["copy"]), ratios(seen["full_sync"], seen["full_copy"])
    return [
        Figure("orders: sync over HTTP, 2 connections", "orders/s", seen["sync"]),
        Figure("orders: COPY of the same rows, 1 connection", "orders/s", seen["copy"]),
        Figure("orders: ModelSerializer(many=True) and save()", "orders/s", seen["plain"]),
        Figure("orders: sync ÷ COPY", "", to_copy, goal=0.2),
        Figure("orders: sync ÷ ModelSerializer", "×", ratios(seen["sync"], seen["plain"]), goal=15),
        Figure("orders: sync after 250,000 orders", "orders/s", seen["full_sync"]),
        Figure("orders: (sync ÷ COPY) after 250,000 ÷ at 0", "", ratios(full_to_copy, to_copy), goal=0.8),
    ]


class Shop:
    """A tenant with known buyers, and what its shop sends."""

    def __init__(self, port: int, slug: str, orders_a_call: int = ORDERS_A_CALL) -> None:
        from django.db import connections

        from tenants.context import tenant_transaction
        from tenants.models import Tenant
        from tenants.services.keys import SCOPES, create_api_key

        self.port, self.orders, self.orders_a_call = port, 0, orders_a_call
        self.random = random.Random(slug)
        self.tenant = Tenant.objects.create(slug=slug, name=slug, timezone="UTC", currency="GBP")
        with tenant_transaction(self.tenant.pk):
            _, self.key = create_api_key(
                tenant=self.tenant, name="bench", scopes=SCOPES, actor="bench", at=datetime.now(UTC)
            )
            make_buyers(self.tenant)
        with connections["owner"].cursor() as cursor:  # people whom a shop knows already were analyzed long ago
            cursor.execute("ANALYZE contacts_contact, contacts_identity")

    def calls(self, count: int, shape: Callable[[Any], Any] = lambda order: order) -> list[bytes]:
        """Bodies of so many calls."""
        return [
            json.dumps({"source": "shop", "orders": [shape(order) for order in self.one_call()]}).encode()
            for _ in range(count)
        ]

    def one_call(self) -> list[dict[str, Any]]:
        before = self.orders
        new = self.orders_a_call if not before else self.orders_a_call * 8 // 10
        self.orders += new
        numbers = [*range(before, self.orders)]
        again = [self.random.randrange(before) for _ in range(self.orders_a_call - new)]
        sent = [self.order(number) for number in numbers]
        sent += [self.order(number, later=-1 if place % 4 == 0 else 1) for place, number in enumerate(again)]
        self.random.shuffle(sent)
        return sent

    def order(self, number: int, later: int = 0) -> dict[str, Any]:
        """One order; a stable tenth of the numbers belongs to buyers whom nobody knows yet."""
        paid_at = START_AT + timedelta(minutes=number)
        buyer = f"n{number}" if number % 10 == 0 else f"b{number * 7919 % KNOWN_BUYERS}"
        cents = 1_000 + number % 5_000
        return {
            "external_id": f"o{number}",
            "status": "paid",
            "paid_at": paid_at.isoformat(),
            "updated_at": (paid_at + timedelta(days=later * self.random.randint(1, 99))).isoformat(),
            "currency": "GBP",
            "amount": f"{cents // 100}.{cents % 100:02}",
            "buyer": {"shop_buyer_id": buyer},
            "items": [
                {"sku": f"S{number % 300}", "quantity": "2", "amount": "5.00"},
                {"sku": f"T{number % 200}", "quantity": "1", "amount": f"{(cents - 500) / 100:.2f}"},
            ],
        }

    def rate(self, calls: list[bytes], path: str = BULK) -> float:
        """Orders per second."""
        started = time.perf_counter()
        self.post(calls, path)
        return len(calls) * self.orders_a_call / (time.perf_counter() - started)

    def post(self, calls: list[bytes], path: str = BULK) -> None:
        """Send the calls over two connections."""
        failures: list[str] = []
        threads = [threading.Thread(target=self.send, args=(calls[turn::2], path, failures)) for turn in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise RuntimeError(failures[0])

    def send(self, calls: list[bytes], path: str, failures: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        for body in calls:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200 or b'"status":"error"' in answer:
                failures.append(f"{response.status} {answer[:300]!r}")
                break
        connection.close()


def make_buyers(tenant: Any) -> None:
    """Contacts whom the shop knows already."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(MAKE_CONTACTS, {"tenant_id": tenant.pk, "count": KNOWN_BUYERS})
        cursor.execute(MAKE_IDENTITIES, {"tenant_id": tenant.pk})


def plain_body(order: dict[str, Any]) -> dict[str, Any]:
    """The same content, as the plain serializer's fields."""
    return {
        "external_id": order["external_id"],
        "status": order["status"],
        "paid_at": order["paid_at"],
        "version_at": order["updated_at"],
        "currency": order["currency"],
        "amount_minor": int(order["amount"].replace(".", "")),
        "shop_buyer_id": order["buyer"]["shop_buyer_id"],
        "items": [
            {
                "sku": item["sku"],
                "quantity": item["quantity"],
                "unit_price_minor": 0,
                "amount_minor": int(item["amount"].replace(".", "")),
            }
            for item in order["items"]
        ],
    }


ORDER_COLUMNS = (
    "tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency, amount_minor,"
    " discount_minor, shipping_minor, tax_minor, fx_rate, fx_given, base_amount_minor, buyer, attributes,"
    " version_at, content_hash, refunds_version_at, refunds_hash, created_at, updated_at"
)
ITEM_COLUMNS = "tenant_id, order_id, position, sku, name, category, quantity, unit_price_minor, amount_minor"


def fill(admin: Any, full: Shop) -> None:
    """Bring a tenant to 250,000 orders, some over HTTP and the rest by COPY, and let it settle."""
    full.post(full.calls(CALLS))
    for _ in range((FILLED_ORDERS - full.orders) // (CALLS * ORDERS_A_CALL) + 1):
        copy_rate(admin, full, full)
    with admin.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) orders_order, orders_orderitem, contacts_contact, contacts_identity")


def copy_rate(admin: Any, told: Shop, into: Shop) -> float:
    """Orders per second of COPY: rows as `told` has them, orders then lines, one connection, one commit.

    Ids, contacts and values are given; nothing is looked up. Only the two COPYs and the commit are timed.
    """
    with admin.cursor() as cursor:
        orders, lines = _rows_to_copy(cursor, told, into)
        started = time.perf_counter()
        cursor.execute("BEGIN")
        cursor.copy_expert(f"COPY orders_order (id, {ORDER_COLUMNS}) FROM STDIN", orders)
        cursor.copy_expert(f"COPY orders_orderitem ({ITEM_COLUMNS}) FROM STDIN", lines)
        cursor.execute("COMMIT")
        return CALLS * ORDERS_A_CALL / (time.perf_counter() - started)


def _rows_to_copy(cursor: Any, told: Shop, into: Shop) -> tuple[io.StringIO, io.StringIO]:
    """Rows of one tenant as another's, under new ids, as COPY text."""
    wanted = CALLS * ORDERS_A_CALL
    cursor.execute(
        "INSERT INTO orders_source (tenant_id, slug, name, unknown_buyer) VALUES (%s, %s, '', 'create') RETURNING id",
        [into.tenant.pk, f"copy-{time.time_ns()}"],
    )
    source_id = cursor.fetchone()[0]
    cursor.execute("SELECT min(id) FROM contacts_contact WHERE tenant_id = %s", [into.tenant.pk])
    contact_id = cursor.fetchone()[0]
    cursor.execute("SELECT nextval('orders_order_id_seq') FROM generate_series(1, %s)", [wanted])
    ids = sorted(row[0] for row in cursor.fetchall())
    columns = ORDER_COLUMNS.replace("tenant_id, source_id, external_id, contact_id,", "")
    base = f"""(
        SELECT row_number() OVER (ORDER BY again, o.id) AS n, again, o.*
        FROM orders_order o, generate_series(0, 1) again WHERE o.tenant_id = {told.tenant.pk}
        ORDER BY again, o.id LIMIT {wanted})"""
    orders, lines = io.StringIO(), io.StringIO()
    cursor.copy_expert(
        f"COPY (SELECT {ids[0]} + o.n - 1, {into.tenant.pk}, {source_id}, o.external_id || '-' || o.again,"
        f" {contact_id} + o.n %% {KNOWN_BUYERS}, {columns} FROM {base} o ORDER BY o.n) TO STDOUT".replace("%%", "%"),
        orders,
    )
    cursor.copy_expert(
        f"COPY (SELECT {into.tenant.pk}, {ids[0]} + o.n - 1, i.position, i.sku, i.name, i.category,"
        f" i.quantity, i.unit_price_minor, i.amount_minor FROM {base} o"
        f" JOIN orders_orderitem i ON i.tenant_id = o.tenant_id AND i.order_id = o.id"
        " ORDER BY o.n) TO STDOUT",
        lines,
    )
    orders.seek(0)
    lines.seek(0)
    return orders, lines


def _inside(place: Any) -> str:
    from django.conf import settings

    from scrm.servers import provision

    return provision.address(place.administrator_url(), database=str(settings.DATABASES["default"]["NAME"]))


if __name__ == "__main__":
    sys.exit(main(["orders", *sys.argv[1:]]))
