"""Segments: the list, the builder, one segment's page, publishing, and who is in and why."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Attribute, Contact
from segments.models import Segment, SegmentVersion
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.segments.audience import a_list, build, carry, draft, edit, in_segment, live, people, tag, tagged, tick
from tests.segments.audience import members as members_of
from tests.segments.audience import segment as segment_of

LIST_QUERIES = 16
PAGE_QUERIES = 22
BUILDER_QUERIES = 17
EXPLAIN_QUERIES = 25
HISTORY_QUERIES = 11
HTMX = {"HX-Request": "true"}
ENGLISH = {"accept-language": "en"}


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers=ENGLISH)


def post(user: Any, path: str, **fields: Any) -> Any:
    return log_in(user).post(f"/t/acme/{path}", fields, headers=ENGLISH, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def named(tenant: Any, name: str) -> Any:
    with tenant_transaction(tenant.pk):
        return Segment.objects.for_tenant(tenant).get(name=name)


def rules(tenant: Any, segment_id: int) -> list[Any]:
    with tenant_transaction(tenant.pk):
        versions = SegmentVersion.objects.for_tenant(tenant).filter(segment_id=segment_id)
        return list(versions.order_by("number").values_list("rule", flat=True))


def contact_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Contact.objects.for_tenant(tenant).get(name=name).pk)


def test_an_empty_list_offers_rules_to_begin_with(acme: Any, bob: Any, mei: Any) -> None:
    page = get(bob, "segments/").content.decode()

    assert "No segments yet" in page
    assert page.count("segments/new/?from=") == 6
    assert "segments/new/" not in get(mei, "segments/").content.decode()


@pytest.mark.parametrize("starter", ["asleep", "new", "valuable", "channel", "tagged", "never"])
def test_each_starter_opens_the_builder_with_its_rule(acme: Any, bob: Any, starter: str) -> None:
    page = get(bob, "segments/new/", **{"from": starter})

    assert page.context["config"]["rule"]["type"] == "all"
    assert page.context["form"].initial["name"]


def test_the_list_shows_kind_state_size_users_and_drafts(acme: Any, bob: Any) -> None:
    vip = tag(acme)
    carry(acme, vip, people(acme, 2))
    first = live(acme, "Friends", tagged(vip))
    live(acme, "Nested", in_segment(first))
    edit(acme, first, {"type": "not", "of": tagged(vip)})
    a_list(acme, "By hand", people(acme, 1))

    page = get(bob, "segments/")

    lines = {line.told.segment.name: line for line in page.context["lines"]}
    assert {name: line.told.segment.size for name, line in lines.items()} == {"Friends": 2, "Nested": 2, "By hand": 1}
    assert [user.name for user in lines["Friends"].told.used_by] == ["Nested"]
    assert "newer draft" in page.content.decode()


def test_the_spark_says_its_sums_in_words(acme: Any, bob: Any) -> None:
    vip, ids = tag(acme), people(acme, 3)
    carry(acme, vip, ids)
    live(acme, "Friends", tagged(vip), at=timezone.now())

    page = get(bob, "segments/").content.decode()

    assert 'aria-label="30 days: 3 in, 0 out"' in page


def test_a_failed_build_says_why_and_can_be_tried_again(acme: Any, bob: Any) -> None:
    pk = live(acme, "Friends", tagged(tag(acme)))
    with tenant_transaction(acme.pk):
        Segment.objects.for_tenant(acme).filter(pk=pk).update(build="failed", build_error="the disk is full")

    assert b"the disk is full" in get(bob, "segments/").content
    page = get(bob, f"segments/{pk}/").content.decode()
    assert "the disk is full" in page and f"segments/{pk}/publish/?version=1" in page
    post(bob, f"segments/{pk}/publish/?version=1")
    assert segment_of(acme, pk).build == "waiting"


def test_filters_narrow_the_list_and_archived_ones_are_shown_when_asked_for(acme: Any, bob: Any) -> None:
    draft(acme, "Draft", tagged(tag(acme)))
    gone = a_list(acme, "Gone")
    post(bob, f"segments/{gone}/archive/")

    def found(**query: Any) -> list[str]:
        return [line.told.segment.name for line in get(bob, "segments/", **query).context["lines"]]

    assert found() == ["Draft"]
    assert found(state="archived") == ["Gone"]
    assert found(kind="list") == []
    assert found(q="dra") == ["Draft"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, count: int) -> None:
    vip = tag(acme)
    for number in range(count):
        live(acme, f"Segment {number}", tagged(vip))
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/segments/")

    assert len(seen) == LIST_QUERIES


def test_the_builder_offers_what_there_is_with_its_people(acme: Any, bob: Any) -> None:
    open_shop(acme, people=2)
    vip = tag(acme)
    carry(acme, vip, [contact_id(acme, "顾客1")])
    other = live(acme, "Friends", tagged(vip))

    config = get(bob, "segments/new/").context["config"]

    assert config["people"] == 2
    assert config["tags"] == [{"group": "group of vip", "tags": [{"id": vip, "name": "vip", "people": 1}]}]
    assert [(each["name"], each["people"]) for each in config["channels"]] == [("search", 2), ("", 0)]
    assert config["segments"] == [{"id": other, "name": "Friends", "people": 1}]


@pytest.mark.parametrize("count", [1, 3])
def test_the_builder_costs_the_same_queries_whatever_there_is(acme: Any, bob: Any, count: int) -> None:
    for number in range(count):
        pk = live(acme, f"Segment {number}", tagged(tag(acme, f"tag {number}")))
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/segments/{pk}/edit/")

    assert len(seen) == BUILDER_QUERIES


def test_a_draft_is_saved_and_a_change_makes_another_version(acme: Any, bob: Any) -> None:
    rule = tagged(tag(acme))

    post(bob, "segments/new/", name="Friends", description="who they are", rule=json.dumps(rule), draft="1")
    made = named(acme, "Friends")
    post(bob, f"segments/{made.pk}/edit/", name="Friends", rule=json.dumps(rule))
    post(bob, f"segments/{made.pk}/edit/", name="Pals", rule=json.dumps({"type": "not", "of": rule}))

    assert (made.state, made.description, made.created_by) == ("draft", "who they are", "Bob")
    assert named(acme, "Pals").pk == made.pk
    assert rules(acme, made.pk) == [rule, {"type": "not", "of": rule}]


def test_errors_point_at_their_conditions_and_what_was_written_is_kept(acme: Any, bob: Any) -> None:
    rule = {"type": "any", "of": [tagged(tag(acme)), {"type": "acquired", "within_days": 0}]}

    page = post(bob, "segments/new/", name="Friends", rule=json.dumps(rule))

    (error,) = page.context["config"]["errors"]
    assert (error["pointer"], error["code"]) == ("/of/1/within_days", "invalid_days")
    assert page.context["config"]["rule"] == rule
    assert not Segment.objects.across_tenants().exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '"\\ud800"', "[" * 5000, '{"type": "all", "type": "any", "of": []}'])
def test_what_is_no_rule_is_refused(acme: Any, bob: Any, text: str) -> None:
    page = post(bob, "segments/new/", name="Friends", rule=text)

    assert page.status_code == 200
    assert page.context["form"].errors


def test_a_taken_name_is_said_beside_it(acme: Any, bob: Any) -> None:
    rule = tagged(tag(acme))
    draft(acme, "Friends", rule)

    page = post(bob, "segments/new/", name="Friends", rule=json.dumps(rule))

    assert page.context["form"].errors == {"name": ["A segment of this name exists."]}


def test_publishing_shows_who_would_come_and_go(acme: Any, bob: Any) -> None:
    vip, other, ids = tag(acme), tag(acme, "other"), people(acme, 5)
    carry(acme, vip, ids[:2])
    carry(acme, other, ids[1:])
    pk = live(acme, "Friends", tagged(vip))

    page = post(bob, f"segments/{pk}/edit/", name="Friends", rule=json.dumps(tagged(other)), publish="1")

    diff = page.context["diff"]
    assert (diff.size, diff.entering, diff.leaving) == (4, 3, 1)
    assert [contact.pk for contact in diff.some_leaving] == [ids[0]]
    post(bob, f"segments/{pk}/publish/")
    build(acme, pk, at=timezone.now())
    assert members_of(acme, pk) == ids[1:]


def test_a_rule_that_names_what_is_gone_is_not_published(acme: Any, bob: Any) -> None:
    vip = tag(acme)
    pk = draft(acme, "Friends", tagged(vip))
    post(bob, f"tags/{vip}/delete/")

    page = get(bob, f"segments/{pk}/publish/")
    post(bob, f"segments/{pk}/publish/")

    assert [error.code for error in page.context["errors"]] == ["unknown_tag"]
    assert segment_of(acme, pk).state == "draft"


def test_a_ring_is_refused_with_its_names(acme: Any, bob: Any) -> None:
    vip = tag(acme)
    first = live(acme, "First", tagged(vip))
    second = live(acme, "Second", in_segment(first))
    edit(acme, first, in_segment(second))

    page = post(bob, f"segments/{first}/publish/")

    assert told(page) == ["These segments would name each other in a ring: First → Second → First."]


def test_one_that_is_named_is_not_archived(acme: Any, bob: Any) -> None:
    first = live(acme, "First", tagged(tag(acme)))
    live(acme, "Second", in_segment(first))

    page = post(bob, f"segments/{first}/archive/")

    assert told(page) == ["Published segments name it in their rules: Second."]
    assert segment_of(acme, first).state == "published"


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


def test_a_brand_manager_reads_with_masked_phones_and_staff_see_no_segments(acme: Any, mei: Any) -> None:
    from tests.cast import _member

    vip, ids = tag(acme), people(acme, 1, name="王小明", phone="+8613800000001")
    carry(acme, vip, ids)
    pk = live(acme, "Friends", tagged(vip))
    sam = _member(acme, "sam", "staff")

    page = get(mei, f"segments/{pk}/")

    assert page.status_code == 200
    assert "+8613••••0001" in page.content.decode()
    assert "+8613800000001" not in page.content.decode()
    refused = ("segments/new/", f"segments/{pk}/edit/", f"segments/{pk}/publish/")
    assert [get(mei, path).status_code for path in refused] == [403, 403, 403]
    assert get(sam, "segments/").status_code == 403


def test_a_late_worker_is_said(acme: Any, bob: Any) -> None:
    live(acme, "Friends", tagged(tag(acme)))
    tick(acme)
    from segments.models import SegmentCursor

    with tenant_transaction(acme.pk):
        SegmentCursor.objects.for_tenant(acme).update(scanned_at=timezone.now() - timedelta(hours=1))

    assert b"the worker has not caught up since" in get(bob, "segments/").content


def test_another_tenants_segment_and_none_are_the_same_404(acme: Any, globex: Any, bob: Any) -> None:
    theirs = a_list(globex, "Theirs")

    for path in ("", "edit/", "publish/", "explain/", "history/"):
        assert [get(bob, f"segments/{pk}/{path}").status_code for pk in (theirs, 999_999_999)] == [404, 404]
