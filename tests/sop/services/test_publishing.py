"""Drafts are saved and published; SOPs are paused, resumed and stopped."""

import pytest

from segments.models import Segment
from sop.drafts import DraftIsInvalid
from sop.incoming import StepBody, VersionBody
from sop.models import Due, Sop, SopVersion, Step, TouchBudget
from sop.services.editing import create_sop, edit_sop, save_draft
from sop.services.living import SopIsArchived
from sop.services.pausing import SopIsNotPaused, SopIsNotPublished, pause_sop, resume_sop, stop_sop
from sop.services.publishing import CannotPublish
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import AT
from tests.sop.stage import DAY, MINUTE, SOON, audience, draft, enter, make, people, planned, publish, runs, tick

pytestmark = pytest.mark.django_db(transaction=True)


def save(tenant, sop, said, *, at=AT):
    with tenant_transaction(tenant.pk):
        return save_draft(tenant=tenant, sop_id=sop.pk, draft=said, actor="tests", at=at)


def act(service, tenant, sop, *, at=AT):
    with tenant_transaction(tenant.pk):
        return service(tenant=tenant, sop_id=sop.pk, actor="tests", at=at).state


def refused(error, service, *args, **kwargs):
    with pytest.raises(error) as caught:
        service(*args, **kwargs)
    return [(one.pointer, one.code) for one in getattr(caught.value, "errors", ())]


def numbers(tenant, sop):
    with tenant_transaction(tenant.pk):
        rows = SopVersion.objects.for_tenant(tenant).filter(sop=sop).order_by("number")
        return [(row.number, row.published_at is not None, row.steps.count()) for row in rows]


def test_a_draft_takes_the_place_of_the_draft_before(acme):
    segment = audience(acme)
    sop = make(acme, segment)

    save(acme, sop, draft(segment, SOON))
    publish(acme, sop)
    save(acme, sop, draft(segment, SOON, SOON, SOON))
    save(acme, sop, draft(segment, SOON, SOON))

    assert numbers(acme, sop) == [(1, True, 1), (2, False, 2)]


def test_steps_are_kept_as_they_were_said(acme):
    segment = audience(acme)
    sop = make(acme, segment, StepBody(content="a\r\n{{ brand.name|us }}", day=3, at="07:05", late_after_minutes=30))

    with tenant_transaction(acme.pk):
        step = Step.objects.for_tenant(acme).get(version__sop=sop)
    assert (step.position, step.timing, step.day, step.at_time.isoformat(), step.after_minutes) == (
        1,
        "day_at",
        3,
        "07:05:00",
        None,
    )
    assert (step.late_after_minutes, step.content) == (30, "a\n{{ brand.name|us }}")
    assert step.compiled == ["a\n", ["brand.name", "us"]]


FAULTS = [
    ([StepBody(content="x")], [("/steps/0/day", "required")]),
    ([StepBody(content="x", day=1)], [("/steps/0/at", "required")]),
    ([StepBody(content="x", at="10:00")], [("/steps/0/day", "required")]),
    ([StepBody(content="x", day=1, at="10:00", after_minutes=3)], [("/steps/0/after_minutes", "two_timings")]),
    ([StepBody(content="x", day=0, at="10:00")], [("/steps/0/day", "out_of_range")]),
    ([StepBody(content="x", after_minutes=-1)], [("/steps/0/after_minutes", "out_of_range")]),
    ([StepBody(content="x", after_minutes=1, late_after_minutes=0)], [("/steps/0/late_after_minutes", "out_of_range")]),
    (
        [SOON, StepBody(content="{{ x }}", day=1)],
        [("/steps/1/at", "required"), ("/steps/1/content", "unknown_variable")],
    ),
    ([SOON] * 101, [("/steps", "too_many_steps")]),
]


@pytest.mark.parametrize(("steps", "errors"), FAULTS)
def test_a_draft_that_cannot_be_kept_says_where(acme, steps, errors):
    segment = audience(acme)
    sop = make(acme, segment, SOON)

    assert refused(DraftIsInvalid, save, acme, sop, draft(segment, *steps)) == errors
    assert numbers(acme, sop) == [(1, False, 1)]


def test_a_draft_for_a_segment_that_is_not_there_is_refused(acme, globex):
    segment, theirs = audience(acme), audience(globex)
    archived = audience(acme, "Old", state=Segment.State.ARCHIVED)
    sop = make(acme, segment)

    for pk in (theirs.pk + 10**6, archived.pk):
        assert refused(DraftIsInvalid, save, acme, sop, VersionBody(segment=pk)) == [("/segment", "unknown")]


