"""Refunds of both origins, in any order."""

from decimal import Decimal
from typing import Any

import pytest

from orders.models import Refund
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.orders.shop import (
    EARLIER,
    LATER,
    faults,
    held_order,
    held_refund,
    listed,
    order_body,
    post_orders,
    post_refunds,
    recomputed_stats,
    refund_body,
    set_rate,
    stats,
    statuses,
)

pytestmark = pytest.mark.django_db


def test_refund_of_a_known_order_takes_its_contact_and_rate(acme: Tenant) -> None:
    post_orders(acme, order_body(currency="EUR", fx_rate="0.5"))

    results = post_refunds(acme, refund_body(order_external_id="o1", currency="EUR", amount="0.01"))

    refund, order = held_refund(acme), held_order(acme)
    assert [(r.status, r.id) for r in results] == [("created", refund.pk)]
    assert (refund.order_id, refund.contact_id, refund.base_amount_minor) == (
        order.pk,
        order.contact_id,
        1,
    )  # half up
    assert (refund.fx_rate, refund.wait_reason) == (None, "")
    assert stats(acme) == {"ann": (1, 1500, 1)} == recomputed_stats(acme)


def test_refund_waits_for_the_order_it_names(acme: Tenant) -> None:
    post_refunds(acme, refund_body(order_external_id="o1", buyer={"shop_buyer_id": "ben"}))
    assert (held_refund(acme).contact_id, held_refund(acme).wait_reason) == (None, "no_order")

    post_orders(acme, order_body())

    refund = held_refund(acme)
    assert (refund.order_id, refund.wait_reason, refund.base_amount_minor) == (held_order(acme).pk, "", 1000)
    assert stats(acme) == {"ann": (1, 3000, 1000)}


def test_refund_in_another_currency_than_its_order_waits(acme: Tenant) -> None:
    post_orders(acme, order_body())

    post_refunds(acme, refund_body(order_external_id="o1", currency="EUR"))

    assert (held_refund(acme).contact_id, held_refund(acme).wait_reason) == (None, "currency")
    assert stats(acme) == {"ann": (1, 3000, 0)}


@pytest.mark.parametrize("alone_first", [True, False])
def test_a_lone_refund_overrides_its_orders_list(acme: Tenant, alone_first: bool) -> None:
    calls: list[Any] = [
        lambda: post_orders(acme, order_body(refunds=[listed(), listed("r2", amount="2.00")])),
        lambda: post_refunds(acme, refund_body(order_external_id="o1", amount="4.00")),
    ]
    for call in reversed(calls) if alone_first else calls:
        call()

    assert (
        held_refund(acme, origin="order").is_superseded,
        held_refund(acme, "r2", "order").is_superseded,
    ) == (True, False)
    assert stats(acme) == {"ann": (1, 3000, 600)} == recomputed_stats(acme)

    post_refunds(acme, refund_body(order_external_id=None, buyer={"shop_buyer_id": "ben"}, updated_at=LATER))
    assert stats(acme) == {"ann": (1, 3000, 1200), "ben": (0, 0, 1000)} == recomputed_stats(acme)


def test_a_lone_refund_without_order_belongs_to_its_buyer_at_its_own_days_rate(acme: Tenant) -> None:
    set_rate(acme, "EUR", "2024-01-05", "0.85")
    post_orders(acme, order_body())

    post_refunds(acme, refund_body(currency="EUR", buyer={"shop_buyer_id": "ann"}))

    refund = held_refund(acme)
    assert (refund.order_id, refund.fx_rate, refund.base_amount_minor) == (None, Decimal("0.85"), 850)
    assert stats(acme) == {"ann": (1, 3000, 850)}


def test_versions_of_lone_refunds(acme: Tenant) -> None:
    assert statuses(post_refunds(acme, refund_body(buyer={"shop_buyer_id": "ann"}))) == ["created"]
    assert statuses(post_refunds(acme, refund_body(buyer={"shop_buyer_id": "ann"}))) == ["unchanged"]
    assert statuses(post_refunds(acme, refund_body(buyer={"shop_buyer_id": "ann"}, updated_at=EARLIER))) == ["stale"]
    newer = refund_body(buyer={"shop_buyer_id": "ann"}, amount="1.00", updated_at=LATER)
    assert statuses(post_refunds(acme, newer, newer)) == ["updated", "unchanged"]
    assert stats(acme) == {"ann": (0, 0, 100)}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"amount": "0.00"}, ("/refunds/0/amount", "invalid_decimal")),
        ({"amount": "-1.00"}, ("/refunds/0/amount", "invalid_decimal")),
        ({"amount": "1.001"}, ("/refunds/0/amount", "too_many_decimals")),
        ({"currency": "EUR"}, ("/refunds/0/currency", "missing_rate")),
        ({"refunded_at": "2024-01-05T00:00:00"}, ("/refunds/0/refunded_at", "invalid_time")),
        ({"buyer": {"email": "x"}}, ("/refunds/0/buyer/email", "invalid_email")),
    ],
)
def test_a_hostile_refund_is_an_error(acme: Tenant, fields: dict[str, Any], fault: tuple[str, str]) -> None:
    results = post_refunds(acme, refund_body(**fields), refund_body("good"))

    assert (statuses(results), faults(results)) == (["error", "created"], [fault])


def test_a_refund_without_order_or_buyer_waits(acme: Tenant) -> None:
    post_refunds(acme, refund_body())

    assert (held_refund(acme).contact_id, held_refund(acme).wait_reason) == (None, "no_match")


def test_refunds_of_a_moved_order_move_with_it(acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed("r9")]))
    post_refunds(acme, refund_body(order_external_id="o1"))

    post_orders(acme, order_body(updated_at=LATER, currency="EUR", fx_rate="2", buyer={"shop_buyer_id": "ben"}))
    assert stats(acme) == {"ann": (0, 0, 0), "ben": (1, 6000, 0)}

    post_refunds(acme, refund_body(order_external_id="o1", currency="EUR", updated_at=LATER))
    assert stats(acme) == {"ann": (0, 0, 0), "ben": (1, 6000, 2000)}
    with tenant_transaction(acme.pk):
        assert Refund.objects.for_tenant(acme).count() == 2
