"""How SOPs, runs and touchpoints are shown to REST clients. Times in UTC."""

from datetime import datetime

import msgspec

from sop.models import Enrollment, Sop, SopVersion, Step, Touchpoint
from sop.selectors.previews import DraftPreview
from sop.selectors.reports import RunCounts, SopReport, StepCounts, VersionReport
from sop.services.publishing import Published
from tenants.results import FieldError


class SopApiRow(msgspec.Struct, frozen=True):
    """One SOP. `live_version` is the number that entries get now; null before it is published."""

    id: int
    name: str
    description: str
    state: str
    live_version: int | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class StepRow(msgspec.Struct, frozen=True):
    """One message of a version: due on `day` `at` a time (day 1: entry), or `after_minutes` of entry."""

    id: int
    position: int
    day: int | None
    at: str | None
    after_minutes: int | None
    late_after_minutes: int
    touch_kind: str
    content: str


class SopVersionRow(msgspec.Struct, frozen=True):
    """What an SOP says: a draft until it is published, never changed from then on."""

    id: int
    number: int
    segment: int
    exits_on_leaving: bool
    exits_on_order: bool
    may_reenter: bool
    created_by: str
    created_at: datetime
    published_at: datetime | None
    steps: list[StepRow]


class PublishAnswer(msgspec.Struct, frozen=True):
    """What went out; `members` in the segment are taken along, and `warnings` are worth a look."""

    sop: SopApiRow
    version: int
    members: int
    warnings: list[FieldError]


class MessagePreviewRow(msgspec.Struct, frozen=True):
    """What one step would send; `step` is its place in the draft, from 0, `due_at` for who enters now, who misses it
    where it is too late by then.
    """

    step: int
    due_at: datetime
    is_missed: bool
    text: str


class DraftPreviewAnswer(msgspec.Struct, frozen=True):
    """What a draft would send to `contact`, in order of time; `errors` and `warnings` point into the draft."""

    contact: int | None
    contact_name: str | None
    members: int | None
    messages: list[MessagePreviewRow]
    errors: list[FieldError]
    warnings: list[FieldError]


class ExitCounts(msgspec.Struct, frozen=True):
    """People who left early, by reason."""

    left: int
    ordered: int
    stopped: int


class RunCountsRow(msgspec.Struct, frozen=True):
    """`entered` = `waiting` + `completed` + all of `exited`."""

    entered: int
    waiting: int
    completed: int
    exited: ExitCounts


class StepReportRow(msgspec.Struct, frozen=True):
    """One step's messages by state, adding up to the people who entered; `reasons` of what was not sent, by state."""

    step: int
    position: int
    total: int
    states: dict[str, int]
    reasons: dict[str, dict[str, int]]


class VersionReportRow(msgspec.Struct, frozen=True):
    """What became of one version's people."""

    number: int
    people: RunCountsRow
    steps: list[StepReportRow]


class SopReportAnswer(msgspec.Struct, frozen=True):
    """What became of an SOP's people, in all and by version, newest first."""

    sop: int
    people: RunCountsRow
    versions: list[VersionReportRow]


class EnrollmentRow(msgspec.Struct, frozen=True):
    """One contact's run through one version."""

    id: int
    sop: int
    version: int
    contact_id: int
    state: str
    exit_reason: str | None
    entered_at: datetime
    ended_at: datetime | None
    last_due_at: datetime


class TouchpointRow(msgspec.Struct, frozen=True):
    """One planned message. `due_at` is what was promised, `run_at` when it is tried next; `text` what was sent."""

    id: int
    sop: int
    version: int
    step: int
    position: int
    enrollment: int
    contact_id: int
    touch_kind: str
    state: str
    reason: str | None
    due_at: datetime
    run_at: datetime
    late_at: datetime
    tries: int
    settled_at: datetime | None
    provider_id: str | None
    text: str | None


def sop_row(sop: Sop) -> SopApiRow:
    """Show an SOP."""
    return SopApiRow(
        id=sop.pk,
        name=sop.name,
        description=sop.description,
        state=sop.state,
        live_version=sop.live_number,
        created_by=sop.created_by,
        created_at=sop.created_at,
        updated_at=sop.updated_at,
    )


def version_row(version: SopVersion) -> SopVersionRow:
    """Show a version with its steps."""
    return SopVersionRow(
        id=version.pk,
        number=version.number,
        segment=version.segment_id,
        exits_on_leaving=version.exits_on_leaving,
        exits_on_order=version.exits_on_order,
        may_reenter=version.may_reenter,
        created_by=version.created_by,
        created_at=version.created_at,
        published_at=version.published_at,
        steps=[_step_row(step) for step in version.steps.all()],
    )


def publish_answer(sop: Sop, published: Published) -> PublishAnswer:
    """Show what went out."""
    return PublishAnswer(sop_row(sop), published.version.number, published.members, published.warnings)


def preview_answer(preview: DraftPreview) -> DraftPreviewAnswer:
    """Show what a draft would send."""
    contact = preview.contact
    return DraftPreviewAnswer(
        contact=None if contact is None else contact.pk,
        contact_name=None if contact is None else contact.name,
        members=preview.members,
        messages=[MessagePreviewRow(one.index, one.due_at, one.is_missed, one.text) for one in preview.messages],
        errors=preview.errors,
        warnings=preview.warnings,
    )


def report_answer(sop: Sop, report: SopReport) -> SopReportAnswer:
    """Show a report."""
    return SopReportAnswer(sop.pk, _people(report.runs), [_version_report(one) for one in report.versions])


def enrollment_row(run: Enrollment) -> EnrollmentRow:
    """Show a run."""
    return EnrollmentRow(
        id=run.pk,
        sop=run.sop_id,
        version=run.version.number,
        contact_id=run.contact_id,
        state=run.state,
        exit_reason=run.exit_reason or None,
        entered_at=run.entered_at,
        ended_at=run.ended_at,
        last_due_at=run.last_due_at,
    )


def touchpoint_row(touchpoint: Touchpoint) -> TouchpointRow:
    """Show a touchpoint."""
    return TouchpointRow(
        id=touchpoint.pk,
        sop=touchpoint.sop_id,
        version=touchpoint.step.version.number,
        step=touchpoint.step_id,
        position=touchpoint.step.position,
        enrollment=touchpoint.enrollment_id,
        contact_id=touchpoint.contact_id,
        touch_kind=touchpoint.step.touch_kind,
        state=touchpoint.state,
        reason=touchpoint.reason or None,
        due_at=touchpoint.due_at,
        run_at=touchpoint.run_at,
        late_at=touchpoint.late_at,
        tries=touchpoint.tries,
        settled_at=touchpoint.settled_at,
        provider_id=touchpoint.provider_id or None,
        text=touchpoint.text or None,
    )


def _step_row(step: Step) -> StepRow:
    return StepRow(
        id=step.pk,
        position=step.position,
        day=step.day,
        at=None if step.at_time is None else step.at_time.strftime("%H:%M"),
        after_minutes=step.after_minutes,
        late_after_minutes=step.late_after_minutes,
        touch_kind=step.touch_kind,
        content=step.content,
    )


def _people(counts: RunCounts) -> RunCountsRow:
    return RunCountsRow(counts.entered, counts.waiting, counts.completed, ExitCounts(**counts.exited))


def _version_report(report: VersionReport) -> VersionReportRow:
    return VersionReportRow(report.version.number, _people(report.runs), [_step_report(step) for step in report.steps])


def _step_report(counts: StepCounts) -> StepReportRow:
    return StepReportRow(counts.step.pk, counts.step.position, counts.total, counts.states, counts.reasons)
