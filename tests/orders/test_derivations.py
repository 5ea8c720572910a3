"""What refunds take from their orders, on plain values."""

from decimal import Decimal
from typing import Any

import pytest

from orders.derivations import Derived, OrderFacts, RefundFacts, derive_from_orders

ORDER = OrderFacts(1, 9, "o1", 7, "", "EUR", Decimal("0.5"))


def refund(id: int = 1, **fields: Any) -> RefundFacts:
    facts: dict[str, Any] = {
        "origin": "order",
        "source_id": 9,
        "external_id": "r1",
        "order_id": 1,
        "order_external_id": "o1",
        "contact_id": None,
        "wait_reason": "",
        "currency": "EUR",
        "amount_minor": 3,
        "base_amount_minor": None,
        "is_superseded": False,
    }
    return RefundFacts(id=id, **facts | fields)


def derive(*refunds: RefundFacts) -> dict[int, Derived]:
    return derive_from_orders(orders=[ORDER], refunds=refunds, base_currency="GBP")


def test_contact_and_amount_come_from_the_order_half_up() -> None:
    assert derive(refund()) == {1: Derived(1, 7, "", 2, False)}


def test_what_is_right_already_is_left_alone() -> None:
    assert derive(refund(contact_id=7, base_amount_minor=2)) == {}


def test_a_lone_refund_of_the_same_number_and_order_supersedes() -> None:
    lone = refund(2, origin="alone", order_id=None)

    assert derive(refund(), lone) == {1: Derived(1, 7, "", 2, True), 2: Derived(1, 7, "", 2, False)}


@pytest.mark.parametrize("fields", [{"source_id": 8}, {"order_external_id": "o2"}])
def test_other_sources_and_orders_are_nothing_to_it(fields: dict[str, Any]) -> None:
    assert derive(refund(2, origin="alone", order_id=None, **fields)) == {}


@pytest.mark.parametrize("fields", [{"currency": "GBP"}, {"amount_minor": 10**16}])
def test_what_cannot_be_valued_waits(fields: dict[str, Any]) -> None:
    assert derive(refund(**fields)) == {1: Derived(1, None, "currency", None, False)}
