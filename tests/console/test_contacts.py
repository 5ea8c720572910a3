"""The contact list and one contact's page."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.orders.shop import order_body, post_orders

HTMX = {"HX-Request": "true"}
LIST_QUERIES = 13
CONTACT_QUERIES = 18


def names(answer: Any) -> list[str]:
    return [contact.name for contact, _stats, _known in answer.context["lines"]]


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers={"accept-language": "en"})


def contact_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Contact.objects.for_tenant(tenant).get(name=name).pk)


def test_the_list_shows_who_when_and_what_they_brought(acme: Any, bob: Any) -> None:
    open_shop(acme, people=2)

    page = get(bob, "contacts/")

    text = page.content.decode()
    shown = [(contact.name, stats.purchases, stats.net_minor) for contact, stats, _known in page.context["lines"]]
    assert shown == [("顾客2", 1, 3000), ("顾客1", 1, 2000)]
    assert "2 contacts" in text
    assert "+8613800000002" in text


@pytest.mark.parametrize("text", ["小", "小龙", "3800000008", "b8"])
def test_search_finds_han_characters_phone_digits_and_shop_numbers(acme: Any, bob: Any, text: str) -> None:
    tell_contacts(acme, person(7), person(8, name="小龙女"), person(9))

    assert names(get(bob, "contacts/", q=text)) == ["小龙女"]


def test_filters_narrow_by_channel_tag_and_day_of_acquisition(acme: Any, bob: Any) -> None:
    tell_contacts(
        acme,
        person(1, tags=["口味/辣"]),
        person(2, acquired={"at": "2024-02-03T00:00:00Z", "channel": "store"}),
        person(3, acquired=None),
    )
    tag = next(value for value, label in get(bob, "contacts/").context["form"].fields["tag"].choices if value)

    assert names(get(bob, "contacts/", channel="store")) == ["顾客2"]
    assert names(get(bob, "contacts/", channel="unattributed")) == ["顾客3"]
    assert names(get(bob, "contacts/", tag=tag)) == ["顾客1"]
    assert names(get(bob, "contacts/", acquired_from="2024-02-01", acquired_to="2024-02-03")) == ["顾客2"]


def test_what_is_not_understood_is_said_and_narrows_nothing(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))

    page = get(bob, "contacts/", acquired_from="yesterday", channel="nowhere", after="x~y")

    assert names(page) == ["顾客1"]
    assert "Enter a valid date." in page.content.decode()


def test_nobody_found_is_told_apart_from_nobody_there(acme: Any, bob: Any) -> None:
    empty = get(bob, "contacts/").content.decode()
    tell_contacts(acme, person(1))
    not_found = get(bob, "contacts/", q="郭靖").content.decode()

    assert "No contacts yet" in empty
    assert "Nobody matches" in not_found


def test_load_more_goes_on_where_the_page_ended(acme: Any, bob: Any) -> None:
    tell_contacts(acme, *(person(number) for number in range(1, 61)))
    browser = log_in(bob)

    first = browser.get("/t/acme/contacts/")
    more = browser.get("/t/acme/contacts/", {"after": first.context["after"]}, headers=HTMX)

    assert (len(names(first)), len(names(more))) == (50, 10)
    assert set(names(first)) | set(names(more)) == {f"顾客{number}" for number in range(1, 61)}
    assert more.context["after"] == ""
    assert b"<html" not in more.content


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=people)
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/contacts/", headers=HTMX)

    assert len(seen) == LIST_QUERIES


@pytest.mark.parametrize("people", [1, 3])
def test_a_contact_costs_the_same_queries_whatever_happened(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=1)
    post_orders(acme, *(order_body(f"x{number}", buyer={"shop_buyer_id": "b1"}) for number in range(people)))
    browser, pk = log_in(bob), contact_id(acme, "顾客1")

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/contacts/{pk}/")

    assert len(seen) == CONTACT_QUERIES


def test_a_contact_shows_its_story_newest_first(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)

    page = get(bob, f"contacts/{contact_id(acme, '顾客1')}/")

    assert [entry.kind for entry in page.context["story"].rows] == ["refund", "order", "touch"]
    figures = page.context["figures"]
    assert (figures["gross_minor"], figures["refunded_minor"], figures["net_minor"]) == (3000, 1000, 2000)
    assert page.context["value_minor"] == 2000
    text = page.content.decode()
    assert "touch of search" in text
    assert "shop:shop" in text


def test_the_story_goes_on_page_by_page_without_gaps_or_repeats(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    orders = (order_body(f"o{number}", buyer={"shop_buyer_id": "b1"}) for number in range(40))
    post_orders(acme, *orders)
    browser, pk = log_in(bob), contact_id(acme, "顾客1")

    first = browser.get(f"/t/acme/contacts/{pk}/").context["story"]
    rest = browser.get(f"/t/acme/contacts/{pk}/", {"after": first.after}, headers=HTMX).context["story"]

    seen = [(entry.kind, entry.what.pk) for entry in (*first.rows, *rest.rows)]
    assert (len(first.rows), len(seen), len(set(seen)), rest.after) == (30, 41, 41, "")
    assert seen[-1][0] == "touch"


def test_a_brand_manager_sees_masked_phones_everywhere(acme: Any, mei: Any) -> None:
    tell_contacts(acme, person(1))

    pages = [get(mei, "contacts/"), get(mei, f"contacts/{contact_id(acme, '顾客1')}/")]

    for page in pages:
        text = page.content.decode()
        assert "+8613800000001" not in text
        assert "+8613••••0001" in text


def test_another_tenants_contact_and_none_are_the_same_404(acme: Any, globex: Any, bob: Any) -> None:
    tell_contacts(globex, person(1))
    theirs = contact_id(globex, "顾客1")

    assert [get(bob, f"contacts/{pk}/").status_code for pk in (theirs, 999_999_999)] == [404, 404]


def test_a_hostile_nickname_is_text(acme: Any, bob: Any) -> None:
    nasty = '<img src=x onerror="alert(1)"> x-init="alert(2)"'
    tell_contacts(acme, person(1, name=nasty))

    for page in (get(bob, "contacts/"), get(bob, f"contacts/{contact_id(acme, nasty)}/")):
        assert b"<img src=x" not in page.content
        assert b"&lt;img src=x" in page.content
