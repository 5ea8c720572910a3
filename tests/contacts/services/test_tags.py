"""Tags that come to contacts and go: what is kept of it, and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from contacts.models import ContactTag, TagMove
from contacts.services.tags import Tagging, add_tags, assign_tags, remove_tags
from contacts.tags import parse_tag
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import changes, make_people, make_tags, moves

pytestmark = pytest.mark.django_db

BOB = {"source": "hand", "evidence": "asked in the shop", "actor": "bob@example.com"}


def assign(tenant: Any, contacts: list[int], tags: list[int], **told: Any) -> int:
    with tenant_transaction(tenant.pk):
        return assign_tags(tenant=tenant, contact_ids=contacts, tags=tags, **{"at": AT, **BOB, **told})


def remove(tenant: Any, contacts: list[int], tags: list[int], **told: Any) -> int:
    with tenant_transaction(tenant.pk):
        return remove_tags(tenant=tenant, contact_ids=contacts, tags=tags, **{"at": AT, **BOB, **told})


def carried(tenant: Any) -> list[tuple[int, int, str, str]]:
    with tenant_transaction(tenant.pk):
        rows = ContactTag.objects.for_tenant(tenant).order_by("contact_id", "tag_id")
        return list(rows.values_list("contact_id", "tag_id", "source", "evidence"))


def test_assigned_tags_are_kept_with_their_source_and_told_once_for_each_contact(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    hot, sweet = make_tags(acme, "taste/hot", "taste/sweet")

    assert assign(acme, [ben, ann], [hot, sweet]) == 2

    said = ("hand", "asked in the shop")
    assert carried(acme) == [(ann, hot, *said), (ann, sweet, *said), (ben, hot, *said), (ben, sweet, *said)]
    assert sorted(moves(acme)) == [
        (contact, name, True, *said, "bob@example.com")
        for contact in (ann, ben)
        for name in ("taste/hot", "taste/sweet")
    ]
    assert changes(acme) == [(ann, "tag"), (ben, "tag")]


def test_only_what_really_moves_is_news(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    hot, sweet = make_tags(acme, "taste/hot", "taste/sweet")
    assign(acme, [ann], [hot, sweet])

    assert assign(acme, [ann, ben], [hot], source="rule") == 1
    assert remove(acme, [ann, ben], [sweet]) == 1
    assert remove(acme, [ann, ben], [sweet]) == 0

    assert [(contact, tag, source) for contact, tag, source, _ in carried(acme)] == [
        (ann, hot, "hand"),
        (ben, hot, "rule"),
    ]
    assert [row[:4] for row in moves(acme)[2:]] == [
        (ben, "taste/hot", True, "rule"),
        (ann, "taste/sweet", False, "hand"),
    ]
    assert changes(acme) == [(ann, "tag"), (ben, "tag"), (ann, "tag")]


def test_ids_of_nobody_and_of_another_tenant_are_passed_over(acme: Any, globex: Any) -> None:
    (ann,) = make_people(acme, "ann")
    (hot,) = make_tags(acme, "taste/hot")
    (theirs,) = make_people(globex, "wang")
    (spicy,) = make_tags(globex, "口味/辣")
    assign(globex, [theirs], [spicy])

    assert assign(acme, [ann, theirs, 10**12], [hot, spicy, 10**12]) == 1
    assert remove(acme, [theirs], [spicy]) == 0

    assert [row[:2] for row in carried(acme)] == [(ann, hot)]
    assert [row[:2] for row in carried(globex)] == [(theirs, spicy)]


def test_tags_named_by_a_call_are_made_and_each_row_says_whether_it_brought_one(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    tags = (parse_tag("taste/hot"), parse_tag("origin/shop"))
    rows = [Tagging(ann, tags), Tagging(ben, tags[:1]), Tagging(ann, tags[:1]), Tagging(ben, ())]

    with tenant_transaction(acme.pk):
        lock_tenant_writes(tenant_id=acme.pk)
        news = add_tags(tenant=acme, rows=rows, source=ContactTag.Source.IMPORT, actor="API key shop", at=AT)

    assert news == [True, True, False, False]
    assert sorted(moves(acme)) == [
        (ann, "origin/shop", True, "import", "", "API key shop"),
        (ann, "taste/hot", True, "import", "", "API key shop"),
        (ben, "taste/hot", True, "import", "", "API key shop"),
    ]
    assert changes(acme) == [(ann, "tag"), (ben, "tag")]


def test_a_move_is_not_older_than_the_writers_turn(acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    (hot,) = make_tags(acme, "taste/hot")

    assign(acme, [ann], [hot], at=AT - timedelta(days=9_000))

    with tenant_transaction(acme.pk):
        granted_at = lock_tenant_writes(tenant_id=acme.pk)
        move = TagMove.objects.for_tenant(acme).get()
    assert granted_at - timedelta(minutes=5) < move.created_at < granted_at


def test_moves_cannot_be_changed_or_deleted(acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    (hot,) = make_tags(acme, "taste/hot")
    assign(acme, [ann], [hot])

    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        TagMove.objects.for_tenant(acme).update(actor="nobody")
    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        TagMove.objects.for_tenant(acme)._raw_delete("default")


@pytest.mark.parametrize("people", [1, 3])
def test_statements_do_not_grow_with_people(acme: Any, people: int) -> None:
    contacts = make_people(acme, *(f"p{number}" for number in range(people)))
    tags = make_tags(acme, "taste/hot", "taste/sweet")

    with CaptureQueriesContext(connection) as putting:
        assign(acme, contacts, tags)
    with CaptureQueriesContext(connection) as taking:
        remove(acme, contacts, tags)

    assert (len(putting), len(taking)) == (8, 7)
