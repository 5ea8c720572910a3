"""Numbers about SOPs add up, whatever became of people and messages."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sop.models import Touchpoint
from sop.selectors.outlook import act_outlook, publish_outlook
from sop.selectors.reports import sop_report
from sop.selectors.runs import next_touchpoints, runs, runs_of
from sop.selectors.sops import sop_rows
from sop.selectors.touchpoints import StateCount, TouchpointFilter, touchpoint_counts, touchpoints
from sop.services.editing import save_draft
from sop.services.pausing import stop_sop
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.sop.stage import (
    DAY,
    MINUTE,
    NEXT_DAY,
    SOON,
    audience,
    draft,
    enter,
    leave,
    make,
    order,
    people,
    publish,
    settle,
    tick,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def welcome(acme):
    """An SOP of two versions in which a bit of everything has happened."""
    segment = audience(acme)
    sop = make(acme, segment, exits_on_order=True)
    everyone = people(acme, 9)
    publish(acme, sop)
    enter(acme, segment, everyone[:6])
    tick(acme)
    settle(acme, sop, at=AT + 10 * MINUTE, states=["sent", "failed", "skipped"])
    leave(acme, segment, everyone[:2], at=AT + 11 * MINUTE)
    order(acme, everyone[2:3], at=AT + 11 * MINUTE)
    with tenant_transaction(acme.pk):
        Touchpoint.objects.for_tenant(acme).filter(state="failed").update(reason="refused")
        Touchpoint.objects.for_tenant(acme).filter(state="skipped").update(reason="cap")
        save_draft(tenant=acme, sop_id=sop.pk, draft=draft(segment, SOON), actor="tests", at=AT)
    publish(acme, sop, at=AT + 12 * MINUTE)
    enter(acme, segment, everyone[6:], at=AT + 13 * MINUTE)
    tick(acme, at=AT + 13 * MINUTE)
    return SimpleNamespace(sop=sop, pk=sop.pk, everyone=everyone, segment=segment)


def adds_up(report):
    people_add = [
        runs.entered == runs.waiting + runs.completed + sum(runs.exited.values())
        for runs in (report.runs, *(one.runs for one in report.versions))
    ]
    steps_add = [step.total == one.runs.entered for one in report.versions for step in one.steps]
    return all(people_add) and all(steps_add) and report.runs.entered == sum(v.runs.entered for v in report.versions)


def test_report_says_what_became_of_everybody(acme, welcome):
    with tenant_transaction(acme.pk):
        report = sop_report(tenant=acme, sop_id=welcome.pk)

    second, first = report.versions
    assert (report.runs.entered, report.runs.waiting, report.runs.completed) == (9, 6, 0)
    assert report.runs.exited == {"left": 2, "ordered": 1, "stopped": 0}
    assert (first.runs.entered, second.runs.entered) == (6, 3)
    soon, next_day = first.steps
    zeros = dict.fromkeys(Touchpoint.State.values, 0)
    assert soon.states == zeros | {"sent": 2, "failed": 2, "skipped": 2}
    assert soon.reasons == {"failed": {"refused": 2}, "skipped": {"cap": 2}}
    assert next_day.states == zeros | {"planned": 3, "cancelled": 3}
    assert next_day.reasons == {"cancelled": {"left": 2, "ordered": 1}}
    assert [step.states for step in second.steps] == [zeros | {"planned": 3}]
    assert adds_up(report)


def test_numbers_still_add_up_when_it_is_stopped(acme, welcome):
    settle(acme, welcome.sop, at=AT + 30 * MINUTE, states=["claimed", "unknown", "sent"])

    with tenant_transaction(acme.pk):
        stop_sop(tenant=acme, sop_id=welcome.pk, actor="tests", at=AT + 30 * MINUTE)
        report = sop_report(tenant=acme, sop_id=welcome.pk)

    assert report.runs.waiting == 0
    assert report.runs.exited == {"left": 2, "ordered": 1, "stopped": 6}
    assert adds_up(report)


def test_list_says_what_goes_on(acme, welcome):
    make(acme, welcome.segment, name="A draft")

    with tenant_transaction(acme.pk):
        found = sop_rows(tenant=acme, at=AT + 13 * MINUTE)

    versions = [row.version for row in found if row.version is not None]
    assert [(row.sop.name, row.inside, row.due_next_day) for row in found] == [("Welcome", 6, 6), ("A draft", 0, 0)]
    assert [(one.number, one.segment.name, len(one.steps.all())) for one in versions] == [
        (2, "Buyers", 1),
        (1, "Buyers", 2),
    ]
    assert [row.last_week for row in found] == [{"sent": 2, "failed": 2, "skipped": 2}, {}]


def test_list_asks_as_many_statements_for_three_as_for_one(acme, welcome):
    counted = []
    for name in ("", "Two", "Three"):
        if name:
            make(acme, welcome.segment, name=name)
        with tenant_transaction(acme.pk), CaptureQueriesContext(connection) as asked:
            sop_rows(tenant=acme, at=AT)
        counted.append(len(asked))

    assert counted == [counted[0]] * 3


def test_people_are_told_with_what_comes_next(acme, welcome):
    with tenant_transaction(acme.pk):
        active = list(runs(tenant=acme, sop_id=welcome.pk, state="active").order_by("pk"))
        coming = next_touchpoints(tenant=acme, run_ids=[run.pk for run in active])
        left = runs(tenant=acme, sop_id=welcome.pk, state="exited")
        hers = runs_of(tenant=acme, contact_id=welcome.everyone[3])

        assert [run.contact_id for run in active] == welcome.everyone[3:]
        assert [coming[run.pk].step.position for run in active] == [2, 2, 2, 1, 1, 1]
        assert {run.exit_reason for run in left} == {"left", "ordered"}
        assert next_touchpoints(tenant=acme, run_ids=[run.pk for run in left]) == {}
    assert [(row.run.sop.name, row.next and row.next.step.position) for row in hers] == [("Welcome", 2)]


def test_touchpoints_are_listed_and_narrowed(acme, welcome):
    def listed(**wanted):
        with tenant_transaction(acme.pk):
            return list(touchpoints(tenant=acme, wanted=TouchpointFilter(**wanted)).order_by("-due_at", "-pk"))

    everything = listed()

    assert len(everything) == 15
    assert [
        len(listed(**one))
        for one in (
            {"state": "planned"},
            {"reason": "left"},
            {"contact_id": welcome.everyone[0]},
            {"sop_id": welcome.pk, "due_before": AT + 11 * MINUTE},
            {"due_from": AT + DAY - 3 * 60 * MINUTE},
            {"step_id": everything[0].step_id},
        )
    ] == [6, 2, 2, 6, 6, 6]


def test_touchpoints_around_an_instant_are_counted(acme, welcome):
    def counts(at):
        with tenant_transaction(acme.pk):
            return touchpoint_counts(tenant=acme, at=at)

    assert counts(AT + 11 * MINUTE) == [
        StateCount("failed", is_ahead=False, count=2),
        StateCount("sent", is_ahead=False, count=2),
        StateCount("skipped", is_ahead=False, count=2),
        StateCount("cancelled", is_ahead=True, count=3),
        StateCount("planned", is_ahead=True, count=6),
    ]
    assert {one.is_ahead for one in counts(AT + 10 * MINUTE)} == {True}
    assert counts(AT + 3 * DAY) == []


def test_outlook_of_publishing_counts_who_would_start(acme, welcome):
    found = []
    with tenant_transaction(acme.pk):
        nothing = publish_outlook(tenant=acme, sop_id=welcome.pk, at=AT)
        for may_reenter in (False, True):
            said = draft(welcome.segment, SOON, NEXT_DAY, may_reenter=may_reenter)
            save_draft(tenant=acme, sop_id=welcome.pk, draft=said, actor="tests", at=AT)
            outlook = publish_outlook(tenant=acme, sop_id=welcome.pk, at=AT)
            assert outlook is not None
            found.append((outlook.steps, outlook.members, outlook.inside, outlook.starting, outlook.touchpoints))

    assert nothing is None
    # two left the segment; the one who ordered is still in it, and may start again
    assert found == [(2, 7, 6, 0, 0), (2, 7, 6, 1, 2)]


def test_outlook_of_an_act_counts_what_it_meets(acme, welcome):
    settle(acme, welcome.sop, at=AT + 23 * MINUTE, states=["claimed", "sent", "unknown"])

    with tenant_transaction(acme.pk):
        now = act_outlook(tenant=acme, sop_id=welcome.pk, at=AT + 13 * MINUTE)
        later = act_outlook(tenant=acme, sop_id=welcome.pk, at=AT + 2 * DAY)

    assert (now.inside, now.planned, now.due_next_day, now.due_now, now.too_late, now.in_flight) == (6, 3, 3, 0, 0, 2)
    assert (later.due_now, later.too_late) == (3, 3)
