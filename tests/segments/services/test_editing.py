"""Versions, publishing, the archive, and rings that are refused by name."""

from typing import Any

import pytest

from tests.cast import AT
from tests.segments import audience as people
from tests.segments.audience import (
    a_list,
    build,
    carry,
    draft,
    edit,
    in_segment,
    live,
    members,
    publish,
    segment,
    tag,
    tagged,
    tick,
)

pytestmark = pytest.mark.django_db


def _versions(shop: Any, segment_id: int) -> list[tuple[int, bool]]:
    from segments.models import SegmentVersion
    from tenants.context import tenant_transaction

    with tenant_transaction(shop.pk):
        rows = SegmentVersion.objects.for_tenant(shop).filter(segment_id=segment_id).order_by("number")
        return [(row.number, row.published_at is not None) for row in rows]


def test_each_save_of_another_rule_is_a_version_and_publishing_chooses_one(shop: Any, inside: Any) -> None:
    from segments.services.publishing import publish_segment

    one, two = tag(shop, "one"), tag(shop, "two")
    found = draft(shop, "some", tagged(one))

    edit(shop, found, tagged(one))
    edit(shop, found, tagged(two))
    edit(shop, found, tagged(one, two))
    with inside(shop):
        publish_segment(tenant=shop, segment_id=found, number=2, at=AT)

    assert _versions(shop, found) == [(1, False), (2, True), (3, False)]
    assert segment(shop, found).live_number == 2


def test_a_name_is_one_segments_alone(shop: Any, inside: Any) -> None:
    from segments.services.editing import NameIsTaken, create_segment, edit_segment

    a_list(shop, "some")
    other = a_list(shop, "other")

    with pytest.raises(NameIsTaken), inside(shop):
        create_segment(tenant=shop, name="some", kind="list", actor="bob", at=AT)
    with pytest.raises(NameIsTaken), inside(shop):
        edit_segment(tenant=shop, segment_id=other, name="some", actor="bob", at=AT)
    with inside(shop):
        edit_segment(tenant=shop, segment_id=other, name="other", description="new", actor="bob", at=AT)
    assert segment(shop, other).description == "new"


def test_a_ring_is_refused_with_the_names_along_it(shop: Any) -> None:
    from segments.services.publishing import SegmentsFormARing

    first = live(shop, "first", tagged(tag(shop)))
    second = live(shop, "second", in_segment(first))
    third = live(shop, "third", {"type": "not", "of": in_segment(second)})
    edit(shop, first, {"type": "any", "of": [tagged(tag(shop, "x")), in_segment(third)]})

    with pytest.raises(SegmentsFormARing) as refused:
        publish(shop, first)

    assert str(refused.value) == "first → third → second → first"
    assert segment(shop, first).live_number == 1


def test_a_segment_that_names_itself_is_refused(shop: Any) -> None:
    from segments.services.publishing import SegmentsFormARing

    found = live(shop, "me", tagged(tag(shop)))
    edit(shop, found, {"type": "not", "of": in_segment(found)})

    with pytest.raises(SegmentsFormARing, match="me → me"):
        publish(shop, found)


def test_what_was_deleted_since_is_named_when_publishing(shop: Any, inside: Any) -> None:
    from contacts.models import Tag
    from segments.rules import InvalidRule

    vip = tag(shop)
    found = draft(shop, "vips", {"type": "all", "of": [{"type": "not", "of": tagged(vip)}]})
    with inside(shop):
        Tag.objects.for_tenant(shop).filter(pk=vip).delete()

    with pytest.raises(InvalidRule) as refused:
        publish(shop, found)

    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/rule/of/0/of/tags/0", "unknown_tag")]


def test_an_archived_segment_keeps_its_people_and_publishing_takes_it_back(shop: Any, inside: Any) -> None:
    from segments.services.editing import SegmentIsUsed, archive_segment

    ann, ben = people.people(shop, 2)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = live(shop, "vips", tagged(vip))
    outer = live(shop, "outer", in_segment(found))

    with pytest.raises(SegmentIsUsed, match="outer"), inside(shop):
        archive_segment(tenant=shop, segment_id=found, at=AT)
    with inside(shop):
        archive_segment(tenant=shop, segment_id=outer, at=AT)
        archive_segment(tenant=shop, segment_id=found, at=AT)
    carry(shop, vip, [ben])
    tick(shop)
    assert members(shop, found) == [ann]

    publish(shop, found)
    build(shop, found)
    assert members(shop, found) == [ann, ben]
    assert (segment(shop, outer).state, members(shop, outer)) == ("archived", [ann])


def test_a_list_is_filled_and_emptied_by_hand_and_rules_follow_at_once(shop: Any, inside: Any) -> None:
    from segments.services.members import HandMoves, add_members, remove_members

    ann, ben, cem = people.people(shop, 3)
    vip = tag(shop)
    carry(shop, vip, [ann])
    friends = a_list(shop, "friends", [ann])
    outer = live(shop, "outer", {"type": "all", "of": [in_segment(friends), {"type": "not", "of": tagged(vip)}]})

    with inside(shop):
        added = add_members(tenant=shop, segment_id=friends, contact_ids=[ann, ben, cem, 10**9], at=AT)
    after_adding = members(shop, outer)
    with inside(shop):
        removed = remove_members(tenant=shop, segment_id=friends, contact_ids=[cem, 10**9], at=AT)

    assert added == HandMoves(frozenset({ben, cem}), frozenset({10**9}))
    assert removed == HandMoves(frozenset({cem}), frozenset({10**9}))
    assert (after_adding, members(shop, outer)) == ([ben, cem], [ben])
    assert (members(shop, friends), segment(shop, friends).size) == ([ann, ben], 2)
    assert people.moves(shop, friends)[-1] == (cem, False, "hand")
    assert people.moves(shop, outer)[-1] == (cem, False, "segment")


def test_nobody_is_put_into_a_rule_or_an_archived_list(shop: Any, inside: Any) -> None:
    from segments.services.editing import archive_segment
    from segments.services.members import SegmentIsArchived, SegmentIsNoList, add_members, remove_members

    (ann,) = people.people(shop, 1)
    rule, old = live(shop, "rule", tagged(tag(shop))), a_list(shop, "old")
    with inside(shop):
        archive_segment(tenant=shop, segment_id=old, at=AT)

    for change in (add_members, remove_members):
        with pytest.raises(SegmentIsNoList), inside(shop):
            change(tenant=shop, segment_id=rule, contact_ids=[ann], at=AT)
        with pytest.raises(SegmentIsArchived), inside(shop):
            change(tenant=shop, segment_id=old, contact_ids=[ann], at=AT)
