"""One segment's page: size, moves, people, why, history, and people moved by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Attribute
from segments.models import Segment
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.segment_desk import HTMX, contact_id, get, named, post, told
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.segments.audience import a_list, carry, edit, in_segment, live, people, tag, tagged
from tests.segments.audience import members as members_of

pytestmark = pytest.mark.django_db

PAGE_QUERIES = 20
EXPLAIN_QUERIES = 25
HISTORY_QUERIES = 11


def test_the_page_shows_size_moves_rule_people_and_versions(acme: Any, bob: Any) -> None:
    vip, ids = tag(acme), people(acme, 3, name="王小明", phone="+8613800000001")
    carry(acme, vip, ids)
    pk = live(acme, "Friends", tagged(vip), at=timezone.now())

    page = get(bob, f"segments/{pk}/")

    text = page.content.decode()
    assert (page.context["entered"], page.context["left"]) == (3, 0)
    assert page.context["days"][0].size == 3
    assert [member.contact.pk for member, _known in page.context["members"]] == ids[::-1]
    assert "tagged group of vip/vip" in text
    assert "+8613800000001" in text
    assert [(line.version.number, line.is_live) for line in page.context["versions"]] == [(1, True)]


def test_the_page_is_loaded_anew_once_its_people_are_found(acme: Any, bob: Any) -> None:
    pk = live(acme, "Friends", tagged(tag(acme)))
    browser, address = log_in(bob), f"/t/acme/segments/{pk}/"
    asked = []

    for build in ("waiting", "building", "idle", "failed"):
        with tenant_transaction(acme.pk):
            Segment.objects.for_tenant(acme).filter(pk=pk).update(build=build)
        answer = browser.get(address, {"building": 1}, headers=HTMX)
        shown = browser.get(address, headers={"accept-language": "en"}).content.decode()
        asked.append((answer.status_code, answer.headers.get("HX-Refresh"), "They are being looked for." in shown))

    assert asked == [(204, None, True), (204, None, True), (204, "true", False), (204, "true", False)]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, count: int) -> None:
    vip = tag(acme)
    carry(acme, vip, people(acme, count))
    pk = live(acme, "Friends", tagged(vip))
    for number in range(count):
        edit(acme, pk, {"type": "any", "of": [tagged(vip)] * (number + 1)})
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/segments/{pk}/")

    assert len(seen) == PAGE_QUERIES


def test_its_people_go_on_where_the_page_ended(acme: Any, bob: Any) -> None:
    pk = a_list(acme, "By hand", people(acme, 60))
    browser = log_in(bob)

    first = browser.get(f"/t/acme/segments/{pk}/")
    more = browser.get(f"/t/acme/segments/{pk}/", {"after": first.context["after_members"]}, headers=HTMX)

    ids = [member.contact.pk for page in (first, more) for member, _known in page.context["members"]]
    assert (len(ids), len(set(ids)), more.context["after_members"]) == (60, 60, "")
    assert b"<html" not in more.content


def test_why_says_each_condition_with_her_value(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)
    vip, she = tag(acme), contact_id(acme, "顾客1")
    carry(acme, vip, [she])
    with tenant_transaction(acme.pk):
        city = Attribute.objects.create(tenant=acme, key="city", label="City", kind="text")
    inner = live(acme, "Inner", tagged(vip))
    rule = {
        "type": "all",
        "of": [
            tagged(vip),
            {"type": "not", "of": {"type": "orders", "measure": "count", "op": "gte", "value": 2}},
            {"type": "orders", "measure": "net", "op": "gte", "value": "100.00"},
            {"type": "orders", "measure": "net", "op": "lt", "value": "1.00", "days": 30},
            {"type": "attribute", "attribute": city.pk, "op": "is_set"},
            {"type": "channel", "channels": [None]},
            {"type": "last_order", "within_days": 30},
            {"type": "acquired", "before_days": 1},
            in_segment(inner),
        ],
    }
    pk = live(acme, "Friends", rule)

    page = get(bob, f"segments/{pk}/explain/", contact=she)

    assert [(each.depth, each.is_true, each.value) for each in page.context["conditions"]] == [
        (0, False, ""),
        (1, True, "group of vip/vip"),
        (1, True, ""),
        (2, False, "1"),
        (1, False, "£20.00"),
        (1, True, "£0.00"),
        (1, False, "not known"),
        (1, False, "search"),
        (1, False, "2 Jan 2024, 03:04"),
        (1, True, "2 Jan 2024, 00:00"),
        (1, True, "in it since 21 Nov 2026, 12:00"),
    ]
    assert page.context["explained"].is_member is False


def test_a_window_counts_as_the_rule_does(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)
    days = (timezone.now() - datetime(2024, 1, 1, tzinfo=UTC)).days
    rule = {"type": "orders", "measure": "net", "op": "eq", "value": "20.00", "days": days + 2}
    pk = live(acme, "Friends", rule, at=timezone.now())

    page = get(bob, f"segments/{pk}/explain/", contact=contact_id(acme, "顾客1"))

    assert [(each.is_true, each.value) for each in page.context["conditions"]] == [(True, "£20.00")]


def test_a_text_finds_whom_to_explain(acme: Any, bob: Any, mei: Any) -> None:
    tell_contacts(acme, person(1, name="小龙女"), person(2, name="小红"))
    pk = live(acme, "All", {"type": "acquired", "within_days": 36500})

    one = get(bob, f"segments/{pk}/explain/", q="龙女")
    several = get(mei, f"segments/{pk}/explain/", q="小")
    nobody = get(bob, f"segments/{pk}/explain/", q="郭靖")

    assert one.context["contact"].name == "小龙女"
    assert [hit.name for hit, _known in several.context["hits"]] == ["小红", "小龙女"]
    assert b"+8613800000001" not in several.content
    assert b"Nobody matches" in nobody.content


@pytest.mark.parametrize("count", [1, 3])
def test_why_costs_the_same_queries_whatever_the_rule_asks(acme: Any, bob: Any, count: int) -> None:
    (she,) = people(acme, 1)
    windows = [{"type": "orders", "measure": "count", "op": "eq", "value": 0, "days": 7 + n} for n in range(count)]
    pk = live(acme, "Quiet", {"type": "all", "of": windows})
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/segments/{pk}/explain/", {"contact": she})

    assert len(seen) == EXPLAIN_QUERIES


def test_history_says_who_came_and_went_and_who_was_in_on_a_day(acme: Any, bob: Any) -> None:
    first, second = people(acme, 2)
    pk = a_list(acme, "By hand", [first, second])
    post(bob, f"segments/{pk}/people/{first}/remove/")

    moves = get(bob, f"segments/{pk}/history/")
    then = get(bob, f"segments/{pk}/history/", day="2999-01-01")
    before = get(bob, f"segments/{pk}/history/", day="2020-01-01")

    assert len(moves.context["lines"]) == 3
    assert [move.contact_id for move, _known in then.context["lines"]] == [second]
    assert then.context["size"] == 1
    assert (before.context["lines"], before.context["size"]) == ([], 0)


@pytest.mark.parametrize("count", [1, 3])
def test_history_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, count: int) -> None:
    pk = a_list(acme, "By hand", people(acme, count))
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/segments/{pk}/history/")

    assert len(seen) == HISTORY_QUERIES


def test_people_are_put_on_a_list_by_number_phone_and_id(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1), person(2), person(3))
    first = contact_id(acme, "顾客1")
    post(bob, "segments/new-list/", name="By hand")
    pk = named(acme, "By hand").pk

    page = post(bob, f"segments/{pk}/people/", people=f"#{first}\n+86 138 0000 0002\nb3\nnobody")

    assert len(members_of(acme, pk)) == 3
    assert told(page) == ["Nobody is known by: nobody", "3 people put on the list."]


def test_a_rules_people_are_not_moved_by_hand(acme: Any, bob: Any) -> None:
    (pk,) = people(acme, 1)
    segment_id = live(acme, "Friends", tagged(tag(acme)))

    page = post(bob, f"segments/{segment_id}/people/", people=f"#{pk}")

    assert told(page)[0] == "Its people follow a rule; only lists are changed by hand."
    assert members_of(acme, segment_id) == []
