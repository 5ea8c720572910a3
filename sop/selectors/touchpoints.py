"""The ledger read: which touchpoints there are, in what state and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from sop.models import Touchpoint
from tenants.models import Tenant

AROUND = timedelta(days=1)


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
class StateCount:
    """How many touchpoints of one state were due in the day before an instant, or are due in the day after it."""

    state: str
    is_ahead: bool
    count: int


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


def touchpoint_counts(*, tenant: Tenant, at: datetime) -> list[StateCount]:
    """How many are due around an instant. Shape: one row per side and state that occurs, the past first."""
    around = TouchpointFilter(due_from=at - AROUND, due_before=at + AROUND)
    counted = (
        touchpoints(tenant=tenant, wanted=around)
        .values("state", is_ahead=ExpressionWrapper(Q(due_at__gte=at), output_field=BooleanField()))
        .annotate(count=Count("pk"))
        .order_by("is_ahead", "state")
    )
    return [StateCount(row["state"], row["is_ahead"], row["count"]) for row in counted]
