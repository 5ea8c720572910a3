"""Full builds: one at a time under a lease, all or nothing, tried thrice, and the last good people stay."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import AT
from tests.segments import audience as people
from tests.segments.audience import (
    build,
    carry,
    draft,
    edit,
    in_segment,
    live,
    members,
    moves,
    publish,
    segment,
    tag,
    tagged,
    tick,
)

pytestmark = pytest.mark.django_db


def _claim(shop: Any, segment_id: int) -> Any:
    from segments.services.builds import claim_build
    from tenants.context import tenant_transaction

    with tenant_transaction(shop.pk):
        return claim_build(tenant=shop, segment_id=segment_id)


def _expire(shop: Any, segment_id: int) -> None:
    from segments.models import Segment
    from tenants.context import tenant_transaction

    with tenant_transaction(shop.pk):
        rows = Segment.objects.for_tenant(shop).filter(pk=segment_id)
        rows.update(build_lease_until=AT - timedelta(days=365 * 20))


def test_a_published_segment_waits_until_it_is_built_and_tells_why_people_are_in(shop: Any) -> None:
    ann, _ = people.people(shop, 2)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = draft(shop, "vips", tagged(vip))

    publish(shop, found)
    waiting = segment(shop, found)
    build(shop, found)
    built = segment(shop, found)

    assert (waiting.state, waiting.build, waiting.size) == ("published", "waiting", 0)
    assert (built.build, built.size, built.live_number, built.built_at) == ("idle", 1, 1, AT)
    assert built.build_ms is not None
    assert moves(shop, found) == [(ann, True, "published")]


def test_another_version_moves_those_alone_for_whom_it_differs(shop: Any, inside: Any) -> None:
    from segments.models import SegmentMember

    ann, ben, cem = people.people(shop, 3)
    old, new = tag(shop, "old"), tag(shop, "new")
    carry(shop, old, [ann, ben])
    carry(shop, new, [ben, cem])
    found = live(shop, "some", tagged(old))

    edit(shop, found, tagged(new))
    assert members(shop, found) == [ann, ben]
    publish(shop, found, at=AT + timedelta(hours=1))
    assert members(shop, found) == [ann, ben]
    build(shop, found, at=AT + timedelta(hours=1))

    assert moves(shop, found)[2:] == [(ann, False, "published"), (cem, True, "published")]
    with inside(shop):
        since = dict(SegmentMember.objects.for_tenant(shop).values_list("contact_id", "entered_at"))
    assert since == {ben: AT, cem: AT + timedelta(hours=1)}


def test_a_build_of_the_same_version_tells_that_it_was_rebuilt(shop: Any, inside: Any) -> None:
    from contacts.models import ContactTag

    ann, ben = people.people(shop, 2)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    with inside(shop):  # without news
        ContactTag.objects.create(tenant=shop, tag_id=vip, contact_id=ben, source="hand")

    publish(shop, found, at=AT + timedelta(hours=1))
    build(shop, found, at=AT + timedelta(hours=1))

    assert moves(shop, found) == [(ben, True, "rebuilt")]
    assert ann != ben


def test_only_one_worker_gets_a_build(shop: Any) -> None:
    found = draft(shop, "vips", tagged(tag(shop)))
    publish(shop, found)

    assert _claim(shop, found) is not None
    assert _claim(shop, found) is None


def test_a_worker_is_told_of_a_build_once_in_a_while(shop: Any, inside: Any) -> None:
    from segments.services.builds import hint_builds

    found = draft(shop, "vips", tagged(tag(shop)))
    publish(shop, found)

    with inside(shop):
        told = [hint_builds(tenant=shop) for _ in range(2)]
    _expire(shop, found)
    with inside(shop):
        told.append(hint_builds(tenant=shop))

    assert told == [[found], [], [found]]


def test_a_build_that_died_is_tried_thrice_and_then_failed_with_its_people_kept(shop: Any) -> None:
    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = live(shop, "vips", tagged(vip))
    publish(shop, found)
    states = []

    for _ in range(3):
        assert _claim(shop, found) is not None  # and the worker is killed
        tick(shop)
        states.append(segment(shop, found).build)
        _expire(shop, found)
        tick(shop)
        states.append(segment(shop, found).build)

    assert states == ["building", "waiting", "building", "waiting", "building", "failed"]
    assert segment(shop, found).build_error == "The build was interrupted."
    assert members(shop, found) == [ann]


def test_a_build_killed_in_the_middle_leaves_nothing_of_it(shop: Any, inside: Any) -> None:
    from django.db import connection

    from segments.services.builds import build_segment

    ids = people.people(shop, 5)
    vip = tag(shop)
    carry(shop, vip, ids)
    found = draft(shop, "vips", tagged(vip))
    publish(shop, found)
    claim = _claim(shop, found)

    with pytest.raises(Exception, match=r"terminat|closed"), inside(shop):
        build_segment(tenant=shop, claim=claim, at=AT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()

    assert (members(shop, found), moves(shop, found), segment(shop, found).build) == ([], [], "building")
    _expire(shop, found)
    tick(shop)
    build(shop, found)
    assert members(shop, found) == ids


def test_a_build_that_lost_its_claim_changes_nothing(shop: Any, inside: Any) -> None:
    from segments.services.builds import BuildWasTaken, build_segment

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = draft(shop, "vips", tagged(vip))
    publish(shop, found)
    late = _claim(shop, found)
    _expire(shop, found)
    tick(shop)
    build(shop, found)

    with pytest.raises(BuildWasTaken), inside(shop):
        build_segment(tenant=shop, claim=late, at=AT)

    assert moves(shop, found) == [(ann, True, "published")]


def test_a_version_published_during_a_build_is_built_in_its_turn(shop: Any, inside: Any) -> None:
    from django.db import connection

    from segments.services.builds import BuildWasTaken, build_segment
    from tenants.turns import Turn, take_turn

    ann, ben = people.people(shop, 2)
    old, new = tag(shop, "old"), tag(shop, "new")
    carry(shop, old, [ann])
    carry(shop, new, [ben])
    found = draft(shop, "some", tagged(old))
    publish(shop, found)
    claim = _claim(shop, found)
    outcome: list[str] = []

    def run() -> None:
        from tenants.context import tenant_transaction

        try:
            with tenant_transaction(shop.pk):
                build_segment(tenant=shop, claim=claim, at=AT)
        except BuildWasTaken:
            outcome.append("taken")
        connection.close()

    with inside(shop):
        take_turn(Turn.SEGMENTS, tenant_id=shop.pk)
        other = threading.Thread(target=run)
        other.start()
    edit(shop, found, tagged(new))
    publish(shop, found)
    other.join(timeout=20)
    build(shop, found) if segment(shop, found).build == "waiting" else None

    assert members(shop, found) == [ben]
    assert segment(shop, found).live_number == 2


def test_a_build_moves_those_who_name_the_segment(shop: Any) -> None:
    (ann,) = people.people(shop, 1)
    vip, other = tag(shop), tag(shop, "other")
    carry(shop, vip, [ann])
    inner = live(shop, "inner", tagged(other))
    outer = live(shop, "outer", in_segment(inner))

    edit(shop, inner, tagged(vip))
    publish(shop, inner)
    build(shop, inner)

    assert members(shop, outer) == [ann]
    assert moves(shop, outer) == [(ann, True, "segment")]


def test_a_build_by_a_clock_that_is_behind_keeps_what_the_scan_has_seen(shop: Any) -> None:
    people.people(shop, 1, acquired_at=AT - timedelta(days=6))
    found = live(shop, "new", {"type": "acquired", "within_days": 7})
    edge = AT + timedelta(days=1)
    tick(shop, at=edge)

    publish(shop, found, at=edge)
    build(shop, found, at=edge - timedelta(seconds=1))
    tick(shop, at=edge + timedelta(seconds=1))

    assert members(shop, found) == []


def test_news_that_came_before_the_first_tick_is_not_lost(shop: Any) -> None:
    ann, ben = people.people(shop, 2)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))

    carry(shop, vip, [ann, ben])
    tick(shop)

    assert members(shop, found) == [ann, ben]


def test_the_tasks_build_what_waits_and_note_what_fails(shop: Any, broken: Any, settings: Any) -> None:
    from segments.tasks import build as build_task
    from segments.tasks import tick as tick_task

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = draft(shop, "vips", tagged(vip))
    publish(shop, found)

    with broken(found):
        for _ in range(3):
            build_task(tenant_id=shop.pk, segment_id=found)
    failed = segment(shop, found)
    publish(shop, found)
    tick_task.run()
    build_task(tenant_id=shop.pk, segment_id=found)
    build_task(tenant_id=shop.pk, segment_id=found)

    assert (failed.build, failed.build_tries, failed.build_error) == ("failed", 3, "the disk is full")
    assert (segment(shop, found).build, segment(shop, found).build_error) == ("idle", "")
    assert members(shop, found) == [ann]


def test_the_nightly_comparison_repairs_what_was_spoilt_and_finds_nothing_else(shop: Any, inside: Any) -> None:
    from segments.models import Segment, SegmentMember
    from segments.services.reconcile import reconcile_next

    ids = people.people(shop, 4)
    vip = tag(shop)
    carry(shop, vip, ids)
    inner = live(shop, "inner", tagged(vip))
    outer = live(shop, "outer", in_segment(inner))

    def compare() -> int:
        place, repaired, found = 0, 0, None
        while place == 0 or found is not None:
            with inside(shop):
                found, moved = reconcile_next(tenant=shop, after=place, at=AT)
            place, repaired = found or -1, repaired + moved
        return repaired

    assert compare() == 0
    with inside(shop):
        SegmentMember.objects.for_tenant(shop).filter(segment_id=inner, contact_id__in=ids[:2]).delete()
        Segment.objects.for_tenant(shop).filter(pk=outer).update(size=9)

    assert compare() == 2
    assert compare() == 0
    assert (members(shop, inner), members(shop, outer)) == (ids, ids)
    assert (segment(shop, inner).size, segment(shop, outer).size) == (4, 4)


def test_the_nightly_task_visits_every_segment_and_tries_failed_builds_again(shop: Any, inside: Any) -> None:
    from segments.models import Segment
    from segments.tasks import reconcile

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    carry(shop, vip, [ann])
    first, second = live(shop, "first", tagged(vip)), live(shop, "second", tagged(vip))
    with inside(shop):
        Segment.objects.for_tenant(shop).filter(pk=second).update(build="failed", build_tries=3)

    reconcile()

    assert (segment(shop, first).build, segment(shop, second).build) == ("idle", "waiting")
