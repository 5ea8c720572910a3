"""Segments follow news and the clock; each rule is asked once, those that others name first."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import AT
from tests.segments import audience as people
from tests.segments.audience import carry, drop, in_segment, live, members, moves, segment, tag, tagged, tick

pytestmark = pytest.mark.django_db


def test_a_changed_contact_enters_and_leaves_because_of_the_change(shop: Any) -> None:
    ann, ben = people.people(shop, 2)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = live(shop, "vips", tagged(vip))

    carry(shop, vip, [ben])
    tick(shop)
    drop(shop, vip, [ann])
    tick(shop)

    assert members(shop, found) == [ben]
    assert moves(shop, found) == [(ann, True, "published"), (ben, True, "tag"), (ann, False, "tag")]
    assert segment(shop, found).size == 1


def test_the_move_tells_the_newest_change_that_was_read(shop: Any, inside: Any) -> None:
    from contacts.models import Change
    from segments.models import SegmentTransition

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))

    carry(shop, vip, [ann])
    tick(shop)

    with inside(shop):
        newest = Change.objects.for_tenant(shop).latest("id")
        move = SegmentTransition.objects.for_tenant(shop).get(segment_id=found)
    assert (move.cause, move.change_id, move.version_number) == ("tag", newest.pk, 1)


def test_a_new_contact_enters_what_names_what_she_has_not(shop: Any) -> None:
    vip = tag(shop)
    found = live(shop, "others", {"type": "not", "of": tagged(vip)})

    (ann,) = people.people(shop, 1)
    tick(shop)

    assert moves(shop, found) == [(ann, True, "identity")]


def test_time_alone_moves_whom_it_moves_and_nobody_else(shop: Any) -> None:
    ann, ben = people.people(shop, 1, acquired_at=AT - timedelta(days=6)) + people.people(shop, 1, acquired_at=AT)
    found = live(shop, "new", {"type": "acquired", "within_days": 7})
    edge = AT + timedelta(days=1)

    tick(shop, at=edge - timedelta(microseconds=1))
    before = members(shop, found)
    tick(shop, at=edge)

    assert before == [ann, ben]
    assert members(shop, found) == [ben]
    assert moves(shop, found)[-1] == (ann, False, "time")


def test_edges_are_scanned_now_and_then_and_none_is_missed(shop: Any) -> None:
    people.people(shop, 1, acquired_at=AT - timedelta(days=6))
    found = live(shop, "new", {"type": "acquired", "within_days": 7})
    tick(shop, at=AT + timedelta(days=1) - timedelta(seconds=5))

    tick(shop, at=AT + timedelta(days=1), scan_every=timedelta(seconds=20))
    too_soon = members(shop, found)
    tick(shop, at=AT + timedelta(days=1, seconds=15), scan_every=timedelta(seconds=20))

    assert len(too_soon) == 1
    assert members(shop, found) == []


def test_a_segment_that_names_another_follows_it(shop: Any) -> None:
    ann, old = people.people(shop, 1) + people.people(shop, 1, acquired_at=AT - timedelta(days=8))
    vip = tag(shop)
    inner = live(shop, "vips", tagged(vip))
    is_old = {"type": "acquired", "before_days": 7}
    outer = live(shop, "new vips", {"type": "all", "of": [in_segment(inner), {"type": "not", "of": is_old}]})

    carry(shop, vip, [ann, old])
    tick(shop)
    drop(shop, vip, [ann])
    tick(shop)

    assert moves(shop, outer) == [(ann, True, "segment"), (ann, False, "segment")]


def test_a_chain_of_fifty_is_followed_in_one_tick_asking_each_once(shop: Any, inside: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from segments.services.refresh import refresh_segments

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    # made in the order of their names, read in no order that helps
    chain = [live(shop, "link 00", tagged(vip))]
    for number in range(1, 50):
        chain.append(live(shop, f"link {number:02}", in_segment(chain[-1])))
    carry(shop, vip, [ann])

    with inside(shop), CaptureQueriesContext(connection) as asked:
        refresh_segments(tenant=shop, at=AT)

    assert [members(shop, link) for link in chain] == [[ann]] * 50
    assert sum("INSERT INTO segments_segmenttransition" in query["sql"] for query in asked) == 50


def test_many_changes_are_followed_by_evaluating_everybody(shop: Any, inside: Any) -> None:
    from segments.services.propagation import MANY_CONTACTS

    ids = people.people(shop, MANY_CONTACTS + 10)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    tick(shop)

    carry(shop, vip, ids)
    tick(shop)

    assert members(shop, found) == ids
    assert {cause for _, _, cause in moves(shop, found)} == {"tag"}
    assert segment(shop, found).size == len(ids)


def test_more_changes_than_one_batch_are_all_read(shop: Any, monkeypatch: Any) -> None:
    from segments.services import refresh

    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    ids = people.people(shop, 7)
    carry(shop, vip, ids)
    monkeypatch.setattr(refresh, "BATCH_CHANGES", 3)

    tick(shop)

    assert members(shop, found) == ids


def test_any_number_of_ticks_gives_the_same(shop: Any) -> None:
    ids = people.people(shop, 3)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    carry(shop, vip, ids)

    def run() -> None:
        from django.db import connection

        tick(shop)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick(shop)

    assert moves(shop, found) == [(contact_id, True, "tag") for contact_id in ids]


def test_a_tick_leaves_when_another_has_the_turn(shop: Any, inside: Any) -> None:
    from django.db import connection

    from tenants.turns import Turn, take_turn

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    carry(shop, vip, [ann])

    def run() -> None:
        tick(shop)
        connection.close()

    with inside(shop):
        take_turn(Turn.SEGMENTS, tenant_id=shop.pk)
        other = threading.Thread(target=run)
        other.start()
        other.join(timeout=20)
        is_alive = other.is_alive()

    assert (is_alive, members(shop, found)) == (False, [])
    tick(shop)
    assert members(shop, found) == [ann]


def test_a_clock_put_back_a_little_changes_nothing_and_far_lets_everything_be_built(shop: Any) -> None:
    people.people(shop, 1, acquired_at=AT - timedelta(days=6))
    found = live(shop, "new", {"type": "acquired", "within_days": 7})
    tick(shop, at=AT + timedelta(days=2))
    assert members(shop, found) == []

    tick(shop, at=AT + timedelta(days=2) - timedelta(seconds=3))
    assert (members(shop, found), segment(shop, found).build) == ([], "idle")

    tick(shop, at=AT)
    assert segment(shop, found).build == "waiting"
    people.build(shop, found, at=AT)
    assert len(members(shop, found)) == 1


def test_a_rule_that_cannot_be_evaluated_does_not_hold_up_the_others(shop: Any, broken: Any) -> None:
    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    sick = live(shop, "sick", tagged(vip))
    well = live(shop, "well", {"type": "any", "of": [tagged(vip), in_segment(sick)]})
    carry(shop, vip, [ann])

    with broken(sick):
        tick(shop)

    assert (members(shop, well), members(shop, sick)) == ([ann], [])
    assert (segment(shop, well).build, segment(shop, sick).build) == ("idle", "waiting")
    people.build(shop, sick)
    assert members(shop, sick) == [ann]


def test_a_kept_rule_that_cannot_be_read_does_not_hold_up_the_others(shop: Any, inside: Any) -> None:
    from segments.models import SegmentVersion

    (ann,) = people.people(shop, 1)
    vip = tag(shop)
    sick, well = live(shop, "sick", tagged(vip)), live(shop, "well", tagged(vip))
    with inside(shop):
        SegmentVersion.objects.for_tenant(shop).filter(segment_id=sick).update(rule={"type": "moon"})
    carry(shop, vip, [ann])

    tick(shop)

    assert (members(shop, well), members(shop, sick)) == ([ann], [])
