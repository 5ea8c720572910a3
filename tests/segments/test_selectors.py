"""What is asked about segments: the list, the days, the past, previews, explanations, a contact's timeline."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from tests.cast import AT
from tests.segments import audience as people
from tests.segments.audience import a_list, carry, draft, drop, in_segment, live, tag, tagged, tick

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def told(shop: Any) -> dict[str, Any]:
    """Ann is in for all three days, ben came on the second and left on the third, cem was never in."""
    ann, ben, cem = people.people(shop, 3)
    vip = tag(shop)
    carry(shop, vip, [ann])
    found = live(shop, "vips", tagged(vip), at=AT)
    carry(shop, vip, [ben])
    tick(shop, at=AT + DAY)
    drop(shop, vip, [ben])
    tick(shop, at=AT + 2 * DAY)
    return {"ann": ann, "ben": ben, "cem": cem, "vip": vip, "id": found}


def test_days_have_entries_exits_and_the_size_of_each_evening(shop: Any, told: dict[str, Any], inside: Any) -> None:
    from segments.selectors.days import DayMoves, moves_by_day

    first = AT.date()
    with inside(shop):
        days = moves_by_day(tenant=shop, sizes={told["id"]: 1}, since=first - DAY, at=AT + 3 * DAY)

    assert days[told["id"]] == [
        DayMoves(first - DAY, 0, 0, 0),
        DayMoves(first, 1, 0, 1),
        DayMoves(first + DAY, 1, 0, 2),
        DayMoves(first + 2 * DAY, 0, 1, 1),
        DayMoves(first + 3 * DAY, 0, 0, 1),
    ]


def test_days_are_the_tenants(globex: Any, inside: Any) -> None:
    from segments.selectors.days import moves_by_day

    (ann,) = people.people(globex, 1)
    vip = tag(globex)
    carry(globex, vip, [ann])
    at = AT.replace(hour=16, minute=30)  # the next day in Shanghai
    found = live(globex, "vips", tagged(vip), at=at)

    with inside(globex):
        days = moves_by_day(tenant=globex, sizes={found: 1}, since=date(2026, 11, 21), at=at)[found]

    assert [(day.date.day, day.entered) for day in days] == [(21, 0), (22, 1)]


def test_who_was_in_at_any_instant(shop: Any, told: dict[str, Any], inside: Any) -> None:
    from segments.selectors.members import entries_standing_at, size_at

    def standing(instant: Any) -> set[int]:
        with inside(shop):
            rows = entries_standing_at(tenant=shop, segment_id=told["id"], instant=instant)
            found = set(rows.values_list("contact_id", flat=True))
            assert size_at(tenant=shop, segment_id=told["id"], instant=instant) == len(found)
            return found

    assert standing(AT - HOUR) == set()
    assert standing(AT) == {told["ann"]}
    assert standing(AT + DAY) == {told["ann"], told["ben"]}
    assert standing(AT + 2 * DAY - HOUR) == {told["ann"], told["ben"]}
    assert standing(AT + 2 * DAY) == {told["ann"]}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_much_for_one_segment_as_for_three(
    shop: Any, inside: Any, django_assert_num_queries: Any, count: int
) -> None:
    from segments.selectors.segments import segment_lines, segments

    (ann,) = people.people(shop, 1)
    friends = a_list(shop, "friends", [ann])
    for number in range(count):
        live(shop, f"rule {number}", in_segment(friends))

    with inside(shop):
        found = list(segments(tenant=shop).order_by("pk"))
        with django_assert_num_queries(3):
            lines = segment_lines(tenant=shop, found=found, at=AT)

    assert [user.name for user in lines[0].used_by] == [f"rule {number}" for number in range(count)]
    assert [len(line.days) for line in lines] == [30] * (count + 1)
    assert [line.has_unpublished_version for line in lines] == [False] * (count + 1)


def test_a_saved_rule_that_nobody_follows_yet_is_told(shop: Any, inside: Any) -> None:
    from segments.selectors.segments import segment_lines, segments, version_lines

    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    people.edit(shop, found, {"type": "not", "of": tagged(vip)})

    with inside(shop):
        (line,) = segment_lines(tenant=shop, found=segments(tenant=shop), at=AT)
        versions = version_lines(tenant=shop, segment_id=found, live_number=1)

    assert line.has_unpublished_version
    assert [(each.version.number, each.is_live) for each in versions] == [(2, False), (1, True)]
    assert all("vip" in each.words for each in versions)


def test_members_come_newest_first_in_pages(shop: Any, inside: Any) -> None:
    from segments.selectors.members import member_rows

    ids = people.people(shop, 5)
    vip = tag(shop)
    found = live(shop, "vips", tagged(vip))
    for number, contact_id in enumerate(ids):
        carry(shop, vip, [contact_id])
        tick(shop, at=AT + timedelta(minutes=number // 2))

    pages, place = [], None
    with inside(shop):
        while True:
            page = member_rows(tenant=shop, segment_id=found, cursor=place, limit=2)
            pages.append([member.contact.pk for member in page.members])
            place = page.next
            if place is None:
                break

    assert [contact_id for page in pages for contact_id in page] == ids[::-1]
    assert [len(page) for page in pages] == [2, 2, 1]


def test_a_preview_counts_exactly_and_shows_a_few(shop: Any, inside: Any) -> None:
    from segments.rules import parse_rule
    from segments.selectors.previews import preview_rule
    from segments.selectors.rules import known_names

    ids = people.people(shop, 12)
    vip = tag(shop)
    carry(shop, vip, ids[:11])

    with inside(shop):
        rule = parse_rule(tagged(vip), known=known_names(tenant=shop))
        preview = preview_rule(tenant=shop, rule=rule, at=AT)

    assert (preview.count, preview.low, preview.high, preview.is_exact) == (11, 11, 11, True)
    assert [contact.pk for contact in preview.contacts] == ids[:11][:0:-1]
    assert preview.took_ms >= 0


def test_a_preview_that_takes_too_long_is_an_estimate_and_says_so(shop: Any, inside: Any) -> None:
    from django.db import connection

    from segments.rules import parse_rule
    from segments.selectors.previews import preview_rule
    from segments.selectors.rules import known_names

    ids = people.people(shop, 3_000)
    vip = tag(shop)
    carry(shop, vip, ids[:1_500])
    inner: dict[str, Any] = {"type": "orders", "measure": "net", "op": "lt", "value": "1.00", "days": 90}
    slow = {"type": "all", "of": [tagged(vip), {"type": "any", "of": [{**inner, "days": n} for n in range(1, 90)]}]}

    with inside(shop):
        rule = parse_rule(slow, known=known_names(tenant=shop))
        preview = preview_rule(tenant=shop, rule=rule, at=AT, patience_ms=1, sampled=1_000)
        everybody = preview_rule(tenant=shop, rule=rule, at=AT, patience_ms=1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (timeout,) = cursor.fetchone()

    # eight standard errors of a third of them: not once in a billion runs, and no half is drawn more often
    assert (abs(preview.count - 1_500) < 310, preview.is_exact, len(preview.contacts)) == (True, False, 10)
    assert preview.low < preview.count < preview.high < preview.low + 250
    assert (everybody.count, everybody.low, everybody.high, everybody.is_exact) == (1_500, 1_500, 1_500, True)
    assert timeout == "0"


def test_an_explanation_tells_the_move_and_what_each_node_finds(shop: Any, told: dict[str, Any], inside: Any) -> None:
    from segments.models import Segment
    from segments.selectors.explanations import explain_contact

    with inside(shop):
        found = Segment.objects.for_tenant(shop).get(pk=told["id"])
        ann, ben, cem = (
            explain_contact(tenant=shop, segment=found, contact_id=told[name], at=AT) for name in ("ann", "ben", "cem")
        )

    assert (ann.is_member, ann.entered_at, ann.matches, ann.version_number) == (True, AT, True, 1)
    assert ann.last_move is not None and (ann.last_move.is_entry, ann.last_move.cause) == (True, "published")
    assert (ben.is_member, ben.entered_at, ben.matches) == (False, None, False)
    assert ben.last_move is not None and (ben.last_move.is_entry, ben.last_move.cause) == (False, "tag")
    assert (cem.is_member, cem.last_move, cem.matches) == (False, None, False)
    assert [(node.pointer, node.is_true) for node in ann.nodes] == [("", True)]
    assert "vip" in ann.words[""]


def test_a_draft_and_a_list_are_explained_as_far_as_they_can_be(shop: Any, inside: Any) -> None:
    from segments.models import Segment
    from segments.selectors.explanations import explain_contact

    (ann,) = people.people(shop, 1)
    friends, idea = a_list(shop, "friends", [ann]), draft(shop, "idea", {"type": "not", "of": tagged(tag(shop))})

    with inside(shop):
        rows = [Segment.objects.for_tenant(shop).get(pk=each) for each in (friends, idea)]
        of_list, of_draft = (explain_contact(tenant=shop, segment=row, contact_id=ann, at=AT) for row in rows)

    assert (of_list.is_member, of_list.matches, of_list.nodes) == (True, None, [])
    assert (of_draft.is_member, of_draft.matches, of_draft.version_number) == (False, True, 1)


def test_the_timeline_tells_entries_and_exits_with_their_causes(shop: Any, told: dict[str, Any], inside: Any) -> None:
    from segments.selectors.members import segments_of
    from segments.selectors.timeline import timeline_items

    with inside(shop), translation.override("en"):
        items = timeline_items(tenant=shop, contact_id=told["ben"])
        older = timeline_items(tenant=shop, contact_id=told["ben"], before=items[0].at, limit=1)
        of_ann = segments_of(tenant=shop, contact_id=told["ann"])

    assert [(item.at, item.kind, item.title, item.detail) for item in items] == [
        (AT + 2 * DAY, "segment", "Left the segment vips", "a tag"),
        (AT + DAY, "segment", "Entered the segment vips", "a tag"),
    ]
    assert older == items[1:]
    assert [(segment.name, since) for segment, since in of_ann] == [("vips", AT)]
