"""The Online Retail files as bodies of API calls, and what must come out of them.

Source: `data/PROVENANCE.md`.
"""

import csv
import lzma
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "data"
SOURCE = "online-retail"
CURRENCY = "GBP"
AS_OF = "2011-12-09T12:50:01Z"
FIRST_DATE, LAST_DATE = "2010-12-01", "2011-12-31"
CHANNEL_SHARES = (("search", 35), ("social", 60), ("email", 75), ("organic", 100))

JsonRow = dict[str, Any]


@dataclass(frozen=True)
class Invoice:
    """One order, or one cancellation with a negative amount, at its own time (UTC)."""

    customer_id: str
    number: str
    happened_at: str
    amount: Decimal
    kind: Literal["order", "refund"]

    @property
    def is_purchase(self) -> bool:
        """Whether this invoice can acquire its customer."""
        return self.kind == "order" and self.amount > 0


@dataclass(frozen=True)
class Totals:
    """What the cohorts must sum to: acquired contacts, and their net value from acquisition on."""

    contacts: int
    net: Decimal


def read_invoices(*, limit: int | None = None) -> list[Invoice]:
    """Read the invoices, oldest first; only the first `limit` if given."""
    with lzma.open(FOLDER / "invoices.csv.xz", "rt", encoding="utf-8", newline="") as lines:
        return [_invoice(row) for row in islice(csv.DictReader(lines), limit)]


def channel_of(*, customer_id: str) -> str:
    """Name a customer's channel: fixed shares of a hash."""
    share = int(sha256(customer_id.encode()).hexdigest()[:8], 16) % 100
    return next(slug for slug, below in CHANNEL_SHARES if share < below)


def contact_rows(invoices: Iterable[Invoice]) -> list[JsonRow]:
    """Make one row a customer: the shop's number, and a channel without a time (a purchase acquires)."""
    customer_ids = dict.fromkeys(invoice.customer_id for invoice in invoices)
    return [
        {
            "identities": {f"shop:{SOURCE}": customer_id},
            "acquired": {"at": None, "channel": channel_of(customer_id=customer_id)},
        }
        for customer_id in customer_ids
    ]


def order_rows(invoices: Iterable[Invoice]) -> list[JsonRow]:
    """Make one paid order an invoice."""
    return [
        {
            "external_id": invoice.number,
            "status": "paid",
            "paid_at": invoice.happened_at,
            "updated_at": invoice.happened_at,
            "currency": CURRENCY,
            "amount": str(invoice.amount),
            "buyer": {"shop_buyer_id": invoice.customer_id},
        }
        for invoice in invoices
        if invoice.kind == "order"
    ]


def refund_rows(invoices: Iterable[Invoice]) -> list[JsonRow]:
    """Make one refund of the buyer a cancellation; the source does not say of which order."""
    return [
        {
            "external_id": invoice.number,
            "order_external_id": None,
            "buyer": {"shop_buyer_id": invoice.customer_id},
            "amount": str(-invoice.amount),
            "currency": CURRENCY,
            "refunded_at": invoice.happened_at,
        }
        for invoice in invoices
        if invoice.kind == "refund"
    ]


def spend_rows() -> list[JsonRow]:
    """Make one row a month and channel."""
    with (FOLDER / "spend.csv").open(encoding="utf-8", newline="") as lines:
        return [
            {
                "external_id": f"{row['period']}-{row['channel']}",
                "month": row["period"],
                "channel": row["channel"],
                "kind": "ads",
                "amount": row["spend"],
                "currency": CURRENCY,
            }
            for row in csv.DictReader(lines)
        ]


def expected_totals(invoices: Sequence[Invoice]) -> Totals:
    """Sum the log plainly: who ever bought, and what they brought from their first purchase on."""
    acquired_at: dict[str, str] = {}
    for invoice in filter(lambda invoice: invoice.is_purchase, invoices):
        known = acquired_at.get(invoice.customer_id, invoice.happened_at)
        acquired_at[invoice.customer_id] = min(known, invoice.happened_at)
    counted = (
        invoice.amount for invoice in invoices if invoice.happened_at >= acquired_at.get(invoice.customer_id, "9999")
    )
    return Totals(contacts=len(acquired_at), net=sum(counted, Decimal(0)))


def batches(rows: Sequence[JsonRow], *, size: int) -> Iterator[list[JsonRow]]:
    """Cut rows into lists that one bulk call takes."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def _invoice(row: dict[str, str]) -> Invoice:
    return Invoice(
        customer_id=row["customer_id"],
        number=row["order_id"],
        happened_at=f"{row['ts']}+00:00",
        amount=Decimal(row["amount"]),
        kind="refund" if row["kind"] == "refund" else "order",
    )
