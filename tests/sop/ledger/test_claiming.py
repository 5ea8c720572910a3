"""The claim: who may be sent to now, who never, and why."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from contacts.models import Consent, TouchKind
from orders.models import ContactStats
from segments.models import SegmentMember
from sop.models import CapUse, Enrollment, Sop
from sop.services.claiming import Claim, Script, claim_due
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop.ledger.floor import Laid, lay_sop, make_people, set_cap

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(minutes=5)
CLAIMED = ("claimed", "")


def claim(laid: Laid, *, at: datetime = LATER, most: int = 500) -> Claim:
    with tenant_transaction(laid.tenant.pk):
        return claim_unopened(laid, at=at, most=most)


def claim_unopened(laid: Laid, *, at: datetime = LATER, most: int = 500) -> Claim:
    scripts: dict[int, Script] = {}
    return claim_due(tenant=laid.tenant, sop_id=laid.sop.pk, at=at, most=most, lease_seconds=60, scripts=scripts)


def cap_uses(tenant: Tenant) -> dict[tuple[int, str], int]:
    with tenant_transaction(tenant.pk):
        rows = CapUse.objects.for_tenant(tenant).values_list("contact_id", "date", "used")
        return {(contact_id, date.isoformat()): used for contact_id, date, used in rows}


def test_due_touchpoints_are_leased_and_use_up_their_contacts_day(acme: Tenant) -> None:
    people = make_people(acme, count=3)
    laid = lay_sop(acme, people)

    held = claim(laid)

    first = laid.rows()[0]
    assert laid.states() == [CLAIMED] * 3
    assert [(one.contact_id, one.fence, one.tries) for one in held.touchpoints] == [(p.pk, 1, 1) for p in people]
    assert held.values == {person.pk: {"contact.name": person.name} for person in people}
    assert (held.decided, held.is_more) == ({CLAIMED: 3}, False)
    assert first.lease_until is not None and first.settled_at is None
    assert cap_uses(acme) == {(person.pk, "2026-11-21"): 1 for person in people}


def test_what_is_not_due_stays_planned(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1), due_at=AT)

    held = claim(laid, at=AT - timedelta(microseconds=1))

    assert (held.touchpoints, held.is_more, laid.states()) == ([], False, [("planned", "")])


def test_only_people_whose_text_asks_are_read(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=2), compiled=["Hello"])

    assert claim(laid).values == {}


def test_a_text_gets_the_attributes_that_it_names(acme: Tenant) -> None:
    person = make_people(acme, count=1)[0]
    person.attributes = {"city": "杭州", "size": 38.0, "secret": "x"}
    with tenant_transaction(acme.pk):
        person.save(update_fields=["attributes"])
    laid = lay_sop(acme, [person], compiled=[["attribute.city", "-"], ["attribute.size", ""], ["attribute.gone", "?"]])

    said = claim(laid).values[person.pk]

    assert said == {"contact.name": "Person 0", "attribute.city": "杭州", "attribute.size": "38", "attribute.gone": ""}


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (AT + timedelta(hours=2), CLAIMED),
        (AT + timedelta(hours=2, microseconds=1), ("skipped", "late")),
    ],
)
def test_too_late_is_skipped(acme: Tenant, at: datetime, state: tuple[str, str]) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    claim(laid, at=at)

    assert laid.states() == [state]


@pytest.mark.parametrize(("granted", "state"), [(True, CLAIMED), (False, ("skipped", "no_consent")), (None, CLAIMED)])
def test_withdrawn_consent_is_skipped(acme: Tenant, granted: bool | None, state: tuple[str, str]) -> None:
    people = make_people(acme, count=1)
    laid = lay_sop(acme, people)
    if granted is not None:
        with tenant_transaction(acme.pk):
            Consent.objects.create(
                tenant=acme, contact=people[0], touch_kind=TouchKind.PRIVATE_CHAT, is_granted=granted, changed_at=AT
            )

    claim(laid)

    assert laid.states() == [state]
    assert laid.rows()[0].settled_at == (None if state == CLAIMED else LATER)


@pytest.mark.parametrize(
    ("exits", "ordered_at", "state"),
    [
        (True, AT, ("cancelled", "ordered")),
        (True, AT - timedelta(days=1), CLAIMED),  # the very instant of entry
        (False, AT, CLAIMED),
    ],
)
def test_an_order_since_entry_cancels(acme: Tenant, exits: bool, ordered_at: datetime, state: tuple[str, str]) -> None:
    people = make_people(acme, count=1)
    laid = lay_sop(acme, people, exits_on_order=exits)
    with tenant_transaction(acme.pk):
        ContactStats.objects.create(tenant=acme, contact=people[0], purchases=1, last_purchase_at=ordered_at)

    claim(laid)

    assert laid.states() == [state]


@pytest.mark.parametrize(
    ("exits", "is_member", "state"),
    [(True, True, CLAIMED), (True, False, ("cancelled", "left")), (False, False, CLAIMED)],
)
def test_having_left_the_segment_cancels(acme: Tenant, exits: bool, is_member: bool, state: tuple[str, str]) -> None:
    people = make_people(acme, count=1)
    laid = lay_sop(acme, people, exits_on_leaving=exits)
    if is_member:
        with tenant_transaction(acme.pk):
            SegmentMember.objects.create(
                tenant=acme, segment=laid.version.segment, contact=people[0], entered_at=AT - timedelta(days=1)
            )

    claim(laid)

    assert laid.states() == [state]


@pytest.mark.parametrize(
    ("ended", "reason"), [({"state": "exited", "exit_reason": "left"}, "left"), ({"state": "completed"}, "stopped")]
)
def test_an_ended_run_cancels_with_its_reason(acme: Tenant, ended: dict[str, str], reason: str) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    with tenant_transaction(acme.pk):
        Enrollment.objects.for_tenant(acme).update(**ended)

    claim(laid)

    assert laid.states() == [("cancelled", reason)]
    assert cap_uses(acme) == {}


@pytest.mark.parametrize(("state", "expected"), [("paused", ("planned", "")), ("archived", ("cancelled", "stopped"))])
def test_a_paused_sop_waits_and_a_stopped_one_sends_no_more(
    acme: Tenant, state: str, expected: tuple[str, str]
) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    with tenant_transaction(acme.pk):
        Sop.objects.for_tenant(acme).update(state=state)

    held = claim(laid)

    assert (laid.states(), held.touchpoints) == ([expected], [])


def test_the_cap_holds_across_sops_and_ends_with_the_day(globex: Tenant) -> None:
    set_cap(globex, 1)
    people = make_people(globex, count=1)
    midnight = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # in Shanghai
    first, second, third = (lay_sop(globex, people, name=name, late_after=timedelta(days=1)) for name in "abc")

    claim(first, at=midnight - timedelta(microseconds=1))
    claim(second, at=midnight - timedelta(microseconds=1))
    claim(third, at=midnight)

    assert [laid.states() for laid in (first, second, third)] == [[CLAIMED], [("skipped", "cap")], [CLAIMED]]
    assert cap_uses(globex) == {(people[0].pk, "2026-11-21"): 1, (people[0].pk, "2026-11-22"): 1}


def test_the_cap_skips_with_its_reason(acme: Tenant) -> None:
    set_cap(acme, 1)
    people = make_people(acme, count=2)
    first, second = lay_sop(acme, people[:1], name="a"), lay_sop(acme, people, name="b")

    claim(first)
    claim(second)

    assert (first.states(), second.states()) == ([CLAIMED], [("skipped", "cap"), CLAIMED])
    assert cap_uses(acme) == {(person.pk, "2026-11-21"): 1 for person in people}


def test_a_cap_of_none_lets_nothing_out(acme: Tenant) -> None:
    set_cap(acme, 0)
    laid = lay_sop(acme, make_people(acme, count=1))

    claim(laid)

    assert (laid.states(), cap_uses(acme)) == ([("skipped", "cap")], {})


def test_a_second_touchpoint_of_a_contact_waits_for_the_next_claim(acme: Tenant) -> None:
    people = make_people(acme, count=1)
    laid = lay_sop(acme, people)
    with tenant_transaction(acme.pk):
        row = laid.rows_unopened()[0]
        row.pk, row.occurrence = None, 1
        row.save(force_insert=True)

    first = claim(laid)
    second = claim(laid)

    assert [(len(held.touchpoints), held.is_more) for held in (first, second)] == [(1, True), (1, False)]
    assert cap_uses(acme) == {(people[0].pk, "2026-11-21"): 2}


def test_a_batch_is_bounded_and_says_that_there_is_more(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=3))

    assert [(len(held.touchpoints), held.is_more) for held in (claim(laid, most=2), claim(laid, most=2))] == [
        (2, True),
        (1, False),
    ]


def test_a_reservation_that_is_held_is_not_made_twice(acme: Tenant) -> None:
    set_cap(acme, 1)
    people = make_people(acme, count=1)
    laid = lay_sop(acme, people)
    claim(laid)
    laid.change(state="planned", lease_until=None)  # came back and may have gone out

    claim(laid)

    assert (laid.states(), cap_uses(acme)) == ([CLAIMED], {(people[0].pk, "2026-11-21"): 1})


def test_what_may_have_gone_out_is_never_called_skipped(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    claim(laid)
    laid.change(state="planned", lease_until=None)

    claim(laid, at=AT + timedelta(days=3))

    assert laid.states() == [("unknown", "")]


def test_two_claims_at_once_share_the_batch(acme: Tenant) -> None:
    """The first holds its rows while the second claims, on a connection of its own."""
    laid = lay_sop(acme, make_people(acme, count=10))
    theirs: list[Claim] = []

    with tenant_transaction(acme.pk):
        ours = claim_unopened(laid, most=6)
        thread = threading.Thread(target=on_own_connection, args=(lambda: theirs.append(claim(laid, most=6)),))
        thread.start()
        thread.join(timeout=20)

    ids = [one.id for held in (ours, *theirs) for one in held.touchpoints]
    assert [len(held.touchpoints) for held in (ours, *theirs)] == [6, 4]
    assert sorted(ids) == laid.touchpoint_ids


def test_two_sops_reach_for_the_last_of_a_contacts_day_at_once(acme: Tenant) -> None:
    set_cap(acme, 1)
    people = make_people(acme, count=20)
    first, second = lay_sop(acme, people, name="a"), lay_sop(acme, people[::-1], name="b")
    theirs: list[Claim] = []
    thread = threading.Thread(target=on_own_connection, args=(lambda: theirs.append(claim(second)),))

    with tenant_transaction(acme.pk):
        claim_unopened(first)
        thread.start()
        wait_until_it_waits()
    thread.join(timeout=20)

    assert first.states() == [CLAIMED] * 20
    assert second.states() == [("skipped", "cap")] * 20
    assert set(cap_uses(acme).values()) == {1}


def test_nothing_of_a_neighbour_is_claimed(acme: Tenant, globex: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    stranger = Laid(globex, laid.sop, laid.version, laid.step, [])

    assert (claim(stranger).touchpoints, laid.states()) == ([], [("planned", "")])


def on_own_connection(work: Any) -> None:
    try:
        work()
    finally:
        connections.close_all()


def wait_until_it_waits() -> None:
    """Until some connection of this database waits for a lock."""
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_locks w WHERE NOT granted AND pid IN ("
                " SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
