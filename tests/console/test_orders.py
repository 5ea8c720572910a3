"""The order list, an order's page and the orders that wait."""

from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order, Source
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.orders.shop import listed, order_body, post_orders

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LIST_QUERIES = 11
ORDER_QUERIES = 13


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers={"accept-language": "en"})


def numbers(answer: Any) -> list[str]:
    return [order.external_id for order, _refunded, _known_as in answer.context["lines"]]


def order_id(tenant: Any, external_id: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Order.objects.for_tenant(tenant).get(external_id=external_id).pk)


def make_desk(tenant: Any) -> None:
    """Two orders wait: one that nobody matches, one that two contacts match."""
    with tenant_transaction(tenant.pk):
        Source.objects.create(tenant=tenant, slug="desk", name="Desk", unknown_buyer="match")
    tell_contacts(tenant, person(1), person(2))
    nobody = order_body("w1", buyer={"shop_buyer_id": "unknown"}, amount="12.00")
    both = order_body("w2", buyer={"phone": "+8613800000001", "email": None, "name": "谁"})
    twice = {**both, "buyer": {"phone": "+8613800000001", "unionid": "u2"}}
    tell_contacts(tenant, person(2, identities={"shop:shop": "b2", "unionid": "u2"}))
    post_orders(tenant, nobody, twice, source="desk")


def test_the_list_shows_newest_first_with_what_was_refunded(acme: Any, bob: Any) -> None:
    open_shop(acme, people=2)

    page = get(bob, "orders/")

    assert [(order.external_id, refunded) for order, refunded, _known_as in page.context["lines"]] == [
        ("o2", None),
        ("o1", 1000),
    ]
    assert "2 orders" in page.content.decode()


def test_filters_narrow_by_number_source_status_day_and_waiting(acme: Any, bob: Any) -> None:
    make_desk(acme)
    post_orders(
        acme,
        order_body("a1", buyer={"shop_buyer_id": "b1"}, paid_at="2024-03-01T23:59:59Z"),
        order_body("a2", buyer={"shop_buyer_id": "b1"}, status="cancelled"),
    )

    assert numbers(get(bob, "orders/", q="a1")) == ["a1"]
    assert sorted(numbers(get(bob, "orders/", source="desk"))) == ["w1", "w2"]
    assert numbers(get(bob, "orders/", status="cancelled")) == ["a2"]
    assert numbers(get(bob, "orders/", paid_from="2024-03-01", paid_to="2024-03-01")) == ["a1"]
    assert sorted(numbers(get(bob, "orders/", waiting="1"))) == ["w1", "w2"]


def test_load_more_goes_on_where_the_page_ended(acme: Any, bob: Any) -> None:
    post_orders(acme, *(order_body(f"o{number}") for number in range(60)))
    browser = log_in(bob)

    first = browser.get("/t/acme/orders/")
    more = browser.get("/t/acme/orders/", {"after": first.context["after"]}, headers=HTMX)

    assert (len(numbers(first)), len(numbers(more)), more.context["after"]) == (50, 10, "")
    assert len({*numbers(first), *numbers(more)}) == 60


def test_orders_that_nobody_paid_come_after_all_others_page_by_page(acme: Any, bob: Any) -> None:
    unpaid = [order_body(f"u{number}", status="pending", paid_at=None) for number in range(55)]
    post_orders(acme, *unpaid, *(order_body(f"o{number}") for number in range(48)))
    browser = log_in(bob)

    pages, after = [], ""
    for _ in range(3):
        page = browser.get("/t/acme/orders/", {"after": after}, headers=HTMX)
        after = page.context["after"]
        pages.append(numbers(page))

    assert [number[0] for number in chain.from_iterable(pages)] == ["o"] * 48 + ["u"] * 55
    assert ([len(page) for page in pages], after) == ([50, 50, 3], "")
    assert len(set(chain.from_iterable(pages))) == 103


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=people)
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/orders/", headers=HTMX)

    assert len(seen) == LIST_QUERIES


def test_orders_of_a_contact_without_a_name_call_it_by_its_oldest_id(acme: Any, bob: Any) -> None:
    post_orders(acme, order_body("o1", buyer={"shop_buyer_id": "ann"}))

    listed_page, page = get(bob, "orders/"), get(bob, f"orders/{order_id(acme, 'o1')}/")

    assert [known_as for _order, _refunded, known_as in listed_page.context["lines"]] == ["ann"]
    assert page.context["known_as"] == "ann"


@pytest.mark.parametrize("refunds", [1, 3])
def test_an_order_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, refunds: int) -> None:
    told = [listed(f"r{number}", amount="1.00") for number in range(refunds)]
    item = {"sku": "tea", "name": "Tea", "quantity": "1", "unit_price": "15.00", "amount": "15.00"}
    post_orders(acme, order_body("o1", refunds=told, items=[item] * refunds))
    browser, pk = log_in(bob), order_id(acme, "o1")

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/orders/{pk}/", headers=HTMX)

    assert len(seen) == ORDER_QUERIES


def test_an_order_shows_items_refunds_buyer_and_contact(acme: Any, bob: Any) -> None:
    post_orders(acme, order_body("o1", refunds=[listed(amount="10.00")], buyer={"shop_buyer_id": "b1", "name": "Ann"}))

    page = get(bob, f"orders/{order_id(acme, 'o1')}/")

    text = page.content.decode()
    assert (page.context["refunded_minor"], page.context["net_minor"]) == (1000, 2000)
    assert page.context["buyer_name"] == "Ann"
    for words in ("Tea", "£30.00", "−£10.00", "£20.00", "came with its order"):
        assert words in text


def test_waiting_orders_are_told_by_reason_with_the_money_at_stake(acme: Any, bob: Any) -> None:
    make_desk(acme)

    page = get(bob, "orders/waiting/")
    narrowed = get(bob, "orders/waiting/", reason="ambiguous")

    sums = [(row.reason, row.orders, row.amount_minor) for row in page.context["sums"]]
    assert sums == [("ambiguous", 1, 3000), ("no_match", 1, 1200)]
    assert [order.external_id for order in narrowed.context["rows"]] == ["w2"]
    assert "£12.00" in page.content.decode()


def test_an_empty_desk_says_so(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)

    assert "Every order has its contact" in get(bob, "orders/waiting/").content.decode()


def test_a_brand_manager_sees_no_whole_phone_of_a_buyer(acme: Any, mei: Any) -> None:
    make_desk(acme)

    for path in ("orders/waiting/", f"orders/{order_id(acme, 'w2')}/"):
        text = get(mei, path).content.decode()
        assert "+8613800000001" not in text
        assert "+8613••••0001" in text


def test_another_tenants_order_and_none_are_the_same_404(acme: Any, globex: Any, bob: Any) -> None:
    post_orders(globex, order_body("theirs", currency="CNY"))
    theirs = order_id(globex, "theirs")

    assert [get(bob, f"orders/{pk}/").status_code for pk in (theirs, 999_999_999)] == [404, 404]
