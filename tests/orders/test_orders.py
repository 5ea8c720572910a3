"""Orders: what each row is told and what the tables hold afterwards."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Change, Contact, Identity
from orders.models import Order, OrderItem, Source
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.orders.shop import (
    AT,
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
    set_rate,
    stats,
    statuses,
)

pytestmark = pytest.mark.django_db


def test_order_is_written_with_items_source_and_buyer(acme: Tenant) -> None:
    results = post_orders(acme, order_body(discount="1.00", shipping="2.00", tax="3.00", attributes={"gift": True}))

    order = held_order(acme)
    assert [(r.index, r.external_id, r.status, r.id, r.errors) for r in results] == [(0, "o1", "created", order.pk, ())]
    assert (order.status, order.currency, order.amount_minor, order.base_amount_minor) == (
        "paid",
        "GBP",
        3000,
        3000,
    )
    assert (order.discount_minor, order.shipping_minor, order.tax_minor) == (100, 200, 300)
    assert (order.fx_rate, order.fx_given, order.attributes) == (Decimal(1), False, {"gift": True})
    assert (order.paid_at, order.version_at) == (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),) * 2
    assert order.created_at == order.updated_at > AT  # when the call had its turn
    with tenant_transaction(acme.pk):
        assert [*OrderItem.objects.for_tenant(acme).values_list("position", "sku", "quantity", "amount_minor")] == [
            (0, "tea", Decimal("2.000"), 3000)
        ]
        assert [*Source.objects.for_tenant(acme).values_list("slug", "unknown_buyer")] == [("shop", "create")]
        assert [*Identity.objects.for_tenant(acme).values_list("contact_id", "kind", "value")] == [
            (order.contact_id, "shop:shop", "ann")
        ]
        contact = Contact.objects.for_tenant(acme).get()
        assert (contact.first_purchase_at, contact.acquired_at) == (order.paid_at, order.paid_at)
    assert stats(acme) == {"ann": (1, 3000, 0)}


def test_older_version_is_stale_and_changes_nothing(acme: Tenant) -> None:
    post_orders(acme, order_body(amount="30.00"))

    assert statuses(post_orders(acme, order_body(amount="1.00", updated_at=EARLIER))) == ["stale"]
    assert held_order(acme).amount_minor == 3000


def test_newer_version_replaces_order_and_items(acme: Tenant) -> None:
    post_orders(acme, order_body())
    newer = order_body(amount="7.00", updated_at=LATER, items=[{"sku": "cup", "amount": "7.00"}])

    assert statuses(post_orders(acme, newer)) == ["updated"]
    assert held_order(acme).amount_minor == 700
    with tenant_transaction(acme.pk):
        assert [*OrderItem.objects.for_tenant(acme).values_list("sku", flat=True)] == ["cup"]
    assert stats(acme) == {"ann": (1, 700, 0)}


@pytest.mark.parametrize(("before", "after"), [("abc", "xb"), ("ab", "abcd"), ("ab", ""), ("", "ab"), ("ab", "ba")])
def test_newer_version_leaves_exactly_its_own_lines(acme: Tenant, before: str, after: str) -> None:
    neighbour = order_body("o2", items=[{"sku": sku, "amount": "1.00"} for sku in "yz"])
    post_orders(acme, order_body(items=[{"sku": sku, "amount": "1.00"} for sku in before]), neighbour)

    post_orders(acme, order_body(items=[{"sku": sku, "amount": "2.00"} for sku in after], updated_at=LATER))

    with tenant_transaction(acme.pk):
        lines = OrderItem.objects.for_tenant(acme).order_by("order__external_id", "position")
        found = [*lines.values_list("order__external_id", "sku", "amount_minor")]
    assert found == [*(("o1", sku, 200) for sku in after), ("o2", "y", 100), ("o2", "z", 100)]


def test_same_version_again_is_unchanged_however_it_is_written(acme: Tenant) -> None:
    post_orders(acme, order_body(paid_at="2024-01-02T03:04:05+00:00", attributes={"a": 1, "b": 2}))

    again = order_body(paid_at="2024-01-02T11:04:05+08:00", amount="30", attributes={"b": 2, "a": 1})
    assert statuses(post_orders(acme, again)) == ["unchanged"]


def test_same_instant_with_other_content_ends_the_same_both_ways(acme: Tenant, globex: Tenant) -> None:
    one, other = (
        order_body(amount="1.00", currency="EUR", fx_rate="1"),
        order_body(amount="2.00", currency="EUR", fx_rate="1"),
    )

    first = statuses(post_orders(acme, one)) + statuses(post_orders(acme, other))
    second = statuses(post_orders(globex, other)) + statuses(post_orders(globex, one))

    assert held_order(acme).amount_minor == held_order(globex).amount_minor
    assert {tuple(first), tuple(second)} == {("created", "updated"), ("created", "stale")}


def test_one_call_with_several_versions_keeps_the_newest(acme: Tenant) -> None:
    results = post_orders(
        acme,
        order_body(amount="1.00"),
        order_body(amount="2.00", updated_at=LATER),
        order_body(amount="2.00", updated_at=LATER),
        order_body(amount="3.00", updated_at=EARLIER),
    )

    assert statuses(results) == ["stale", "created", "unchanged", "stale"]
    assert {result.id for result in results} == {held_order(acme).pk}
    assert held_order(acme).amount_minor == 200


def test_buyers_correction_moves_the_order_and_both_sums(acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed()]), order_body("o2", amount="5.00"))

    post_orders(acme, order_body(updated_at=LATER, buyer={"shop_buyer_id": "ben"}))

    assert stats(acme) == {"ann": (1, 500, 0), "ben": (1, 3000, 1000)}
    assert stats(acme) == recomputed_stats(acme)


def test_a_cancelled_order_is_no_purchase_and_its_refunds_do_not_count(acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed()]))
    assert stats(acme) == {"ann": (1, 3000, 1000)}

    post_orders(acme, order_body(status="cancelled", updated_at=LATER))

    assert stats(acme) == {"ann": (0, 0, 0)}
    with tenant_transaction(acme.pk):
        contact = Contact.objects.for_tenant(acme).get()
        assert (contact.first_purchase_at, contact.acquired_at, contact.acquired_date) == (None, None, None)


def test_free_samples_and_pending_orders_are_no_purchases(acme: Tenant) -> None:
    post_orders(acme, order_body(amount="0.00"), order_body("o2", status="pending", paid_at=None))

    assert stats(acme) == {"ann": (0, 0, 0)}


def test_change_rows_name_contacts_left_and_come_to(acme: Tenant) -> None:
    post_orders(acme, order_body())
    with tenant_transaction(acme.pk):
        before = Change.objects.for_tenant(acme).filter(reason="order").count()

    post_orders(acme, order_body(updated_at=LATER, buyer={"shop_buyer_id": "ben"}))
    post_orders(acme, order_body(updated_at=LATER, buyer={"shop_buyer_id": "ben"}))

    with tenant_transaction(acme.pk):
        rows = (
            Change.objects.for_tenant(acme).filter(reason="order").order_by("id").values_list("contact_id", flat=True)
        )
        assert (before, len(set(rows[1:])), len(rows[1:])) == (1, 2, 2)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"amount": 30}, ("/orders/1/amount", "invalid_decimal")),
        ({"amount": "1e3"}, ("/orders/1/amount", "invalid_decimal")),
        ({"amount": "-1.00"}, ("/orders/1/amount", "invalid_decimal")),
        ({"amount": "NaN"}, ("/orders/1/amount", "invalid_decimal")),
        ({"amount": "1234567890123.00"}, ("/orders/1/amount", "invalid_decimal")),
        ({"amount": "1.234"}, ("/orders/1/amount", "too_many_decimals")),
        ({"currency": "JPY", "fx_rate": "0.005", "items": []}, ("/orders/1/amount", "too_many_decimals")),
        ({"currency": "GBX"}, ("/orders/1/currency", "invalid_currency")),
        ({"currency": "EUR"}, ("/orders/1/currency", "missing_rate")),
        ({"currency": "EUR", "fx_rate": "0.00"}, ("/orders/1/fx_rate", "invalid_decimal")),
        ({"currency": "EUR", "fx_rate": "1.123456789"}, ("/orders/1/fx_rate", "invalid_decimal")),
        ({"fx_rate": "2"}, ("/orders/1/fx_rate", "out_of_range")),
        (
            {"currency": "EUR", "fx_rate": "999999999", "amount": "999999999999.99"},
            ("/orders/1/fx_rate", "out_of_range"),
        ),
        ({"paid_at": None}, ("/orders/1/paid_at", "required")),
        ({"paid_at": "2024-01-02T03:04:05"}, ("/orders/1/paid_at", "invalid_time")),
        ({"paid_at": 1704164645}, ("/orders/1/paid_at", "invalid_time")),
        ({"updated_at": None}, ("/orders/1/updated_at", "invalid_time")),
        ({"updated_at": "0001-01-01T00:00:00+14:00"}, ("/orders/1/updated_at", "invalid_date")),
        ({"status": "shipped"}, ("/orders/1/status", "invalid")),
        ({"external_id": ""}, ("/orders/1/external_id", "invalid_id")),
        ({"external_id": "x" * 101}, ("/orders/1/external_id", "invalid_id")),
        ({"buyer": {"phone": "not a phone"}}, ("/orders/1/buyer/phone", "invalid_phone")),
        ({"buyer": {"email": "nobody"}}, ("/orders/1/buyer/email", "invalid_email")),
        ({"buyer": []}, ("/orders/1/buyer", "invalid")),
        ({"items": [{"amount": "1.00"}] * 501}, ("/orders/1/items", "too_many_items")),
        (
            {"items": [{"amount": "1.00", "quantity": "1.2345"}]},
            ("/orders/1/items/0/quantity", "invalid_decimal"),
        ),
        ({"items": [{"amount": "1.005"}]}, ("/orders/1/items/0/amount", "too_many_decimals")),
        ({"refunds": [listed(amount="0.00")]}, ("/orders/1/refunds/0/amount", "invalid_decimal")),
        ({"refunds": [listed(), listed()]}, ("/orders/1/refunds/1/external_id", "duplicate")),
        ({"attributes": {"long": "x" * 8192}}, ("/orders/1/attributes", "too_long")),
        ({"attributes": []}, ("/orders/1/attributes", "invalid_attributes")),
        ({"surprise": 1}, ("/orders/1/surprise", "unknown_field")),
    ],
)
def test_a_hostile_row_is_an_error_and_never_stops_the_others(
    acme: Tenant, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    results = post_orders(acme, order_body("good-1"), {**order_body("bad"), **fields}, order_body("good-2"))

    assert statuses(results) == ["created", "error", "created"]
    assert faults(results) == [fault]
    with tenant_transaction(acme.pk):
        assert Order.objects.for_tenant(acme).count() == 2


@pytest.mark.parametrize("text", ["\0", "a\0b"])
@pytest.mark.parametrize("place", ["external_id", "name", "attributes"])
def test_text_that_postgresql_cannot_hold_is_that_rows_error(acme: Tenant, place: str, text: str) -> None:
    places: dict[str, dict[str, Any]] = {
        "external_id": {"external_id": text},
        "name": {"items": [{"amount": "1.00", "name": text}]},
        "attributes": {"attributes": {"deep": [{text: text}]}},
    }

    results = post_orders(acme, order_body("good"), order_body() | places[place])

    assert statuses(results) == ["created", "error"]


def test_rate_given_with_the_order_is_used_half_up(acme: Tenant) -> None:
    post_orders(acme, order_body(currency="JPY", amount="1001", fx_rate="0.0055", items=[]))

    order = held_order(acme)
    assert (order.amount_minor, order.fx_given, order.base_amount_minor) == (1001, True, 551)  # 5.5055 pounds


def test_rate_of_the_tenants_table_is_that_of_the_orders_day_in_its_zone(globex: Tenant) -> None:
    set_rate(globex, "USD", "2024-01-02", "7.1")
    set_rate(globex, "USD", "2024-01-03", "7.2")

    post_orders(globex, order_body(currency="USD", amount="10.00", paid_at="2024-01-02T16:00:00Z"))

    assert (held_order(globex).fx_rate, held_order(globex).base_amount_minor) == (Decimal("7.2"), 7200)


def test_a_missing_rate_is_an_error_that_names_currency_and_day(acme: Tenant) -> None:
    (result,) = post_orders(acme, order_body(currency="EUR"))

    (error,) = result.errors
    assert (error.code, "EUR" in error.detail, "2024-01-02" in error.detail) == ("missing_rate", True, True)


def test_a_kept_rate_stays_while_currency_and_day_do(acme: Tenant) -> None:
    set_rate(acme, "EUR", "2024-01-02", "0.8")
    set_rate(acme, "EUR", "2024-01-03", "0.7")
    post_orders(acme, order_body(currency="EUR"))
    set_rate(acme, "EUR", "2024-01-02", "0.9")

    post_orders(acme, order_body(currency="EUR", amount="20.00", updated_at=LATER))
    assert held_order(acme).base_amount_minor == 1600

    post_orders(acme, order_body(currency="EUR", paid_at="2024-01-03T00:00:00Z", updated_at="2024-03-01T00:00:00Z"))
    assert held_order(acme).base_amount_minor == 2100


def test_refunds_list_replaces_only_when_it_is_told(acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed("r1"), listed("r2", amount="1.00")]))
    post_orders(acme, order_body(updated_at=LATER, amount="29.00"))
    assert stats(acme) == {"ann": (1, 2900, 1100)}

    post_orders(acme, order_body(updated_at="2024-03-01T00:00:00Z", refunds=[listed("r2", amount="3.00")]))
    assert stats(acme) == {"ann": (1, 3000, 300)}

    post_orders(acme, order_body(updated_at="2024-04-01T00:00:00Z", refunds=[]))
    assert stats(acme) == {"ann": (1, 3000, 0)}


def test_refunds_list_of_a_stale_version_is_taken_when_newer_than_the_list_held(acme: Tenant) -> None:
    post_orders(acme, order_body(updated_at=LATER, amount="20.00"))

    assert statuses(post_orders(acme, order_body(refunds=[listed()]))) == ["updated"]
    older = order_body(updated_at=EARLIER, refunds=[listed("r2")])
    assert statuses(post_orders(acme, older)) == ["stale"]
    assert stats(acme) == {"ann": (1, 2000, 1000)}


def test_an_embedded_refund_in_a_currency_that_its_order_left_waits(acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed()]))

    post_orders(acme, order_body(updated_at=LATER, currency="EUR", fx_rate="0.5"))

    refund = held_refund(acme, origin="order")
    assert (refund.contact_id, refund.wait_reason, refund.base_amount_minor) == (None, "currency", None)
    assert stats(acme) == {"ann": (1, 1500, 0)} == recomputed_stats(acme)


def test_a_call_takes_the_same_statements_whatever_its_size(acme: Tenant) -> None:
    def call(count: int, start: int) -> int:
        post_refunds(
            acme,
            *[listed(f"alone{n}", currency="GBP", order_external_id=f"o{n}") for n in range(start, start + count)],
        )
        post_orders(
            acme,
            *[order_body(f"o{n}", buyer={"shop_buyer_id": str(n)}) for n in range(start, start + count, 2)],
        )
        bodies = [
            order_body(
                f"o{n}",
                updated_at=LATER,
                buyer={"shop_buyer_id": str(n), "name": "Ann", "phone": f"+4420794{n:05d}"},
                refunds=[listed(f"r{n}")],
                currency="EUR" if n % 3 else "GBP",
            )
            for n in range(start, start + count)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert {*statuses(post_orders(acme, *bodies))} == {"created", "updated"}
        return len(queries)

    set_rate(acme, "EUR", "2024-01-02", "0.8")
    post_orders(acme, order_body("warm"))

    assert [call(3, 0), call(1000, 10)] == [24, 24]
