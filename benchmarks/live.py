"""How late the whole product is, as REST clients see it: from an order to its touchpoint, and from a date to an entry.

The product runs as `up` starts it, and is asked in short intervals; the time of an answer counts, so that a figure is
rather too high. ORDERS=n sends so many (200, at most 400). Rounds are not repeated: every order is a sample.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

from benchmarks.figures import Figure
from benchmarks.product import running_product

ORDERS = min(400, int(os.environ.get("ORDERS", "200")))
ORDERS_PER_SECOND = 5.0
LIMIT_SECONDS, TIME_LIMIT_SECONDS = 5.0, 60.0
WINDOW_DAYS, LAPSE_DAYS = 30, 60
# orders paid so long ago that their buyers lapse within the next minutes, one after the other
LAPSING, FIRST_LAPSE_SECONDS, LAPSE_EVERY_SECONDS = min(60, ORDERS), 20, 1.5
ASK_EVERY_SECONDS, PATIENCE_SECONDS = 0.05, 240.0
BOUGHT = {"type": "orders", "measure": "count", "op": "gte", "value": 1, "days": WINDOW_DAYS}
LAPSED = {"type": "last_order", "before_days": LAPSE_DAYS}
STEP = {"content": "{{ contact.name|friend }}, thank you", "after_minutes": 0}


def run(*, rounds: int) -> list[Figure]:
    """Measure one run, whatever the rounds."""
    with running_product() as product, closing(Shop(product.url, product.new_tenant("live"))) as shop:
        lapses, planned, sent = shop.measure()
    return [
        *spread("an order to its touchpoint, planned", planned, LIMIT_SECONDS),
        *spread("an order to its touchpoint, sent", sent, None),
        *spread("a date that passes to the entry", lapses, TIME_LIMIT_SECONDS),
    ]


def spread(name: str, seconds: list[float], limit_seconds: float | None) -> list[Figure]:
    """Median, 95th percentile and the worst; the samples stay with the median."""
    name = f"live: {name} ({len(seconds)} samples)"
    parts = {"p50": seconds, "p95": [quantiles(seconds, n=20, method="inclusive")[-1]], "max": [max(seconds)]}
    return [Figure(f"{name}, {part}", "s", values, limit_seconds, better="less") for part, values in parts.items()]


@dataclass
class Sightings:
    """When things were first seen by somebody who asks again and again. Units: seconds of the machine's clock."""

    ask: Callable[[], list[tuple[int, str]]]
    first: dict[tuple[int, str], float] = field(default_factory=dict)

    def look(self) -> None:
        """Ask once."""
        found = self.ask()
        now = time.time()
        for each in found:
            self.first.setdefault(each, now)

    def of(self, kind: str) -> dict[int, float]:
        """By contact, when it was first seen so."""
        known = dict(self.first)  # whoever looks goes on meanwhile
        return {contact_id: seen for (contact_id, seen_as), seen in known.items() if seen_as == kind}


