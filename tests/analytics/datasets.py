"""Reference data sets, loaded over the real REST API, and their expected results."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.cast import ApiClient, make_key

DATA = Path(__file__).parent.parent / "data"
SOURCE = "reference"
AS_OF = {"edge_cases": "2024-06-30T00:00:00Z", "cdnow_sample": "1998-07-01T00:00:00Z"}
TRANSACTIONS = {"edge_cases": "transactions.csv", "cdnow_sample": "transactions_sample.csv"}
SLICES = {"first": "first", "1w": "7d", "1m": "30d", "2m": "60d", "3m": "90d", "6m": "180d"}


def read_csv(*parts: str) -> list[dict[str, str]]:
    with DATA.joinpath(*parts).open(newline="") as file:
        return list(csv.DictReader(file))


def load(tenant: Any, dataset: str, *, original_currency: bool = False) -> ApiClient:
    """Load a data set into a tenant by REST calls, then let the ticks run."""
    from analytics.tasks import tick as analytics_tick
    from orders.tasks import tick as orders_tick

    api = ApiClient(make_key(tenant))
    if original_currency:
        rates = [{"date": row["date"], "currency": row["currency"], "rate": row["rate_to_base"]} for row in _fx()]
        post(api, "/fx-rates/bulk", {"rates": rates})
    name = "transactions_original_currency.csv" if original_currency else TRANSACTIONS[dataset]
    rows = read_csv(dataset, name)
    if dataset == "edge_cases":
        post(api, "/contacts/bulk", {"contacts": [_contact(row) for row in read_csv(dataset, "channels.csv")]})
    for part in _parts([_order(row) for row in rows if row["kind"] == "order"]):
        post(api, "/orders/bulk", {"source": SOURCE, "orders": part})
    for part in _parts([_refund(row) for row in rows if row["kind"] == "refund"]):
        post(api, "/refunds/bulk", {"source": SOURCE, "refunds": part})
    post(api, "/acquisition/spend/bulk", {"spend": [_spend(row) for row in read_csv(dataset, "spend.csv")]})
    orders_tick()
    analytics_tick()
    return api


def post(api: ApiClient, path: str, body: dict[str, Any]) -> Any:
    """Post a bulk body of which nothing may fail."""
    response = api.post(path, body)
    assert response.status_code == 200, response.content
    assert [row["errors"] for row in response.json()["results"] if row["errors"]] == []
    return response.json()


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), 1000):
        yield list(rows[start : start + 1000])


def _fx() -> list[dict[str, str]]:
    return read_csv("edge_cases", "fx_rates.csv")


def _contact(row: dict[str, str]) -> dict[str, Any]:
    return {
        "identities": {f"shop:{SOURCE}": row["customer_id"]},
        "name": row["customer_id"],
        "acquired": {"channel": row["channel"]},
    }


def _order(row: dict[str, str]) -> dict[str, Any]:
    at = row["ts"] + "Z"
    return {
        "external_id": row["order_id"],
        "status": "paid",
        "paid_at": at,
        "updated_at": at,
        "currency": row.get("currency", "USD"),
        "amount": row.get("amount") or row["amount_original"],
        "buyer": {"shop_buyer_id": row["customer_id"]},
    }


def _refund(row: dict[str, str]) -> dict[str, Any]:
    return {
        "external_id": row["order_id"],
        "buyer": {"shop_buyer_id": row["customer_id"]},
        "currency": row.get("currency", "USD"),
        "amount": (row.get("amount") or row["amount_original"]).lstrip("-"),
        "refunded_at": row["ts"] + "Z",
    }


def _spend(row: dict[str, str]) -> dict[str, Any]:
    return {
        "external_id": f"{row['period']}-{row['channel']}",
        "month": row["period"],
        "channel": row["channel"],
        "amount": row["spend"],
        "currency": "USD",
    }
