"""Who is in the list, and who is found by a text."""

import random
from typing import Any

import pytest

from contacts.models import Contact
from contacts.selectors import ContactFilters, contact_list, contact_rows, search_contacts
from contacts.services.identities import Person, match_contacts
from contacts.services.profiles import edit_contact
from contacts.tokens import fold, phone_digits
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT

pytestmark = pytest.mark.django_db

SURNAMES, GIVEN = "王李张刘陈杨黄", "小明伟芳娜敏静丽强磊Aaé１2 "


def make(tenant: Any, *people: Person) -> list[int]:
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        return [match.contact_id or 0 for match in match_contacts(tenant=tenant, people=people, at=AT)]


def find(tenant: Any, text: str) -> set[int]:
    with tenant_transaction(tenant.pk):
        return set(search_contacts(tenant=tenant, text=text).values_list("pk", flat=True))


def random_people(dice: random.Random, count: int) -> list[Person]:
    def name() -> str:
        return (dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.randrange(5)))).strip()

    phones = [f"+861{dice.randrange(30, 40)}{dice.randrange(10**8):08}" for _ in range(count)]
    return [Person({"phone": phone, "shop:x": str(n)}, name=name()) for n, phone in enumerate(phones)]


def is_found(person: Person, text: str) -> bool:
    """The plain meaning of search."""
    wanted, digits = fold(text.strip()), phone_digits(fold(text.strip()))
    in_phone = len(digits) >= 4 and digits in person.identities["phone"]
    return wanted in fold(person.name) or in_phone or text.strip() in person.identities.values()


@pytest.mark.parametrize("seed", range(2))
def test_search_equals_a_plain_reading_of_every_name_and_phone(globex: Any, seed: int) -> None:
    dice = random.Random(seed)
    people = random_people(dice, 300)
    ids = make(globex, *people)
    texts = ["".join(dice.choices(SURNAMES + GIVEN, k=length)) for length in (1, 2, 3, 4) for _ in range(10)]
    for person in dice.sample(people, 25):
        start = dice.randrange(3)
        texts += [
            person.name[start : start + dice.randint(1, 4)],
            person.identities["phone"][3:][start:][: 4 + start],
        ]
    texts = [text for text in texts if text.strip()] + ["999", "12", "0", "17", "1 38", person.name.upper()]

    with tenant_transaction(globex.pk):
        for text in texts:
            found = set(search_contacts(tenant=globex, text=text).values_list("pk", flat=True))

            assert found == {pk for pk, person in zip(ids, people, strict=True) if is_found(person, text)}, text


def test_search_finds_exact_identities_however_written(globex: Any) -> None:
    shop, phone, email, other = make(
        globex,
        Person({"shop:online-retail": "17850"}),
        Person({"phone": "+8613800138000"}),
        Person({"email": "mei@example.com"}),
        Person({"unionid": "oX1"}, name="17850"),
    )

    assert find(globex, "17850") == {shop, other}
    assert find(globex, "138 0013 8000") == {phone}
    assert find(globex, "MEI@example.com") == {email}
    assert find(globex, "oX1") == {other}
    assert find(globex, "   ") == set()


def test_search_sees_one_tenant(acme: Any, globex: Any) -> None:
    ours, theirs = (
        make(acme, Person({"unionid": "u"}, name="王明")),
        make(globex, Person({"unionid": "u"}, name="王明")),
    )

    assert (find(acme, "王明"), find(globex, "王明")) == (set(ours), set(theirs))


def test_hostile_text_finds_nobody(acme: Any) -> None:
    make(acme, Person({"unionid": "u"}, name="王明"))

    for text in ("%", "_", "\\", "'; DROP", "王%", "😀", "x" * 500, "𠮷"):
        assert find(acme, text) == set()


def test_renamed_contact_is_found_by_the_new_name_alone(acme: Any) -> None:
    (pk,) = make(acme, Person({"phone": "+8613800138000"}, name="王明"))
    with tenant_transaction(acme.pk):
        edit_contact(tenant=acme, contact_id=pk, name="李小强", at=AT)

    assert (find(acme, "王"), find(acme, "小强"), find(acme, "8000")) == (set(), {pk}, {pk})


def test_pages_of_a_list_are_the_list(acme: Any) -> None:
    ids = make(acme, *(Person({"unionid": str(n)}, name="王") for n in range(13)))
    with tenant_transaction(acme.pk):
        for pk in ids[:9]:
            Contact.objects.for_tenant(acme).filter(pk=pk).update(acquired_at=AT.replace(day=1 + pk % 3))
        for filters in (ContactFilters(), ContactFilters(text="王")):
            whole = contact_rows(tenant=acme, filters=filters, limit=100)
            pages, place = [], None
            while True:
                page = contact_rows(tenant=acme, filters=filters, cursor=place, limit=2)
                pages += [contact.pk for contact in page.contacts]
                place = page.next
                if place is None:
                    break

            assert whole.next is None
            assert pages == [contact.pk for contact in whole.contacts]
            assert sorted(pages) == sorted(ids)


def test_list_of_an_unknown_channel_is_empty(acme: Any) -> None:
    (pk,) = make(acme, Person({"unionid": "u"}))

    with tenant_transaction(acme.pk):
        unknown = contact_list(tenant=acme, filters=ContactFilters(channel="nowhere"))
        without = contact_list(tenant=acme, filters=ContactFilters(channel="unattributed"))
        assert (list(unknown), [contact.pk for contact in without]) == ([], [pk])
