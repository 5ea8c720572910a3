"""When a channel paid back: the coarse search ends at the same second as reading everything would."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.channels import ChannelQuery
from tests.analytics.datasets import post
from tests.cast import ApiClient, make_key

DAY = datetime(2024, 1, 10, tzinfo=UTC)
# the day is over, and everyone has been observed for 180 days
AS_OF = datetime(2024, 1, 11, tzinfo=UTC) + timedelta(days=180)
# What each channel's one contact, won for 12.00 as the day began, brought and got back: (day of age, amount) …, and the
# days at which the cost was first covered and since when it always was.
CASES: dict[str, tuple[list[tuple[float, int]], str | None, str | None]] = {
    "at-once": ([(0, 12)], "0.00", "0.00"),
    "never": ([(0, 11), (50, 0)], None, None),
    "a-run-that-might-have-and-a-later-one-that-does": ([(1, -10), (2, 15), (40, 10)], "40.00", "40.00"),
    "a-run-that-might-have-and-one-that-does-briefly": (
        [(1, -10), (2, 15), (40, 8), (45, -8)],
        "40.00",
        None,
    ),
    "each-run-might-and-only-the-last-does": ([(1, -9), (2, 12), (8, -9), (9, 12), (70, 6)], "70.00", "70.00"),
    "covered-lost-and-covered-again": ([(1, 20), (2, -10), (50, 5)], "1.00", "50.00"),
    "covered-and-lost": ([(1, 20), (2, -10)], "1.00", None),
    "covered-lost-and-covered-within-a-step": ([(3.0, 15), (3.5, -10), (3.75, 10)], "3.00", "3.75"),
    "lost-within-a-later-step": ([(1, 20), (40.25, -10), (40.5, 10)], "1.00", "40.50"),
    "never-below-since-much-came-first": ([(1, 20), (40.25, 10), (40.5, -10)], "1.00", "1.00"),
    "a-refund-of-the-same-second": ([(1, 12), (5, 10), (5, -10)], "1.00", "1.00"),
    "on-the-last-second-observed": ([(180, 12)], "180.00", "180.00"),
    "later-than-all-are-observed": ([(1, 11), (180.5, 1)], None, None),
    "lost-later-than-all-are-observed": ([(1, 12), (180.5, -5)], "1.00", "1.00"),
}


@pytest.fixture
def board(transactional_db: Any) -> Any:
    from analytics.selectors.channels import channel_board
    from analytics.tasks import tick
    from tenants.context import tenant_transaction
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")
    api = ApiClient(make_key(tenant))
    orders, refunds = _orders_and_refunds()
    post(api, "/contacts/bulk", {"contacts": [_contact(channel) for channel in CASES]})
    post(api, "/acquisition/spend/bulk", {"spend": [_spend(channel) for channel in CASES]})
    post(api, "/orders/bulk", {"source": "shop", "orders": orders})
    post(api, "/refunds/bulk", {"source": "shop", "refunds": refunds})
    tick()
    with tenant_transaction(tenant.pk):
        query = ChannelQuery(as_of=AS_OF, from_date=DAY.date(), to_date=DAY.date(), slice="180d")
        return channel_board(tenant=tenant, query=query)


def test_paybacks_are_found_to_the_second(board: Any) -> None:
    found = {row.channel: row.payback for row in board.rows}

    shown = {channel: (_text(paid.days), _text(paid.sustained_days)) for channel, paid in found.items()}
    assert shown == {channel: (first, since) for channel, (_, first, since) in CASES.items()}
    assert {paid.status for paid in found.values()} == {"reached", "not_reached"}
    assert {_text(paid.observed_days) for paid in found.values()} == {"180.00"}


def _text(days: Any) -> str | None:
    return None if days is None else str(days)


def _orders_and_refunds() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    orders, refunds = [], []
    for channel, (told, _, _) in CASES.items():
        for number, (age, amount) in enumerate(told):
            at = (DAY + timedelta(days=age)).isoformat()
            row = {"external_id": f"{channel}-{number}", "buyer": {"shop_buyer_id": channel}, "currency": "USD"}
            if amount >= 0:
                orders.append({**row, "status": "paid", "paid_at": at, "updated_at": at, "amount": f"{amount}.00"})
            else:
                refunds.append({**row, "refunded_at": at, "amount": f"{-amount}.00"})
    return orders, refunds


def _contact(channel: str) -> dict[str, Any]:
    acquired = {"at": DAY.isoformat(), "channel": channel}
    return {"identities": {"shop:shop": channel}, "acquired": acquired}


def _spend(channel: str) -> dict[str, Any]:
    return {"external_id": channel, "date": f"{DAY.date()}", "channel": channel, "amount": "12.00", "currency": "USD"}
