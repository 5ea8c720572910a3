"""People start to run through an SOP: with an entry into its segment, or taken along when it is published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from segments.models import SegmentMember
from sop.models import SopVersion, Step
from sop.services.enrolling_sql import ENROLL
from sop.timing import Timing, due_on, entry_date
from tenants.models import Tenant
from tenants.timezones import zone

BATCH_MEMBERS = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who may start a run of a version; `transition_id` is None where she is taken along."""

    version: SopVersion
    contact_id: int
    transition_id: int | None
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was started."""

    sop_id: int
    version_id: int
    contact_id: int


# one step of a version for those who entered at one instant
_Planned = tuple[int, datetime, int, datetime, datetime]


def enroll(*, tenant: Tenant, entries: Sequence[Entry]) -> list[Run]:
    """Start a run for each entry, all its touchpoints planned at once. In the tenant's SOP turn.

    Who is inside stays as she is; who has been through starts again only where the version lets her. A version
    without steps starts nothing.
    """
    moments = {(entry.version.pk, entry.entered_at) for entry in entries}
    schedule = list(_schedule(tenant, moments))
    last_dues: dict[tuple[int, datetime], datetime] = {}
    for version_id, entered_at, _step_id, due, _late in schedule:
        last_dues[version_id, entered_at] = max(due, last_dues.get((version_id, entered_at), due))
    able = [entry for entry in entries if (entry.version.pk, entry.entered_at) in last_dues]
    if not able:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ENROLL, {"tenant": tenant.pk, **_columns(able, last_dues), **_schedule_columns(schedule)})
        return [Run(*row) for row in cursor.fetchall()]


def take_members(*, tenant: Tenant, version: SopVersion) -> list[Run]:
    """Take along the next people who are in a version's segment, by contact id. In the tenant's SOP turn.

    They count as entered when the version was published, or when they came, if that was later.
    """
    assert version.published_at is not None and version.members_taken_to is not None
    members = SegmentMember.objects.for_tenant(tenant).filter(
        segment_id=version.segment_id, contact_id__gt=version.members_taken_to
    )
    found = list(members.order_by("contact_id").values_list("contact_id", "entered_at")[:BATCH_MEMBERS])
    since = version.published_at
    entries = [Entry(version, contact_id, None, max(since, entered_at)) for contact_id, entered_at in found]
    version.members_taken_to = found[-1][0] if len(found) == BATCH_MEMBERS else None
    versions = SopVersion.objects.for_tenant(tenant).filter(pk=version.pk)
    versions.update(members_taken_to=version.members_taken_to)
    return enroll(tenant=tenant, entries=entries)


def _schedule(tenant: Tenant, moments: Iterable[tuple[int, datetime]]) -> Iterable[_Planned]:
    """Each step of each version for each instant of entry; days are worked out once per date."""
    moments = sorted(moments)
    steps = _steps(tenant, {version_id for version_id, _ in moments})
    where = zone(tenant.timezone)
    known: dict[tuple[int, date], datetime] = {}
    for version_id, entered_at in moments:
        entered_on = entry_date(entered_at, zone=where)
        for step in steps.get(version_id, ()):
            if step.after_minutes is not None:
                due = entered_at + timedelta(minutes=step.after_minutes)
            elif (step.pk, entered_on) in known:
                due = known[step.pk, entered_on]
            else:
                timing = Timing(day=step.day, at_time=step.at_time)
                due = known[step.pk, entered_on] = due_on(timing, entered_on=entered_on, zone=where)
            yield version_id, entered_at, step.pk, due, due + timedelta(minutes=step.late_after_minutes)


def _steps(tenant: Tenant, version_ids: Iterable[int]) -> Mapping[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    rows = Step.objects.for_tenant(tenant).filter(version_id__in=version_ids).order_by("version_id", "position")
    for step in rows.defer("content", "compiled"):
        found.setdefault(step.version_id, []).append(step)
    return found


def _columns(entries: Sequence[Entry], last_dues: Mapping[tuple[int, datetime], datetime]) -> dict[str, list[object]]:
    return {
        "sops": [entry.version.sop_id for entry in entries],
        "versions": [entry.version.pk for entry in entries],
        "contacts": [entry.contact_id for entry in entries],
        "transitions": [entry.transition_id for entry in entries],
        "entered": [entry.entered_at for entry in entries],
        "last_dues": [last_dues[entry.version.pk, entry.entered_at] for entry in entries],
        "reenters": [entry.version.may_reenter for entry in entries],
    }


def _schedule_columns(schedule: Sequence[_Planned]) -> dict[str, list[object]]:
    names = ("of_versions", "of_entries", "steps", "dues", "lates")
    return {name: [row[place] for row in schedule] for place, name in enumerate(names)}
