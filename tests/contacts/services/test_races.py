"""Two writers at once: what one of them does, the other finds done."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from contacts.models import AttributeValue
from contacts.profiles import Told
from contacts.services.attributes import define_attribute
from contacts.services.profiles import ToldOf, tell_profiles
from contacts.services.tag_catalogue import delete_tag
from contacts.services.tags import assign_tags
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import changes, make_people, make_tags, moves

pytestmark = pytest.mark.django_db(transaction=True)

WAITERS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
"""


def in_turn(tenant: Any, first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Both in transactions of their own; the second begins while the first is open, and waits for it."""
    results: list[Any] = []
    has_begun = Event()

    def wait_and_act() -> None:
        with tenant_transaction(tenant.pk):
            has_begun.set()
            results.append(second())
        connection.close()

    thread = Thread(target=wait_and_act)
    with tenant_transaction(tenant.pk):
        results.append(first())
        thread.start()
        has_begun.wait(10)
        with connection.cursor() as cursor:
            while cursor.execute(WAITERS) or cursor.fetchone() == (0,):
                thread.join(0.01)
    thread.join()
    return results


def test_the_same_tag_is_put_on_once(acme: Any) -> None:
    people, (hot,) = make_people(acme, "ann", "ben"), make_tags(acme, "taste/hot")

    def assign() -> int:
        return assign_tags(tenant=acme, contact_ids=people, tags=[hot], source="hand", at=AT)

    assert in_turn(acme, assign, assign) == [2, 0]
    assert (len(moves(acme)), len(changes(acme))) == (2, 2)


def test_a_tag_that_was_just_deleted_is_put_on_nobody(acme: Any) -> None:
    people, (hot,) = make_people(acme, "ann"), make_tags(acme, "taste/hot")

    done = in_turn(
        acme,
        lambda: delete_tag(tenant=acme, tag_id=hot, actor="bob", at=AT),
        lambda: assign_tags(tenant=acme, contact_ids=people, tags=[hot], source="hand", at=AT),
    )

    assert (done, moves(acme)) == ([None, 0], [])


@pytest.mark.parametrize("is_told_first", [True, False])
def test_what_is_said_while_an_attribute_is_defined_gets_its_value(acme: Any, is_told_first: bool) -> None:
    (ann,) = make_people(acme, "ann")

    def tell() -> None:
        lock_tenant_writes(tenant_id=acme.pk)
        tell_profiles(tenant=acme, rows=[ToldOf(ann, Told(attributes={"n": 7}))], at=AT)

    def define() -> None:
        define_attribute(tenant=acme, key="n", label="N", kind="number", actor="bob", at=AT)

    in_turn(acme, *((tell, define) if is_told_first else (define, tell)))

    with tenant_transaction(acme.pk):
        assert list(AttributeValue.objects.for_tenant(acme).values_list("contact_id", "number")) == [(ann, 7.0)]
