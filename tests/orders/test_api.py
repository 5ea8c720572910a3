"""Orders and refunds over REST."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.models import Tenant
from tests.cast import ApiClient, log_in
from tests.orders.shop import (
    LATER,
    held_order,
    listed,
    order_body,
    post_orders,
    post_refunds,
    refund_body,
)

pytestmark = pytest.mark.django_db


def send(api: ApiClient, *orders: dict[str, Any]) -> dict[str, Any]:
    response = api.post("/orders/bulk", json.dumps({"source": "shop", "orders": orders}))
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_bulk_orders_answer_row_by_row(api: ApiClient, acme: Tenant) -> None:
    answer = send(api, order_body("o1"), order_body("o2", amount=3), order_body("o3", currency="EUR"))

    told = [
        (row["index"], row["external_id"], row["status"], [e["pointer"] for e in row["errors"]])
        for row in answer["results"]
    ]
    assert told == [
        (0, "o1", "created", []),
        (1, "o2", "error", ["/orders/1/amount"]),
        (2, "o3", "error", ["/orders/2/currency"]),
    ]
    assert answer["summary"] == {"created": 1, "error": 2}
    assert answer["results"][0]["id"] == held_order(acme).pk


def test_bulk_refunds_answer_row_by_row(api: ApiClient, acme: Tenant) -> None:
    post_orders(acme, order_body())
    refunds = [refund_body(order_external_id="o1"), refund_body("r2", amount="0")]

    response = api.post("/refunds/bulk", json.dumps({"source": "shop", "refunds": refunds}))

    assert [row["status"] for row in response.json()["results"]] == ["created", "error"]


def test_order_is_shown_with_lines_and_the_refunds_that_count(api: ApiClient, acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed()], attributes={"gift": True}))
    post_refunds(acme, refund_body(order_external_id="o1", amount="4.00"))
    order = held_order(acme)

    shown = api.get(f"/orders/{order.pk}").json()

    assert (shown["external_id"], shown["source"], shown["amount"], shown["base_amount"]) == (
        "o1",
        "shop",
        "30.00",
        "30.00",
    )
    assert (shown["contact_id"], shown["wait_reason"], shown["attributes"]) == (
        order.contact_id,
        None,
        {"gift": True},
    )
    assert [(item["sku"], item["quantity"], item["amount"]) for item in shown["items"]] == [("tea", "2.000", "30.00")]
    assert [(refund["origin"], refund["amount"]) for refund in shown["refunds"]] == [("alone", "4.00")]


def test_another_tenants_order_is_as_absent_as_none(api: ApiClient, acme: Tenant, globex: Tenant) -> None:
    post_orders(globex, order_body(currency="CNY"))
    theirs = held_order(globex).pk

    hidden, absent = api.get(f"/orders/{theirs}"), api.get("/orders/999999999")

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json() == absent.json()
    assert api.get("/orders").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["o3", "o2", "o1"]),
        ({"status": "paid"}, ["o2", "o1"]),
        ({"source": "elsewhere"}, []),
        ({"paid_from": "2024-01-02T03:04:05Z", "paid_before": "2024-02-01T00:00:00Z"}, ["o1"]),
        ({"updated_after": "2024-06-01T11:59:59Z"}, ["o1", "o2", "o3"]),
        ({"updated_after": "2999-12-31T00:00:00Z"}, []),
    ],
)
def test_list_of_orders_is_filtered(api: ApiClient, acme: Tenant, query: dict[str, str], found: list[str]) -> None:
    post_orders(
        acme,
        order_body("o1"),
        order_body("o2", paid_at=LATER),
        order_body("o3", status="pending", paid_at=None),
    )

    assert [order["external_id"] for order in api.get("/orders", query).json()["results"]] == found


def test_orders_of_one_contact_page_by_page(api: ApiClient, acme: Tenant) -> None:
    post_orders(acme, *[order_body(f"o{n}", buyer={"shop_buyer_id": f"b{n % 2}"}) for n in range(6)])
    contact = held_order(acme, "o0").contact_id

    first = api.get("/orders", {"contact": contact, "limit": 2}).json()
    second = api.client.get(first["next"], headers=api.headers).json()

    assert [order["external_id"] for order in first["results"] + second["results"]] == ["o4", "o2", "o0"]
    assert second["next"] is None


def test_list_of_orders_takes_the_same_statements_for_1_and_3_rows(api: ApiClient, acme: Tenant) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            api.get("/orders")
        return len(queries)

    post_orders(acme, order_body("o1"))
    statements()
    one = statements()
    post_orders(acme, order_body("o2"), order_body("o3"))

    assert (one, statements()) == (one, one)


def test_list_of_refunds(api: ApiClient, acme: Tenant) -> None:
    post_orders(acme, order_body(refunds=[listed("r1"), listed("r2")]))
    post_refunds(acme, refund_body("r1", order_external_id="o1", amount="1.00"))

    shown = api.get("/refunds", {"order_external_id": "o1"}).json()["results"]

    assert [(refund["external_id"], refund["amount"]) for refund in shown] == [
        ("r1", "1.00"),
        ("r2", "10.00"),
    ]


@pytest.mark.parametrize(
    ("who", "phone"), [("alice", "+8613800138000"), ("bob", "+8613800138000"), ("mei", "+8613••••8000")]
)
def test_a_session_sees_the_buyers_phone_as_its_role_does(
    request: pytest.FixtureRequest, api: ApiClient, acme: Tenant, who: str, phone: str
) -> None:
    post_orders(acme, order_body(buyer={"shop_buyer_id": "b1", "phone": "+8613800138000", "name": "王"}))
    path = f"/orders/{held_order(acme).pk}"
    whole = api.get(path).json()

    shown = log_in(request.getfixturevalue(who)).get(f"/t/acme/api/v1{path}").json()

    assert whole["buyer"]["identities"] == {"shop:shop": "b1", "phone": "+8613800138000"}
    assert shown == {**whole, "buyer": {**whole["buyer"], "identities": {"shop:shop": "b1", "phone": phone}}}


def test_an_order_of_a_buyer_without_a_phone_is_shown_to_a_brand_manager(acme: Tenant, mei: Any) -> None:
    post_orders(acme, order_body("o1"), order_body("o2", buyer={}))

    for name in ("o1", "o2"):
        order = held_order(acme, name)
        shown = log_in(mei).get(f"/t/acme/api/v1/orders/{order.pk}").json()
        assert shown["buyer"] == order.buyer
