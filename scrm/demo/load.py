"""Send the demo's files through the REST API, and wait until the cohorts show them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from decimal import Decimal

from scrm.demo import online_retail
from scrm.demo.client import Client
from scrm.demo.online_retail import Invoice, JsonRow, Totals

ROWS_PER_CALL = 1000
THREADS = 3
FRESH_SECONDS = 90.0
POLL_SECONDS = 0.5

Call = tuple[str, JsonRow, int]  # path, body, its number of rows
Progress = Callable[[int, int], None]


class StaysStale(Exception):
    """The cohorts did not come to hold what was sent."""


@dataclass(frozen=True)
class Span:
    """The cohorts that are waited for: of which days, as they were when."""

    first_date: str
    last_date: str
    as_of: str


ONLINE_RETAIL = Span(online_retail.FIRST_DATE, online_retail.LAST_DATE, online_retail.AS_OF)


def send_all(client: Client, *, invoices: Sequence[Invoice], progress: Progress) -> int:
    """Send contacts, then everything else at once; the number of rows.

    Raises: CallFailed
    """
    first = list(contact_calls(invoices))
    rest = [*order_calls(invoices), *spend_calls()]
    total, first_rows = sum(rows for _, _, rows in (*first, *rest)), sum(rows for _, _, rows in first)
    post_all(client, calls=first, progress=lambda done: progress(done, total))
    post_all(client, calls=rest, progress=lambda done: progress(first_rows + done, total))
    return total


def post_all(client: Client, *, calls: Sequence[Call], progress: Callable[[int], None]) -> list[JsonRow]:
    """Send calls in a few threads and say how many rows are done; the answers, in the calls' order.

    Raises: CallFailed
    """
    done = 0
    with ThreadPoolExecutor(THREADS) as pool:
        sent = {pool.submit(client.post, path, body): rows for path, body, rows in calls}
        for future in as_completed(sent):
            if future.exception():
                pool.shutdown(wait=False, cancel_futures=True)
            future.result()
            done += sent[future]
            progress(done)
    return [future.result() for future in sent]


def wait_until_fresh(
    client: Client, *, expected: Totals, span: Span = ONLINE_RETAIL, seconds: float = FRESH_SECONDS
) -> list[int]:
    """Wait until the board shows exactly what was sent; the sizes of its cohorts, oldest first.

    Raises: StaysStale
    """
    limit = time.monotonic() + seconds
    while True:
        sizes, found = read_cohorts(client, span=span)
        if found == expected:
            return sizes
        if time.monotonic() > limit:
            raise StaysStale(f"The cohorts show {found} after {seconds:g} s, not {expected}.")
        time.sleep(POLL_SECONDS)


def read_cohorts(client: Client, *, span: Span) -> tuple[list[int], Totals]:
    """Read the month cohorts at an instant: their sizes and their sums."""
    days = {"from": span.first_date, "to": span.last_date}
    table = client.get("/analytics/cohorts", {"period": "month", "as_of": span.as_of, **days})
    sizes = [row["contacts"] for row in table["rows"]]
    net = sum((Decimal(row["slices"]["to_date"]["revenue_net"] or 0) for row in table["rows"]), Decimal(0))
    return sizes, Totals(contacts=sum(sizes), net=net)


def contact_calls(invoices: Sequence[Invoice]) -> Iterator[Call]:
    """Cut the customers into calls."""
    yield from calls_of("/contacts/bulk", "contacts", online_retail.contact_rows(invoices), {})


def order_calls(invoices: Sequence[Invoice]) -> Iterator[Call]:
    """Cut orders and refunds into calls."""
    shop = {"source": online_retail.SOURCE}
    yield from calls_of("/orders/bulk", "orders", online_retail.order_rows(invoices), shop)
    yield from calls_of("/refunds/bulk", "refunds", online_retail.refund_rows(invoices), shop)


def spend_calls() -> Iterator[Call]:
    """Send the spend in one call."""
    yield from calls_of("/acquisition/spend/bulk", "spend", online_retail.spend_rows(), {})


def calls_of(path: str, name: str, rows: Sequence[JsonRow], envelope: JsonRow) -> Iterator[Call]:
    """Cut rows into calls."""
    for batch in online_retail.batches(rows, size=ROWS_PER_CALL):
        yield path, {**envelope, name: batch}, len(batch)
