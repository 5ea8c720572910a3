"""Finding or making the contacts of people."""

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Change, Contact, ContactToken, Identity
from contacts.services.identities import Match, Person, match_contacts
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT

pytestmark = pytest.mark.django_db

Inside = Callable[[Any], AbstractContextManager[None]]


def match(tenant: Any, *people: Person, create: Sequence[bool] | bool = True) -> list[Match]:
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        return match_contacts(tenant=tenant, people=people, create=create, at=AT)


def identities(tenant: Any, seed: int | None = None) -> set[tuple[int, str, str]]:
    with tenant_transaction(tenant.pk):
        rows = Identity.objects.for_tenant(tenant).values_list("contact_id", "kind", "value")
        return set(rows if seed is None else rows.filter(value__startswith=f"{seed}-"))


def test_unknown_person_is_made_with_identities_profile_tokens_and_news(acme: Any, inside: Inside) -> None:
    (found,) = match(acme, Person({"phone": "+8613800138000", "email": "a@b.cn"}, name="王明"))

    assert found == Match(found.contact_id, is_new=True)
    with inside(acme):
        contact = Contact.objects.for_tenant(acme).get()
        tokens = ContactToken.objects.for_tenant(acme).values_list("token", flat=True)
        changes = list(Change.objects.for_tenant(acme).values_list("contact_id", "reason", "created_at"))
        assert (contact.pk, contact.name, contact.phone, contact.email) == (
            found.contact_id,
            "王明",
            "+8613800138000",
            "a@b.cn",
        )
        assert {"王", "明", "王明", "#8613", "#8000"} <= set(tokens)
        assert changes == [(contact.pk, "identity", AT)]


def test_known_person_learns_identities_and_keeps_what_is_filled(acme: Any, inside: Inside) -> None:
    (first,) = match(acme, Person({"phone": "+8613800138000"}, name="王明"))

    (again,) = match(acme, Person({"phone": "+8613800138000", "email": "a@b.cn", "unionid": "u"}, name="李"))

    assert again == Match(first.contact_id, is_known_better=True)
    assert {(kind, value) for _, kind, value in identities(acme)} == {
        ("phone", "+8613800138000"),
        ("email", "a@b.cn"),
        ("unionid", "u"),
    }
    with inside(acme):
        assert Contact.objects.for_tenant(acme).values_list("name", "email").get() == ("王明", "a@b.cn")


def test_person_known_in_full_writes_nothing(acme: Any, inside: Inside) -> None:
    person = Person({"shop:x": "17850"}, name="王明")
    (first,) = match(acme, person)
    with inside(acme):
        held = list(Contact.objects.for_tenant(acme).values()), Change.objects.for_tenant(acme).count()

    (again,) = match(acme, person)

    assert again == Match(first.contact_id)
    with inside(acme):
        assert (
            list(Contact.objects.for_tenant(acme).values()),
            Change.objects.for_tenant(acme).count(),
        ) == held


def test_identities_of_two_contacts_are_ambiguous_and_never_merged(acme: Any) -> None:
    match(acme, Person({"phone": "+8613800138000"}), Person({"email": "a@b.cn"}))
    held = identities(acme)

    (found,) = match(acme, Person({"phone": "+8613800138000", "email": "a@b.cn", "unionid": "u"}))

    assert found == Match(None, "ambiguous")
    assert identities(acme) == held


def test_nobody_is_made_where_only_matching_is_asked(acme: Any) -> None:
    found = match(acme, Person({"unionid": "u"}), Person({"unionid": "v"}), create=[False, True])

    assert [(one.contact_id is None, one.wait_reason, one.is_new) for one in found] == [
        (True, "no_match", False),
        (False, "", True),
    ]


def test_person_without_identities_is_nobody(acme: Any) -> None:
    assert match(acme, Person({}, name="王明")) == [Match(None, "no_match")]


def test_earlier_rows_are_known_to_later_ones(acme: Any) -> None:
    made, joined, chained = match(
        acme,
        Person({"phone": "+8613800138000"}),
        Person({"phone": "+8613800138000", "unionid": "u"}),
        Person({"unionid": "u", "email": "a@b.cn"}),
    )

    assert made == Match(made.contact_id, is_new=True)
    assert joined == chained == Match(made.contact_id, is_known_better=True)
    assert {contact for contact, _, _ in identities(acme)} == {made.contact_id}


def test_same_identity_in_two_tenants_is_two_contacts(acme: Any, globex: Any) -> None:
    (ours,), (theirs,) = match(acme, Person({"unionid": "u"})), match(globex, Person({"unionid": "u"}))

    assert ours.is_new and theirs.is_new
    assert ours.contact_id != theirs.contact_id


def random_people(dice: random.Random, seed: int) -> list[Person]:
    kinds = ["unionid", "openid", "shop:x"]
    return [Person({kind: f"{seed}-{dice.randrange(5)}" for kind in dice.sample(kinds, 2)}) for _ in range(12)]


def test_many_at_once_equal_one_by_one(acme: Any, globex: Any) -> None:
    for seed in range(20):
        dice = random.Random(seed)
        people = random_people(dice, seed)
        create = [dice.random() < 0.6 for _ in people]

        at_once = match(acme, *people, create=create)
        one_by_one = [match(globex, person, create=may)[0] for person, may in zip(people, create, strict=True)]

        assert _shape(at_once, identities(acme, seed)) == _shape(one_by_one, identities(globex, seed))


def _shape(found: list[Match], held: set[tuple[int, str, str]]) -> Any:
    """Matches and identities with contacts numbered by appearance, since ids differ between tenants."""
    numbers: dict[int | None, int] = {}
    matches = [(numbers.setdefault(one.contact_id, len(numbers)), one.wait_reason, one.is_new) for one in found]
    return matches, {(numbers[contact], kind, value) for contact, kind, value in held}


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_statements_do_not_grow_with_people(acme: Any, count: int) -> None:
    people = [Person({"phone": f"+86138{n:08}", "shop:x": str(n)}, name=f"王{n}") for n in range(count)]
    with tenant_transaction(acme.pk):
        lock_tenant_writes(tenant_id=acme.pk)

        with CaptureQueriesContext(connection) as making:
            match_contacts(tenant=acme, people=people, at=AT)
        with CaptureQueriesContext(connection) as finding:
            match_contacts(tenant=acme, people=people, at=AT)

    assert (len(making), len(finding)) == (6, 2)


def test_two_connections_with_the_same_new_identity_make_one_contact(acme: Any) -> None:
    ready = threading.Barrier(2)
    found: list[Match] = []

    def work() -> None:
        try:
            with tenant_transaction(acme.pk):
                ready.wait()
                lock_tenant_writes(tenant_id=acme.pk)
                found.extend(match_contacts(tenant=acme, people=[Person({"unionid": "u"})], at=AT))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)

    assert sorted(one.is_new for one in found) == [False, True]
    assert len({one.contact_id for one in found}) == len(identities(acme)) == 1
