"""Convergence: any arrival order, splitting and repetition of the same versions ends in the newest of them."""

import random
import uuid
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.services.attach import attach_waiting
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.results import RowResult
from tests.orders.shop import (
    AT,
    everything,
    minutes,
    order_body,
    post_orders,
    post_refunds,
    recomputed_stats,
    set_rate,
    stats,
    statuses,
)

pytestmark = pytest.mark.django_db

Version = tuple[str, dict[str, Any]]

BUYERS = [{"shop_buyer_id": "ann"}, {"shop_buyer_id": "ben"}, {"phone": "+44 20 7946 0958"}, {}]
MONEY = [
    {"currency": "GBP"},
    {"currency": "EUR"},
    {"currency": "EUR", "fx_rate": "0.912345"},
    {"currency": "KWD", "fx_rate": "2.555"},
    {"currency": "SEK"},  # no rate: an error every time
]
amounts = st.sampled_from(["0", "0.01", "12.34", "7.50"])
refund_lines = st.lists(
    st.builds(
        lambda name, amount, at: {"external_id": name, "amount": amount, "refunded_at": minutes(at)},
        st.sampled_from(["r1", "r2"]),
        st.sampled_from(["1.00", "0.33"]),
        st.integers(0, 2),
    ),
    max_size=2,
    unique_by=lambda line: line["external_id"],
)
items = st.lists(st.builds(lambda amount: {"sku": "tea", "amount": amount}, amounts), max_size=2)


@st.composite
def order_versions(draw: Any) -> Version:
    body = order_body(
        draw(st.sampled_from(["o1", "o2"])),
        status=draw(st.sampled_from(["paid", "paid", "pending", "cancelled"])),
        paid_at=minutes(draw(st.sampled_from([0, 1, 1440]))),
        updated_at=minutes(draw(st.integers(0, 3))),
        amount=draw(amounts),
        buyer=draw(st.sampled_from(BUYERS)),
        items=draw(items),
        refunds=draw(st.none() | refund_lines),
    )
    return "order", body | draw(st.sampled_from(MONEY))


@st.composite
def refund_versions(draw: Any) -> Version:
    return "refund", {
        "external_id": draw(st.sampled_from(["r1", "r3"])),
        "order_external_id": draw(st.sampled_from([None, "o1", "o2", "o9"])),
        "buyer": draw(st.sampled_from(BUYERS)),
        "amount": draw(st.sampled_from(["0.50", "2.00"])),
        "currency": draw(st.sampled_from(["GBP", "EUR"])),
        "refunded_at": minutes(draw(st.sampled_from([0, 1440]))),
        "updated_at": minutes(draw(st.integers(0, 3))),
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    versions=st.lists(order_versions() | refund_versions(), min_size=1, max_size=10),
    seed=st.integers(0, 2**32),
)
@pytest.mark.django_db
def test_any_arrival_order_ends_in_the_newest_rows(versions: list[Version], seed: int) -> None:
    shuffled = random.Random(seed)
    here, there = _shop(), _shop()

    _arrive(here, versions, shuffled)
    _arrive(there, versions, shuffled)

    rows = everything(here)
    assert rows == everything(there)
    for tenant in (here, there):
        assert {name: sums for name, sums in stats(tenant).items() if any(sums)} == {
            name: sums for name, sums in recomputed_stats(tenant).items() if any(sums)
        }
    _check_newest(versions, "order", rows["Order"])
    _check_newest(versions, "refund", [row for row in rows["Refund"] if row["origin"] == "alone"])
    assert {*statuses(_call(here, versions))} <= {"unchanged", "stale", "error"}
    assert everything(here) == rows


def _check_newest(versions: list[Version], kind: str, rows: list[dict[str, Any]]) -> None:
    """Each row says what its newest version said, or one of those of the same instant."""
    told: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for one, body in versions:
        if one == kind and body["currency"] != "SEK":
            minor = Decimal(body["amount"]).scaleb(3 if body["currency"] == "KWD" else 2)
            what = body["status"] if kind == "order" else body["order_external_id"] or ""
            version_at = datetime.fromisoformat(body["updated_at"])
            told[body["external_id"]].append((version_at, what, body["currency"], minor))
    newest = {key: [said for said in all_said if said[0] == max(all_said)[0]] for key, all_said in told.items()}
    what = "status" if kind == "order" else "order_external_id"
    held = {row["external_id"]: (row["version_at"], row[what], row["currency"], row["amount_minor"]) for row in rows}
    assert held.keys() == newest.keys()
    assert [key for key, says in held.items() if says not in newest[key]] == []


def _shop() -> Tenant:
    tenant = Tenant.objects.create(slug=uuid.uuid4().hex[:20], name="a shop", timezone="UTC", currency="GBP")
    set_rate(tenant, "EUR", "2024-01-02", "0.87")
    set_rate(tenant, "EUR", "2024-01-03", "0.86543219")
    return tenant


def _arrive(tenant: Tenant, versions: list[Version], shuffled: random.Random) -> None:
    """Each version at least once, in any order, in calls of any size, ticks in between."""
    arriving = versions + [shuffled.choice(versions) for _ in range(shuffled.randrange(4))]
    shuffled.shuffle(arriving)
    while arriving:
        size = shuffled.randint(1, 4)
        call, arriving = arriving[:size], arriving[size:]
        _call(tenant, call)
        if shuffled.random() < 0.3:
            with tenant_transaction(tenant.pk):
                attach_waiting(tenant=tenant, at=AT)


def _call(tenant: Tenant, versions: list[Version]) -> list[RowResult]:
    orders = post_orders(tenant, *[body for kind, body in versions if kind == "order"])
    return orders + post_refunds(tenant, *[body for kind, body in versions if kind == "refund"])
