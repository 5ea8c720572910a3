"""Who is where: people's runs, and what comes next for each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from sop.models import Enrollment, Touchpoint
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class RunPlace:
    """A run's place in a list: what comes after it is the next page."""

    entered_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """One contact's run, and what is planned next for her; None where nothing is."""

    run: Enrollment
    next: Touchpoint | None


@dataclass(frozen=True, slots=True)
class RunRows:
    """One page of runs, and where the next one begins (None at the end)."""

    rows: list[RunRow]
    next: RunPlace | None


def runs(
    *, tenant: Tenant, sop_id: int | None = None, contact_id: int | None = None, state: str | None = None
) -> QuerySet[Enrollment]:
    """Runs with their version, unordered."""
    conditions = {"sop_id": sop_id, "contact_id": contact_id, "state": state}
    given = {name: value for name, value in conditions.items() if value is not None}
    rows: QuerySet[Enrollment] = Enrollment.objects.for_tenant(tenant).filter(**given)
    return rows.select_related("version")


def run_rows(*, tenant: Tenant, sop_id: int, state: str, cursor: RunPlace | None = None, limit: int = 50) -> RunRows:
    """One page of an SOP's runs in one state with their contacts, who entered last first."""
    rows = runs(tenant=tenant, sop_id=sop_id, state=state).select_related("contact", "version")
    if cursor is not None:
        earlier = Q(entered_at__lt=cursor.entered_at) | Q(pk__lt=cursor.id)
        rows = rows.filter(Q(entered_at__lte=cursor.entered_at) & earlier)
    found = list(rows.order_by("-entered_at", "-id")[: limit + 1])
    shown = found[:limit]
    coming = _next_of(tenant, [run.pk for run in shown])
    last = shown[-1] if len(found) > limit else None
    return RunRows(
        [RunRow(run, coming.get(run.pk)) for run in shown], RunPlace(last.entered_at, last.pk) if last else None
    )


def runs_of(*, tenant: Tenant, contact_id: int) -> list[RunRow]:
    """The SOPs that a contact is in now, with what comes next, who entered last first."""
    rows = runs(tenant=tenant, contact_id=contact_id, state=Enrollment.State.ACTIVE).select_related("sop", "version")
    found = list(rows.order_by("-entered_at", "-id"))
    coming = _next_of(tenant, [run.pk for run in found])
    return [RunRow(run, coming.get(run.pk)) for run in found]


def _next_of(tenant: Tenant, run_ids: Collection[int]) -> dict[int, Touchpoint]:
    planned = Touchpoint.objects.for_tenant(tenant).filter(enrollment_id__in=run_ids, state=Touchpoint.State.PLANNED)
    rows = planned.select_related("step").order_by("enrollment_id", "run_at", "pk").distinct("enrollment_id")
    return {row.enrollment_id: row for row in rows}