class Shop:
    """A tenant as its shop and its operators see it, over REST alone."""

    def __init__(self, url: str, key: str) -> None:
        from scrm.demo.client import Client

        self.client = Client(base_url=url, token=key)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def measure(self) -> tuple[list[float], list[float], list[float]]:
        """Lateness of entries by time, of touchpoints planned, and of touchpoints sent. Units: seconds."""
        lapsed = self.segment("Lapsed", LAPSED)
        sop_id = self.sop(self.segment("Buyers", BOUGHT))
        touchpoints = Sightings(lambda: self.touchpoints(sop_id))
        members = Sightings(lambda: self.members(lapsed))
        with asked_again_and_again(touchpoints, members) as failures:
            edges = self.let_lapse()
            answered = self.let_buy()
            wait_for(lambda: failures or (len(touchpoints.of("sent")) >= ORDERS and len(members.first) >= LAPSING))
        contacts = self.buyers()
        planned, sent = touchpoints.of("planned"), touchpoints.of("sent")
        return (
            [members.first[contacts[order], "in"] - edge for order, edge in edges.items()],
            [planned[contacts[order]] - at for order, at in answered.items()],
            [sent[contacts[order]] - at for order, at in answered.items()],
        )

    def segment(self, name: str, rule: Any) -> int:
        """A published segment that is built."""
        segment_id = int(self.client.post("/segments", {"name": name, "rule": rule})["id"])
        path = f"/segments/{segment_id}"
        self.client.post(f"{path}/publish", {})
        wait_for(lambda: self.client.get(path)["built_at"] is not None, every_seconds=0.5)
        return segment_id

    def sop(self, segment_id: int) -> int:
        """A published SOP of one message, sent at once."""
        version = {"segment": segment_id, "steps": [STEP]}
        sop_id = int(self.client.post("/sops", {"name": "Thanks", "version": version})["id"])
        self.client.post(f"/sops/{sop_id}/publish", {})
        return sop_id

    def let_lapse(self) -> dict[str, float]:
        """Send orders whose buyers lapse soon; by order, the instant at which they do."""
        soon = time.time() + FIRST_LAPSE_SECONDS
        edges = {f"lapse-{n}": round(soon + n * LAPSE_EVERY_SECONDS, 3) for n in range(LAPSING)}
        age = timedelta(days=LAPSE_DAYS)
        orders = [order(name, datetime.fromtimestamp(at, UTC) - age) for name, at in edges.items()]
        self.client.post("/orders/bulk", {"source": "shop", "orders": orders})
        return edges

    def let_buy(self) -> dict[str, float]:
        """Send the orders of new people one by one, not in step with any tick; by order, the instant of its answer."""
        answered, begun = {}, time.monotonic()
        for number in range(ORDERS):
            time.sleep(max(0.0, begun + (number + random.random()) / ORDERS_PER_SECOND - time.monotonic()))
            name = f"order-{number}"
            self.client.post("/orders/bulk", {"source": "shop", "orders": [order(name, datetime.now(UTC))]})
            answered[name] = time.time()
        return answered

    def touchpoints(self, sop_id: int) -> list[tuple[int, str]]:
        """The newest touchpoints: each is planned, and some were sent."""
        rows = self.client.get("/touchpoints", {"sop": str(sop_id), "limit": "200"})["results"]
        found = [(row["contact_id"], "planned") for row in rows]
        return found + [(row["contact_id"], "sent") for row in rows if row["state"] == "sent"]

    def members(self, segment_id: int) -> list[tuple[int, str]]:
        """Who entered last."""
        rows = self.client.get(f"/segments/{segment_id}/members", {"limit": "100"})["results"]
        return [(row["contact_id"], "in") for row in rows]

    def buyers(self) -> Mapping[str, int]:
        """By order, its contact."""
        rows = self.client.get("/orders", {"limit": "500"})["results"]
        return {row["external_id"]: row["contact_id"] for row in rows}


def order(name: str, paid_at: datetime) -> dict[str, Any]:
    """One order of somebody whom nobody knows yet."""
    return {
        "external_id": name,
        "status": "paid",
        "paid_at": paid_at.isoformat(),
        "updated_at": paid_at.isoformat(),
        "currency": "GBP",
        "amount": "20.00",
        "buyer": {"shop_buyer_id": f"buyer of {name}"},
        "items": [{"sku": "tea", "quantity": "1", "amount": "20.00"}],
    }


@contextmanager
def asked_again_and_again(*sightings: Sightings) -> Iterator[list[Exception]]:
    """Look in the background, each over a connection of its own; yields what fails there, and raises it at the end."""
    ended, failures = threading.Event(), list[Exception]()

    def look(each: Sightings) -> None:
        try:
            while not ended.wait(ASK_EVERY_SECONDS):
                each.look()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=look, args=[each]) for each in sightings]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def wait_for(condition: Callable[[], object], *, every_seconds: float = 0.2) -> None:
    """Wait until it is so, for as long as is decent."""
    from scrm.servers import processes

    if not processes.wait_until(lambda: bool(condition()), seconds=PATIENCE_SECONDS, every_seconds=every_seconds):
        raise RuntimeError("what was sent has not come out")
