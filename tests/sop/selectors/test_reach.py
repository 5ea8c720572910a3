"""What a contact may still receive on a day of the tenant's zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contacts.models import Contact
from contacts.services.consent import set_consent
from sop.models import CapUse
from sop.selectors.reach import reach_of
from sop.services.budget import set_messages_per_day
from tests.cast import AT
from tests.sop.ledger.floor import lay_sop, make_people

# already 1 June in Shanghai
NIGHT = datetime(2024, 5, 31, 17, tzinfo=UTC)


@pytest.fixture
def person(acme: Any) -> Contact:
    acme.timezone = "Asia/Shanghai"
    acme.save(update_fields=["timezone"])
    return make_people(acme, count=1)[0]


def test_the_day_is_the_tenants(acme: Any, person: Contact, inside: Any) -> None:
    with inside(acme):
        for day, used in ((31, 2), (1, 1)):
            month = 5 if day == 31 else 6
            CapUse.objects.create(tenant=acme, contact_id=person.pk, date=date(2024, month, day), used=used)

        found = [reach_of(tenant=acme, contact_id=person.pk, at=at) for at in (NIGHT - timedelta(hours=2), NIGHT)]

    assert [(each.date, each.used, each.left) for each in found] == [
        (date(2024, 5, 31), 2, 0),
        (date(2024, 6, 1), 1, 1),
    ]


def test_nothing_is_used_up_and_nothing_is_planned(acme: Any, person: Contact, inside: Any) -> None:
    with inside(acme):
        set_messages_per_day(tenant=acme, per_day=5, actor="bob", at=AT)

        found = reach_of(tenant=acme, contact_id=person.pk, at=NIGHT)

    assert (found.per_day, found.used, found.left, found.next, found.is_refused) == (5, 0, 5, None, False)


def test_more_used_than_allowed_leaves_nothing(acme: Any, person: Contact, inside: Any) -> None:
    with inside(acme):
        CapUse.objects.create(tenant=acme, contact_id=person.pk, date=date(2024, 6, 1), used=5)

        assert reach_of(tenant=acme, contact_id=person.pk, at=NIGHT).left == 0


def test_who_refused_every_way_gets_nothing(acme: Any, person: Contact, inside: Any) -> None:
    with inside(acme):
        set_consent(tenant=acme, contact_ids=[person.pk], touch_kind="private_chat", is_granted=False, at=AT)

        found = reach_of(tenant=acme, contact_id=person.pk, at=NIGHT)

    assert (found.is_refused, found.left) == (True, 0)


def test_the_next_is_what_is_planned_and_due_first(acme: Any, person: Contact, inside: Any) -> None:
    for name, hours in (("later", 9), ("soon", 3), ("past", -3)):
        laid = lay_sop(acme, [person], name=name, due_at=NIGHT + timedelta(hours=hours))
        if name == "past":
            laid.change(0, state="sent")

    with inside(acme):
        found = reach_of(tenant=acme, contact_id=person.pk, at=NIGHT)

        assert found.next is not None
        assert (found.next.sop.name, found.next.step.position) == ("soon", 1)
