"""The ledger read: which touchpoints there are, in what state and why."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from sop.models import Touchpoint
from tenants.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchpointFilter:
    """Which touchpoints a list shows; `due_from` is inclusive, `due_before` is not."""

    sop_id: int | None = None
    step_id: int | None = None
    contact_id: int | None = None
    state: str | None = None
    reason: str | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class TouchpointPlace:
    """A touchpoint's place in a list: what comes after it is the next page."""

    due_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class TouchpointRows:
    """One page of touchpoints, and where the next one begins (None at the end)."""

    touchpoints: list[Touchpoint]
    next: TouchpointPlace | None


def touchpoints(*, tenant: Tenant, wanted: TouchpointFilter) -> QuerySet[Touchpoint]:
    """The touchpoints that a filter wants, with step and version, unordered."""
    conditions = {
        "sop_id": wanted.sop_id,
        "step_id": wanted.step_id,
        "contact_id": wanted.contact_id,
        "state": wanted.state,
        "reason": wanted.reason,
        "due_at__gte": wanted.due_from,
        "due_at__lt": wanted.due_before,
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    rows: QuerySet[Touchpoint] = Touchpoint.objects.for_tenant(tenant).filter(**given)
    return rows.select_related("step__version")


def touchpoint_rows(
    *, tenant: Tenant, wanted: TouchpointFilter, cursor: TouchpointPlace | None = None, limit: int = 50
) -> TouchpointRows:
    """One page with SOP, step and contact, what is due last first."""
    rows = touchpoints(tenant=tenant, wanted=wanted).select_related("sop", "contact", "step__version")
    if cursor is not None:
        earlier = Q(due_at__lt=cursor.due_at) | Q(pk__lt=cursor.id)
        rows = rows.filter(Q(due_at__lte=cursor.due_at) & earlier)
    found = list(rows.order_by("-due_at", "-id")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return TouchpointRows(found[:limit], TouchpointPlace(last.due_at, last.pk) if last else None)
