"""The builder: a rule is made in sentences, saved and published."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from segments.models import Segment
from tests.cast import log_in
from tests.console.segment_desk import contact_id, get, named, post, rules, told
from tests.console.shop_floor import open_shop
from tests.segments.audience import build, carry, draft, edit, in_segment, live, people, tag, tagged
from tests.segments.audience import members as members_of
from tests.segments.audience import segment as segment_of

pytestmark = pytest.mark.django_db

BUILDER_QUERIES = 17


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
