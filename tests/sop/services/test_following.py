"""Runs start as segments say, whatever ticks do."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from segments.models import SegmentTransition
from sop.incoming import StepBody
from sop.models import Enrollment, SopCursor, Touchpoint
from sop.services import enrolling, following
from sop.services.editing import save_draft
from sop.services.publishing import publish_sop
from sop.tasks.tick import tick as task
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.sop.stage import (
    DAY,
    MINUTE,
    SOON,
    audience,
    draft,
    due_at,
    enter,
    leave,
    make,
    order,
    people,
    planned,
    publish,
    runs,
    tick,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_entry_plans_all_touchpoints_at_once(globex):
    segment = audience(globex)
    sop = make(globex, segment)
    (mei,) = people(globex, 1)
    publish(globex, sop)

    enter(globex, segment, [mei], at=AT + MINUTE)
    tick(globex, at=AT + 2 * MINUTE)

    # the second step: 10:00 in Shanghai on the day after the entry
    ten_there = (AT + DAY).replace(hour=2)
    assert runs(globex, sop) == [(mei, "active", "")]
    assert planned(globex, sop) == [(mei, AT + 11 * MINUTE, "planned", ""), (mei, ten_there, "planned", "")]
    assert due_at(globex, sop) == AT + 11 * MINUTE
    with tenant_transaction(globex.pk):
        run = Enrollment.objects.for_tenant(globex).get()
        first, second = Touchpoint.objects.for_tenant(globex).order_by("due_at")
    assert (run.entered_at, run.last_due_at) == (AT + MINUTE, ten_there)
    assert [one.run_at - one.due_at for one in (first, second)] == [timedelta(0)] * 2
    assert [one.late_at - one.due_at for one in (first, second)] == [120 * MINUTE] * 2


def test_entries_before_publishing_count_for_nothing(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    early, late = people(acme, 2)
    enter(acme, segment, [early])
    publish(acme, sop)
    enter(acme, segment, [late])

    tick(acme)

    assert runs(acme, sop) == [(late, "active", "")]


def test_an_entry_read_late_belongs_to_the_version_that_was_live(acme):
    segment, other = audience(acme), audience(acme, "Others")
    sop = make(acme, segment)
    first, second, third = people(acme, 3)
    publish(acme, sop)
    enter(acme, segment, [first])
    with tenant_transaction(acme.pk):
        save_draft(tenant=acme, sop_id=sop.pk, draft=draft(other, SOON), actor="tests", at=AT)
    publish(acme, sop, at=AT + MINUTE)
    enter(acme, segment, [second], at=AT + 2 * MINUTE)
    enter(acme, other, [third], at=AT + 2 * MINUTE)

    tick(acme)

    with tenant_transaction(acme.pk):
        rows = Enrollment.objects.for_tenant(acme).order_by("pk").values_list("contact_id", "version__number")
        assert list(rows) == [(first, 1), (third, 2)]


def test_people_of_the_segment_are_taken_along(acme, monkeypatch):
    monkeypatch.setattr(enrolling, "BATCH_MEMBERS", 2)
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    everyone = people(acme, 5)
    enter(acme, segment, everyone, at=AT - DAY)

    published = publish(acme, sop, include_members=True)
    at_once = runs(acme, sop)
    tick(acme)

    assert published.members == 5
    assert at_once == [(pk, "active", "") for pk in everyone[:2]]
    assert runs(acme, sop) == [(pk, "active", "") for pk in everyone]
    assert {due for _, due, _, _ in planned(acme, sop)} == {AT + 10 * MINUTE}


def test_who_is_taken_along_and_enters_meanwhile_runs_once(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    (mei,) = people(acme, 1)
    enter(acme, segment, [mei])
    publish(acme, sop, include_members=True)
    leave(acme, segment, [mei], at=AT + MINUTE)
    enter(acme, segment, [mei], at=AT + 2 * MINUTE)

    tick(acme)

    assert runs(acme, sop) == [(mei, "exited", "left")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [("exited", "left")]),
        ({"may_reenter": True}, [("exited", "left"), ("active", "")]),
        ({"exits_on_leaving": False}, [("active", "")]),
        ({"exits_on_leaving": False, "may_reenter": True}, [("active", "")]),
    ],
)
@pytest.mark.parametrize("is_read_each_time", [True, False])
def test_in_out_and_in_again(acme, fields, expected, is_read_each_time):
    segment = audience(acme)
    sop = make(acme, segment, **fields)
    (mei,) = people(acme, 1)
    publish(acme, sop)

    for minute, move in enumerate((enter, leave, enter)):
        move(acme, segment, [mei], at=AT + minute * MINUTE)
        if is_read_each_time:
            tick(acme, at=AT + minute * MINUTE)
    tick(acme, at=AT + 3 * MINUTE)

    assert runs(acme, sop) == [(mei, *one) for one in expected]


def test_backlogs_go_in_steps_and_lose_nobody(acme, monkeypatch):
    monkeypatch.setattr(following, "BATCH_TRANSITIONS", 3)
    monkeypatch.setattr(following, "BATCH_CHANGES", 3)
    segment, unwatched = audience(acme), audience(acme, "Nobody looks")
    sop = make(acme, segment, SOON, exits_on_order=True)
    everyone = people(acme, 8)
    publish(acme, sop)
    for pk in everyone:
        enter(acme, unwatched, [pk])
        enter(acme, segment, [pk])
    order(acme, everyone[:4], at=AT + MINUTE)

    times = tick(acme, at=AT + 2 * MINUTE)

    assert times > 2
    assert sorted(runs(acme, sop)) == [(pk, "exited", "ordered") for pk in everyone[:4]] + [
        (pk, "active", "") for pk in everyone[4:]
    ]
    with tenant_transaction(acme.pk):
        cursor = SopCursor.objects.for_tenant(acme).get()
        newest = SegmentTransition.objects.for_tenant(acme).order_by("-pk").values_list("pk", flat=True)[0]
    assert (cursor.last_transition_id, cursor.fresh_at) == (newest, AT + 2 * MINUTE)


def test_ticks_at_once_start_each_run_once(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    everyone = people(acme, 20)
    publish(acme, sop)
    enter(acme, segment, everyone)
    ready = threading.Barrier(3)

    def run() -> None:
        try:
            ready.wait(10)
            tick(acme)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    tick(acme)

    assert runs(acme, sop) == [(pk, "active", "") for pk in everyone]
    assert len(planned(acme, sop)) == 40


def test_a_publish_waits_for_the_tick_and_the_tick_leaves_for_a_publish(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    (mei,) = people(acme, 1)
    enter(acme, segment, [mei])
    found = []

    def second() -> None:
        with tenant_transaction(acme.pk):
            found.append(following.follow(tenant=acme, at=AT))
            found.append(Enrollment.objects.for_tenant(acme).exists())
        connection.close()

    with tenant_transaction(acme.pk):
        publish_sop(tenant=acme, sop_id=sop.pk, include_members=True, actor="tests", at=AT)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    tick(acme)

    assert found == [False, False]
    assert runs(acme, sop) == [(mei, "active", "")]


def test_an_idle_tick_writes_nothing(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    publish(acme, sop)
    tick(acme)
    with tenant_transaction(acme.pk):
        before = SopCursor.objects.for_tenant(acme).values_list("fresh_at", flat=True).get()

    tick(acme, at=AT + timedelta(seconds=9))
    with tenant_transaction(acme.pk):
        soon = SopCursor.objects.for_tenant(acme).values_list("fresh_at", flat=True).get()
    tick(acme, at=AT + timedelta(seconds=11))
    with tenant_transaction(acme.pk):
        later = SopCursor.objects.for_tenant(acme).values_list("fresh_at", flat=True).get()

    assert (before, soon, later) == (AT, AT, AT + timedelta(seconds=11))


def test_a_tenant_without_sops_needs_no_cursor(acme):
    tick(acme)

    with tenant_transaction(acme.pk):
        assert not SopCursor.objects.for_tenant(acme).exists()


def test_the_task_follows_every_tenant(acme, globex):
    made = []
    for tenant in (acme, globex):
        segment = audience(tenant)
        sop = make(tenant, segment, StepBody(content="x", after_minutes=0))
        publish(tenant, sop)
        enter(tenant, segment, people(tenant, 2))
        made.append((tenant, sop))

    task()

    assert [len(runs(tenant, sop)) for tenant, sop in made] == [2, 2]
