"""Runs end: the segment is left, an order comes, all is done, the SOP is stopped."""

import pytest

from sop.models import Enrollment, Touchpoint
from sop.services import exits
from sop.services.claiming import claim_due
from sop.services.pausing import pause_sop, resume_sop, stop_sop
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.sop.stage import (
    DAY,
    MINUTE,
    SOON,
    audience,
    due_at,
    enter,
    leave,
    make,
    order,
    people,
    planned,
    publish,
    runs,
    settle,
    tick,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_leaving_cancels_what_is_planned_and_nothing_else(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    mei, bob = people(acme, 2)
    publish(acme, sop)
    enter(acme, segment, [mei, bob])
    tick(acme)
    settle(acme, sop, at=AT + 10 * MINUTE)

    leave(acme, segment, [mei], at=AT + 20 * MINUTE)
    tick(acme, at=AT + 21 * MINUTE)

    assert [(pk, state, reason) for pk, _, state, reason in planned(acme, sop)] == [
        (mei, "sent", ""),
        (mei, "cancelled", "left"),
        (bob, "sent", ""),
        (bob, "planned", ""),
    ]
    with tenant_transaction(acme.pk):
        run = Enrollment.objects.for_tenant(acme).get(contact_id=mei)
        gone = Touchpoint.objects.for_tenant(acme).get(state="cancelled")
    assert (run.ended_at, gone.settled_at) == (AT + 21 * MINUTE, AT + 21 * MINUTE)


def test_what_is_being_sent_goes_its_way(acme):
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    (mei,) = people(acme, 1)
    publish(acme, sop)
    enter(acme, segment, [mei])
    tick(acme)
    settle(acme, sop, at=AT + DAY, states=["claimed"])

    leave(acme, segment, [mei])
    tick(acme)

    assert runs(acme, sop) == [(mei, "exited", "left")]
    assert [state for _, _, state, _ in planned(acme, sop)] == ["claimed"]


def test_an_order_after_entry_ends_the_run(acme):
    segment = audience(acme)
    sop = make(acme, segment, exits_on_order=True)
    other = make(acme, segment, name="Goes on")
    buyer, early, calm = people(acme, 3)
    publish(acme, sop)
    publish(acme, other)
    enter(acme, segment, [buyer, early, calm])
    tick(acme)

    order(acme, [buyer], at=AT + MINUTE)
    order(acme, [early], at=AT - MINUTE)
    tick(acme, at=AT + 2 * MINUTE)

    assert runs(acme, sop) == [(buyer, "exited", "ordered"), (early, "active", ""), (calm, "active", "")]
    assert {state for _, state, _ in runs(acme, other)} == {"active"}
    assert {(pk, reason) for pk, _, state, reason in planned(acme, sop) if state == "cancelled"} == {(buyer, "ordered")}


def test_an_order_that_was_read_before_a_late_entry_ends_its_run(acme):
    segment = audience(acme)
    sop = make(acme, segment, exits_on_order=True)
    (mei,) = people(acme, 1)
    publish(acme, sop)
    order(acme, [mei], at=AT + 2 * MINUTE)
    tick(acme, at=AT + 3 * MINUTE)

    enter(acme, segment, [mei], at=AT + MINUTE)  # a long build, committed after the order
    tick(acme, at=AT + 4 * MINUTE)

    assert runs(acme, sop) == [(mei, "exited", "ordered")]


def test_a_run_is_complete_when_nothing_of_it_is_open(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    (mei,) = people(acme, 1)
    publish(acme, sop)
    enter(acme, segment, [mei])
    tick(acme)
    after = AT + 2 * DAY

    found = []
    for states in (["unknown", "sent"], ["claimed"], ["skipped"]):
        settle(acme, sop, at=after, states=states)
        tick(acme, at=after)
        found.append(runs(acme, sop)[0][1])
        with tenant_transaction(acme.pk):
            Touchpoint.objects.for_tenant(acme).filter(state__in=("unknown", "claimed")).update(state="planned")

    assert found == ["active", "active", "completed"]


def test_a_run_is_not_complete_before_its_last_touchpoint_was_due(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    (mei,) = people(acme, 1)
    publish(acme, sop)
    enter(acme, segment, [mei])
    tick(acme)
    settle(acme, sop, at=AT + 2 * DAY)

    tick(acme, at=AT + MINUTE)
    before = runs(acme, sop)
    tick(acme, at=AT + 2 * DAY)

    assert (before, runs(acme, sop)) == ([(mei, "active", "")], [(mei, "completed", "")])


def test_people_enter_and_leave_while_it_is_paused(acme):
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    mei, bob = people(acme, 2)
    publish(acme, sop)
    with tenant_transaction(acme.pk):
        pause_sop(tenant=acme, sop_id=sop.pk, actor="tests", at=AT)

    enter(acme, segment, [mei, bob])
    tick(acme)
    leave(acme, segment, [bob])
    tick(acme)

    assert runs(acme, sop) == [(mei, "active", ""), (bob, "exited", "left")]
    with tenant_transaction(acme.pk):
        resume_sop(tenant=acme, sop_id=sop.pk, actor="tests", at=AT + DAY)
    assert due_at(acme, sop) == AT + 10 * MINUTE


def test_a_stop_ends_every_run_batch_by_batch(acme, monkeypatch):
    monkeypatch.setattr(exits, "BATCH_STOPPED", 2)
    segment = audience(acme)
    sop = make(acme, segment)
    everyone = people(acme, 5)
    publish(acme, sop)
    enter(acme, segment, everyone)
    tick(acme)

    with tenant_transaction(acme.pk):
        stop_sop(tenant=acme, sop_id=sop.pk, actor="tests", at=AT)
    at_once = [state for _, state, _ in runs(acme, sop)].count("exited")
    tick(acme)

    assert at_once == 2
    assert runs(acme, sop) == [(pk, "exited", "stopped") for pk in everyone]
    assert {(state, reason) for _, _, state, reason in planned(acme, sop)} == {("cancelled", "stopped")}


def test_what_may_have_gone_out_is_not_called_cancelled(acme):
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    (mei,) = people(acme, 1)
    publish(acme, sop)
    enter(acme, segment, [mei])
    tick(acme)
    with tenant_transaction(acme.pk):
        # as a lost answer leaves it where the provider honours keys but cannot be asked
        Touchpoint.objects.for_tenant(acme).filter(sop=sop).update(cap_date=AT.date())

    leave(acme, segment, [mei])
    tick(acme)

    assert runs(acme, sop) == [(mei, "exited", "left")]
    assert [state for _, _, state, _ in planned(acme, sop)] == ["planned"]
    with tenant_transaction(acme.pk):
        claim_due(tenant=acme, sop_id=sop.pk, at=AT + DAY, most=10, lease_seconds=60, scripts={})
    assert [state for _, _, state, _ in planned(acme, sop)] == ["unknown"]
