"""Orders and refunds that wait, and the tick that attaches them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from contacts.models import Change, Contact, Identity
from orders.models import Order, Source
from orders.selectors import Waiting, waiting_orders, waiting_refunds, waiting_sums
from orders.services.attach import attach_waiting
from orders.tasks import tick
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.orders.shop import (
    AT,
    held_order,
    held_refund,
    order_body,
    post_orders,
    post_refunds,
    refund_body,
    stats,
    statuses,
)

pytestmark = pytest.mark.django_db


def match_only(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        Source.objects.create(tenant=tenant, slug="erp", name="ERP", unknown_buyer="match")


def learn(tenant: Tenant, contact_id: int, kind: str, value: str) -> None:
    with tenant_transaction(tenant.pk):
        Identity.objects.update_or_create(tenant=tenant, kind=kind, value=value, defaults={"contact_id": contact_id})
        Change.objects.create(tenant=tenant, contact_id=contact_id, reason="identity")


def attach(tenant: Tenant) -> int:
    with tenant_transaction(tenant.pk):
        return attach_waiting(tenant=tenant, at=AT)


def test_unknown_buyer_of_a_match_only_source_waits_until_known(acme: Tenant) -> None:
    match_only(acme)
    order = order_body(buyer={"shop_buyer_id": "77", "phone": "+447911123456"})
    assert statuses(post_orders(acme, order, source="erp")) == ["created"]
    post_refunds(
        acme,
        refund_body(order_external_id="o1"),
        refund_body("r2", buyer={"phone": "+447911123456"}),
        source="erp",
    )
    assert (held_order(acme).contact_id, held_order(acme).wait_reason) == (None, "no_match")
    assert held_order(acme).buyer == {"identities": {"shop:erp": "77", "phone": "+447911123456"}}
    assert (held_refund(acme).wait_reason, held_refund(acme, "r2").wait_reason) == ("no_match", "no_match")

    post_orders(acme, order_body("web-1", buyer={"phone": "+44 7911 123456"}))

    assert attach(acme) == 2
    assert (held_order(acme).wait_reason, held_refund(acme).wait_reason) == ("", "")
    assert stats(acme) == {"+447911123456": (2, 6000, 2000)}
    attach(acme)
    assert attach(acme) == 0


def test_ambiguous_buyer_waits_until_one_contact_has_all(acme: Tenant) -> None:
    post_orders(
        acme,
        order_body("a", buyer={"unionid": "ann"}),
        order_body("b", buyer={"unionid": "ben", "openid": "b"}),
    )
    ann, ben = held_order(acme, "a").contact_id, held_order(acme, "b").contact_id
    assert ann and ben

    post_orders(acme, order_body("both", buyer={"unionid": "ann", "openid": "b"}))
    assert (held_order(acme, "both").contact_id, held_order(acme, "both").wait_reason) == (None, "ambiguous")
    attach(acme)
    assert held_order(acme, "both").wait_reason == "ambiguous"

    learn(acme, ann, "openid", "b")
    attach(acme)
    assert (held_order(acme, "both").contact_id, held_order(acme, "both").wait_reason) == (ann, "")


def test_a_buyer_without_any_identity_waits_and_makes_nobody(acme: Tenant) -> None:
    post_orders(acme, order_body(buyer={}), order_body("o2", buyer={"name": "Ann"}))

    with tenant_transaction(acme.pk):
        assert Contact.objects.for_tenant(acme).count() == 0
        assert waiting_sums(tenant=acme) == [Waiting("no_match", "GBP", 2, 6000)]
        assert [order.external_id for order in waiting_orders(tenant=acme)] == ["o2", "o1"]
        assert [*waiting_refunds(tenant=acme)] == []


def test_the_tick_visits_every_tenant(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        match_only(tenant)
        post_orders(tenant, order_body(currency="GBP", fx_rate="1", buyer={"openid": "x"}), source="erp")
        post_orders(tenant, order_body("web", currency="GBP", fx_rate="1", buyer={"openid": "x"}))

    tick()

    assert [held_order(tenant).wait_reason for tenant in (acme, globex)] == ["", ""]


@pytest.mark.django_db(transaction=True)
def test_several_ticks_at_once_attach_once(acme: Tenant) -> None:
    match_only(acme)
    post_orders(acme, *[order_body(f"o{n}", buyer={"openid": str(n)}) for n in range(20)], source="erp")
    post_orders(acme, *[order_body(f"w{n}", buyer={"openid": str(n)}) for n in range(20)])

    attached = race(lambda: attach(acme), lambda: attach(acme), lambda: attach(acme))

    assert sorted(attached) == [0, 0, 20]
    assert stats(acme) == {str(n): (2, 6000, 0) for n in range(20)}


@pytest.mark.django_db(transaction=True)
def test_two_connections_with_the_same_orders_and_new_buyers(acme: Tenant) -> None:
    def send(step: int) -> Callable[[], Any]:
        bodies = [order_body(f"o{n}", buyer={"shop_buyer_id": str(n // 2)}) for n in range(60)][::step]
        return lambda: [statuses(post_orders(acme, *bodies[start : start + 20])) for start in (0, 20, 40)]

    results = race(send(1), send(-1))

    flat = [status for calls in results for call in calls for status in call]
    assert (flat.count("created"), flat.count("unchanged")) == (60, 60)
    with tenant_transaction(acme.pk):
        assert Order.objects.for_tenant(acme).count() == 60
        assert Contact.objects.for_tenant(acme).count() == 30
    assert stats(acme) == {str(n): (2, 6000, 0) for n in range(30)}


def race(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs at the same moment, each on a connection of its own."""
    results: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(position: int) -> None:
        try:
            start.wait()
            results[position] = jobs[position]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
