"""What happened to a contact: the shape, and its pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from contacts.models import ConsentMove, TagMove
from contacts.selectors import timeline_items
from contacts.services.tag_catalogue import delete_tag, edit_tag
from contacts.services.tags import assign_tags
from contacts.timeline import TimelineItem, newest_items
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import make_people, make_tags


def item(hour: int, title: str) -> TimelineItem:
    return TimelineItem(at=AT + timedelta(hours=hour), kind="tag", title=title)


def test_the_newest_items_come_with_all_of_the_last_instant() -> None:
    told = [item(1, "a"), item(3, "b"), item(2, "c"), item(2, "d"), item(2, "e")]

    found = newest_items(told, limit=2)

    assert [one.title for one in found] == ["b", "c", "d", "e"]
    assert newest_items(told, limit=9) == [told[1], *told[2:], told[0]]
    assert newest_items([], limit=2) == []


def tell(tenant: Any, contact: int, hours: list[tuple[int, str]]) -> None:
    """Moves of one contact: at which hour, of a tag or (`consent`) of consent."""
    with tenant_transaction(tenant.pk):
        for hour, name in hours:
            at = AT + timedelta(hours=hour)
            if name == "consent":
                told: dict[str, Any] = {"touch_kind": "private_chat", "is_granted": False, "evidence": "said so"}
                ConsentMove.objects.create(tenant=tenant, contact_id=contact, created_at=at, actor="bob", **told)
            else:
                told = {"name": name, "is_added": True, "source": "hand", "evidence": "why"}
                TagMove.objects.create(tenant=tenant, contact_id=contact, created_at=at, actor="bob", **told)


def test_tags_and_consent_are_told_in_one_order(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    tell(acme, ann, [(1, "taste/hot"), (2, "consent")])
    tell(acme, ben, [(1, "taste/sweet")])

    with tenant_transaction(acme.pk), translation.override("en"):
        found = timeline_items(tenant=acme, contact_id=ann)

    assert found == [
        TimelineItem(
            at=AT + timedelta(hours=2),
            kind="consent",
            title="May not be reached: private chat",
            detail="said so",
            actor="bob",
        ),
        TimelineItem(
            at=AT + timedelta(hours=1), kind="tag", title="Tag added: taste/hot", detail="by hand · why", actor="bob"
        ),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_miss_nothing_however_many_things_share_an_instant(acme: Any, limit: int) -> None:
    (ann,) = make_people(acme, "ann")
    hours = [(1, "g/a"), (2, "g/b"), (2, "g/c"), (2, "consent"), (2, "g/d"), (3, "consent"), (4, "g/e"), (4, "g/f")]
    tell(acme, ann, hours)

    found, before = [], None
    with tenant_transaction(acme.pk):
        while page := timeline_items(tenant=acme, contact_id=ann, before=before, limit=limit):
            found += page
            before = page[-1].at

    assert len(found) == len(set(found)) == len(hours)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)


def test_a_tag_is_called_as_it_is_now_and_a_deleted_one_as_it_was(acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    hot, sweet = make_tags(acme, "taste/hot", "taste/sweet")
    by: dict[str, Any] = {"tenant": acme, "actor": "bob", "at": timezone.now()}
    with tenant_transaction(acme.pk), translation.override("en"):
        assign_tags(contact_ids=[ann], tags=[hot, sweet], source="rule", **by)
        edit_tag(tag_id=hot, name="very hot", **by)
        delete_tag(tag_id=sweet, **by)

        found = timeline_items(tenant=acme, contact_id=ann)

    assert {(one.title, one.subject_id) for one in found} == {
        ("Tag added: taste/very hot", hot),
        ("Tag added: taste/sweet", None),
        ("Tag removed: taste/sweet", None),
    }


def test_another_tenants_contact_has_no_story(acme: Any, globex: Any) -> None:
    (theirs,) = make_people(globex, "wang")
    tell(globex, theirs, [(1, "口味/辣"), (2, "consent")])

    with tenant_transaction(acme.pk):
        assert timeline_items(tenant=acme, contact_id=theirs) == []


@pytest.mark.parametrize("count", [1, 3])
def test_statements_do_not_grow_with_the_story(acme: Any, count: int) -> None:
    (ann,) = make_people(acme, "ann")
    tell(acme, ann, [(hour, kind) for hour in range(count) for kind in ("g/a", "consent")])

    with tenant_transaction(acme.pk), CaptureQueriesContext(connection) as seen:
        assert len(timeline_items(tenant=acme, contact_id=ann)) == 2 * count

    assert len(seen) == 3
