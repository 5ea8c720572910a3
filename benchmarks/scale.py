"""Whether anything grows faster than its data: what operators open all day, in a large tenant and in one of a tenth.

SIZE=contacts of the large one (default 200,000; `1m` is a million), ten orders each. Pages are asked for over HTTP, as
an owner; what they cost beside the plain way is measured on the large tenant alone, in the same run.
"""

import json
import random
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from benchmarks import segments
from benchmarks.cohorts import MONTHLY, analyze, board, inside
from benchmarks.figures import Figure
from benchmarks.ledger import execute
from benchmarks.pages import LIMIT_MS, Visitor, p95
from benchmarks.place import make_place, web_server
from benchmarks.population import AS_OF, GIVEN, SURNAMES, make_population
from benchmarks.product import PASSWORD
from benchmarks.rules import rules
from benchmarks.segments import clocked
from benchmarks.sizes import asked_size

SIZE = asked_size(200_000)
TIMES, LARGER = 20, 10
ORDERS_EACH = 10
PREVIEW_LIMIT_MS = 2_000
PREVIEW = "segment preview"
# what money brought them, and what they are found by; the tokens as `contacts.tokens` has them
MORE = (
    """
    INSERT INTO acquisition_spend (tenant_id, external_id, channel_id, period, date, kind, amount_minor, currency,
                                   base_amount_minor, created_at, updated_at)
    SELECT c.tenant_id, c.id || '-' || d::date, c.id, 'day', d::date, 'ads', m, 'GBP', m, now(), now()
    FROM acquisition_channel c
    CROSS JOIN generate_series(%(first_day)s, %(as_of)s, interval '1 day') AS d
    CROSS JOIN LATERAL (SELECT (500 + random() * %(size)s)::bigint AS m) AS s
    """,
    """
    INSERT INTO contacts_contacttoken (tenant_id, token, contact_id)
    SELECT DISTINCT c.tenant_id, substr(c.name, place, length), c.id
    FROM contacts_contact c, generate_series(1, 2) AS length,
         generate_series(1, char_length(c.name) - length + 1) AS place
    ORDER BY 1, 2, 3
    """,
)
SCAN = """
SELECT id, name FROM contacts_contact WHERE tenant_id = %(tenant)s AND name ILIKE %(like)s ORDER BY id DESC LIMIT 50
"""


def run(*, rounds: int) -> list[Figure]:
    """Ask for everything TIMES times, for a preview as often as there are rounds."""
    from django.db import connections

    large, small = make_population(
        make_place(), size=SIZE, others=1, beside=SIZE // LARGER, orders_each=ORDERS_EACH, more=MORE
    )
    with web_server() as port:
        shops = [Shop(tenant, f"http://127.0.0.1:{port}") for tenant in (large, small)]
        analyze(connections)  # as autovacuum does in time
        found = measure(shops, rounds=rounds)
        ratios = beside_the_plain_way(shops[0], rounds=rounds)
    return [*(figure for name, times in found.items() for figure in figures(name, *times)), *ratios]


def figures(name: str, large: list[float], small: list[float]) -> list[Figure]:
    """How long it takes in the large tenant, and against the small one."""
    limit = PREVIEW_LIMIT_MS if name == PREVIEW else LIMIT_MS
    growth = [a / b for a, b in zip(large, small, strict=True)]
    return [
        Figure(f"scale: {name}, {SIZE:,} contacts, p95", "ms", [p95(large)], limit, better="less"),
        Figure(f"scale: {name}, {SIZE:,} ÷ {SIZE // LARGER:,} contacts", "×", growth, LARGER, better="less"),
    ]


class Shop:
    """A tenant with its figures and one segment, and its owner."""

    def __init__(self, tenant: Any, url: str) -> None:
        from analytics.services.refresh import rebuild_cohorts
        from tenants.services.keys import SCOPES, create_api_key
        from tenants.services.members import add_member

        self.tenant, self.url, self.random = tenant, url, random.Random(7)
        now, email = datetime.now(UTC), f"{tenant.slug}@example.com"
        with inside(tenant):
            add_member(tenant=tenant, email=email, password=PASSWORD, role="owner", actor="bench", at=now)
            _, self.key = create_api_key(tenant=tenant, name="bench", scopes=SCOPES, actor="bench", at=now)
        started = time.perf_counter()
        with inside(tenant):
            rebuild_cohorts(tenant=tenant)
        print(f"{tenant}: cohorts in {time.perf_counter() - started:.0f} s", flush=True)
        started = time.perf_counter()
        followed = segments.Shop(tenant)
        print(f"{tenant}: a segment in {time.perf_counter() - started:.0f} s", flush=True)
        self.asked, self.segment_id = followed.asked, followed.segment_id
        self.rule = rules(**followed.names())["iv"]
        self.owner = Visitor(url, email=email, password=PASSWORD)

    def text(self) -> str:
        """Two characters that somebody may look for."""
        return self.random.choice(SURNAMES) + self.random.choice(GIVEN)

    def pages(self) -> dict[str, Callable[[], Any]]:
        """What is asked for, by name."""
        deep = AS_OF - timedelta(days=400)
        paths = {
            "home": "",
            "contact list": "contacts/",
            "contact list, far down": f"contacts/?{urlencode({'after': f'{deep.isoformat()}~1'})}",
            "contacts, two characters": f"contacts/?{urlencode({'q': self.text()})}",
            "orders": "orders/",
            "segment": f"segments/{self.segment_id}/",
            "cohort board": "cohorts/",
            "channel board": "channels/board/",
            "repurchase board": "repurchase/",
        }
        return {name: partial(self.owner.read, f"/t/{self.tenant.slug}/{path}") for name, path in paths.items()}

    def preview(self) -> Any:
        """How many the rule finds, and some of them."""
        body = json.dumps({"rule": self.rule}).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/api/v1/segments/preview", body, headers)
        ) as answer:
            return json.load(answer)


def measure(shops: list[Shop], *, rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Each page in the large tenant and in the small one, in turns. Units: milliseconds."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for number in range(TIMES + 1):  # the first warms up
        steps = [shop.pages() | ({PREVIEW: shop.preview} if number <= rounds else {}) for shop in shops]
        for name in steps[0]:
            times = [clocked(each[name]) for each in steps]
            if number:
                large, small = found.setdefault(name, ([], []))
                large.append(times[0])
                small.append(times[1])
    return found


def beside_the_plain_way(shop: Shop, *, rounds: int) -> list[Figure]:
    """Search beside a scan with ILIKE, the board beside the usual join."""
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any], float]] = {
        "two characters ÷ ILIKE": (partial(search, shop), partial(scan, shop), 0.05),
        "cohort board ÷ usual join": (partial(board, shop.tenant), partial(execute, MONTHLY, shop.asked), 0.05),
    }
    made = []
    for name, (ours, theirs, goal) in pairs.items():
        ratios = []
        for number in range(rounds + 1):
            with inside(shop.tenant):
                first, second = clocked(ours), clocked(theirs)
            ratios += [first / second] if number else []
        made.append(Figure(f"scale: {name}, {SIZE:,} contacts", "", ratios, goal, better="less"))
    return made


def search(shop: Shop) -> None:
    """The newest of whom two characters find, twenty times other ones."""
    from contacts.selectors.people import ContactFilters, contact_rows

    for _ in range(20):
        contact_rows(tenant=shop.tenant, filters=ContactFilters(text=shop.text()))


def scan(shop: Shop) -> None:
    """The same by ILIKE."""
    for _ in range(20):
        execute(SCAN, {"tenant": shop.tenant.pk, "like": f"%{shop.text()}%"})
