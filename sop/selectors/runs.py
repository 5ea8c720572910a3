"""Who is where: people's runs, and what comes next for each."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from sop.models import Enrollment, Touchpoint
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class RunRow:
    """One contact's run, and what is planned next for her; None where nothing is."""

    run: Enrollment
    next: Touchpoint | None


def runs(
    *, tenant: Tenant, sop_id: int | None = None, contact_id: int | None = None, state: str | None = None
) -> QuerySet[Enrollment]:
    """Runs with their version, unordered."""
    conditions = {"sop_id": sop_id, "contact_id": contact_id, "state": state}
    given = {name: value for name, value in conditions.items() if value is not None}
    rows: QuerySet[Enrollment] = Enrollment.objects.for_tenant(tenant).filter(**given)
    return rows.select_related("version")


def runs_of(*, tenant: Tenant, contact_id: int) -> list[RunRow]:
    """The SOPs that a contact is in now, with what comes next, who entered last first."""
    rows = runs(tenant=tenant, contact_id=contact_id, state=Enrollment.State.ACTIVE).select_related("sop", "version")
    found = list(rows.order_by("-entered_at", "-id"))
    coming = next_touchpoints(tenant=tenant, run_ids=[run.pk for run in found])
    return [RunRow(run, coming.get(run.pk)) for run in found]


def sops_now(*, tenant: Tenant, contact_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the SOPs that these contacts are in now, by contact; who is in none is left out."""
    rows = Enrollment.objects.for_tenant(tenant).filter(contact_id__in=contact_ids, state=Enrollment.State.ACTIVE)
    found: dict[int, list[str]] = {}
    for contact_id, name in rows.order_by("contact_id", "entered_at", "id").values_list("contact_id", "sop__name"):
        found.setdefault(contact_id, []).append(name)
    return found


def next_touchpoints(*, tenant: Tenant, run_ids: Collection[int]) -> dict[int, Touchpoint]:
    """What is planned next in each of these runs, by run; with its step."""
    planned = Touchpoint.objects.for_tenant(tenant).filter(enrollment_id__in=run_ids, state=Touchpoint.State.PLANNED)
    rows = planned.select_related("step").order_by("enrollment_id", "run_at", "pk").distinct("enrollment_id")
    return {row.enrollment_id: row for row in rows}
