"""The list of SOPs, one SOP, its versions and their steps."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Prefetch, QuerySet

from sop.incoming import StepBody, VersionBody
from sop.models import Enrollment, Sop, SopVersion, Step, Touchpoint
from tenants.models import Tenant

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SopRow:
    """One SOP of the list. `version`: the live one, else the draft. People inside now; touchpoints due within a day;
    those due in the last seven days by state.
    """

    sop: Sop
    version: SopVersion | None
    inside: int
    due_next_day: int
    last_week: dict[str, int]


def sops(*, tenant: Tenant, state: str | None = None) -> QuerySet[Sop]:
    """The tenant's SOPs, unordered."""
    rows: QuerySet[Sop] = Sop.objects.for_tenant(tenant)
    return rows.filter(state=state) if state else rows


def sop(*, tenant: Tenant, sop_id: int) -> Sop | None:
    """One SOP."""
    return sops(tenant=tenant).filter(pk=sop_id).first()


def sop_rows(*, tenant: Tenant, at: datetime) -> list[SopRow]:
    """The list with what goes on in each; those that run first, archived ones last, then by name."""
    found = list(sops(tenant=tenant))
    order = (Sop.State.PUBLISHED, Sop.State.PAUSED, Sop.State.DRAFT, Sop.State.ARCHIVED)
    found.sort(key=lambda row: (order.index(Sop.State(row.state)), row.name))
    shown = shown_versions(tenant=tenant, sops=found)
    active = Enrollment.objects.for_tenant(tenant).filter(state=Enrollment.State.ACTIVE)
    inside = dict(active.values_list("sop_id").annotate(Count("pk")))
    planned = Touchpoint.objects.for_tenant(tenant).filter(state=Touchpoint.State.PLANNED, run_at__lte=at + DAY)
    due = dict(planned.values_list("sop_id").annotate(Count("pk")))
    week = _last_week(tenant, at)
    return [
        SopRow(row, shown.get(row.pk), inside.get(row.pk, 0), due.get(row.pk, 0), dict(week.get(row.pk, {})))
        for row in found
    ]


def shown_versions(*, tenant: Tenant, sops: Collection[Sop]) -> dict[int, SopVersion]:
    """Of each SOP the live version, else the draft, with its segment, by SOP."""
    live = {row.pk: row.live_number for row in sops}
    rows = versions_of(tenant=tenant).filter(sop_id__in=live).order_by("sop_id", "number")
    return {row.sop_id: row for row in rows if live[row.sop_id] in (None, row.number)}


def versions_of(*, tenant: Tenant, sop_id: int | None = None) -> QuerySet[SopVersion]:
    """Versions with their segments and, by position, their steps; unordered."""
    rows: QuerySet[SopVersion] = SopVersion.objects.for_tenant(tenant)
    rows = rows if sop_id is None else rows.filter(sop_id=sop_id)
    steps = Step.objects.for_tenant(tenant).order_by("position")
    return rows.select_related("segment").prefetch_related(Prefetch("steps", steps))


def version_body(version: SopVersion) -> VersionBody:
    """A version as the draft that says the same; `version` with its steps."""
    return VersionBody(
        segment=version.segment_id,
        steps=[_step_body(step) for step in version.steps.all()],
        exits_on_leaving=version.exits_on_leaving,
        exits_on_order=version.exits_on_order,
        may_reenter=version.may_reenter,
    )


def _step_body(step: Step) -> StepBody:
    return StepBody(
        content=step.content,
        day=step.day,
        at=None if step.at_time is None else f"{step.at_time:%H:%M}",
        after_minutes=step.after_minutes,
        late_after_minutes=step.late_after_minutes,
        touch_kind=step.touch_kind,  # type: ignore[arg-type]  # one of its choices
    )


def _last_week(tenant: Tenant, at: datetime) -> dict[int, Counter[str]]:
    rows = Touchpoint.objects.for_tenant(tenant).filter(due_at__gt=at - WEEK, due_at__lte=at)
    found: dict[int, Counter[str]] = {}
    for sop_id, state, count in rows.values_list("sop_id", "state").annotate(Count("pk")):
        found.setdefault(sop_id, Counter())[state] = count
    return found