def test_names_are_cleaned_and_taken_once(acme, globex):
    make(acme, audience(acme), name="  Welcome   home ")
    make(globex, audience(globex), name="Welcome home")

    def again(name):
        with tenant_transaction(acme.pk):
            return create_sop(tenant=acme, name=name, actor="tests", at=AT)

    assert refused(DraftIsInvalid, again, "Welcome home") == [("/name", "taken")]
    assert refused(DraftIsInvalid, again, " ") == [("/name", "invalid_name")]
    other = again("Other")
    with tenant_transaction(acme.pk), pytest.raises(DraftIsInvalid):
        edit_sop(tenant=acme, sop_id=other.pk, name="Welcome home", at=AT)
    with tenant_transaction(acme.pk):
        edited = edit_sop(tenant=acme, sop_id=other.pk, description="d", at=AT + DAY)
    assert (edited.name, edited.description, edited.updated_at) == ("Other", "d", AT + DAY)


def test_what_is_not_ready_is_not_published(acme):
    unready = audience(acme, state=Segment.State.DRAFT)
    sop = make(acme, unready)
    with tenant_transaction(acme.pk):
        empty = create_sop(tenant=acme, name="Empty", actor="tests", at=AT)
    stepless = make(acme, audience(acme, "Ready"), name="Stepless")
    save(acme, stepless, VersionBody(segment=unready.pk))

    assert refused(CannotPublish, publish, acme, sop) == [("/segment", "not_published")]
    assert refused(CannotPublish, publish, acme, empty) == [("", "no_draft")]
    assert refused(CannotPublish, publish, acme, stepless) == [("/steps", "no_steps"), ("/segment", "not_published")]


def test_publishing_without_a_new_draft_is_refused(acme):
    sop = make(acme, audience(acme))
    publish(acme, sop)

    assert refused(CannotPublish, publish, acme, sop) == [("", "no_draft")]


def test_publishing_warns_of_what_is_probably_not_meant(acme):
    segment = audience(acme)
    over = StepBody(content="{{ contact.name }} of {{ brand.name }}", day=1, at="09:00", late_after_minutes=60)
    sop = make(acme, segment, over, over, SOON)
    with tenant_transaction(acme.pk):
        TouchBudget.objects.create(tenant=acme, per_day=1)

    published = publish(acme, sop, include_members=True)

    assert [(one.pointer, one.code) for one in published.warnings] == [
        ("/segment", "empty"),
        ("/steps/1", "same_moment"),
        ("/steps/0/content", "no_fallback"),
        ("/steps/1/content", "no_fallback"),
        ("/steps/0", "over_cap"),
        ("/steps/0", "is_over"),
        ("/steps/1", "is_over"),
    ]


def test_who_is_inside_keeps_the_version(acme):
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    mei, bob = people(acme, 2)
    publish(acme, sop)
    enter(acme, segment, [mei])
    tick(acme)

    save(acme, sop, draft(segment, SOON, SOON))
    publish(acme, sop, include_members=True, at=AT + MINUTE)
    enter(acme, segment, [bob], at=AT + 2 * MINUTE)
    tick(acme, at=AT + 2 * MINUTE)

    assert runs(acme, sop) == [(mei, "active", ""), (bob, "active", "")]
    assert [pk for pk, *_ in planned(acme, sop)] == [mei, bob, bob]


def test_states_follow_each_other_and_no_other_way(acme):
    segment = audience(acme)
    sop = make(acme, segment)

    assert refused(SopIsNotPublished, act, pause_sop, acme, sop) == []
    assert refused(SopIsNotPaused, act, resume_sop, acme, sop) == []
    publish(acme, sop)
    assert act(pause_sop, acme, sop) == "paused"
    assert refused(SopIsNotPublished, act, pause_sop, acme, sop) == []
    save(acme, sop, draft(segment, SOON))
    assert publish(acme, sop).version.number == 2
    with tenant_transaction(acme.pk):
        held = Sop.objects.for_tenant(acme).get()
    assert (held.state, held.live_number) == ("paused", 2)
    assert act(resume_sop, acme, sop) == "published"
    assert act(stop_sop, acme, sop) == "archived"
    for service in (pause_sop, resume_sop, stop_sop):
        assert refused(SopIsArchived, act, service, acme, sop) == []
    assert refused(SopIsArchived, save, acme, sop, draft(segment)) == []
    assert refused(SopIsArchived, publish, acme, sop) == []


def test_acts_are_in_the_audit_log(acme):
    sop = make(acme, audience(acme))
    publish(acme, sop)
    for service in (pause_sop, resume_sop, stop_sop):
        act(service, acme, sop)

    with tenant_transaction(acme.pk):
        entries = AuditEntry.objects.for_tenant(acme).order_by("pk").values_list("act", "target", "actor")
        assert list(entries) == [
            (f"sop.{verb}", "Welcome", "tests") for verb in ("published", "paused", "resumed", "stopped")
        ]


def test_a_pause_puts_nothing_forward_and_a_resume_brings_it_back(acme):
    segment = audience(acme)
    sop = make(acme, segment, SOON)
    publish(acme, sop)
    enter(acme, segment, people(acme, 1))
    tick(acme)

    found = []
    for service in (pause_sop, resume_sop, stop_sop):
        act(service, acme, sop)
        found.append(Due.objects.filter(sop_id=sop.pk).values_list("due_at", flat=True).first())

    assert found == [None, AT + 10 * MINUTE, None]
