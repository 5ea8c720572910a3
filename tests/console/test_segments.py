"""The list of segments, and who may see it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from segments.models import Segment
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.segment_desk import get, post, told
from tests.segments.audience import a_list, carry, draft, edit, in_segment, live, people, tag, tagged, tick
from tests.segments.audience import segment as segment_of

pytestmark = pytest.mark.django_db

LIST_QUERIES = 14


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
    assert '<span class="s-key s-key-in"></span>Entered' in page
    assert '<span class="s-key s-key-out"></span>Left' in page


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


def test_one_that_is_named_is_not_archived(acme: Any, bob: Any) -> None:
    first = live(acme, "First", tagged(tag(acme)))
    live(acme, "Second", in_segment(first))

    page = post(bob, f"segments/{first}/archive/")

    assert told(page) == ["Published segments name it in their rules: Second."]
    assert segment_of(acme, first).state == "published"


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
