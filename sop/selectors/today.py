"""One day of the ledger: what is due at which hour, what became of it, and what waits though it is due."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.db.models.functions import ExtractHour

from sop.models import Sop, Touchpoint
from sop.selectors.touchpoints import TouchpointFilter, touchpoints
from tenants.models import Tenant
from tenants.timezones import zone


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many touchpoints that are due in one hour of the tenant's day are in a state, and why (empty: no reason)."""

    hour: int
    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """An SOP whose touchpoints wait although their instant has passed: how many, and since when."""

    sop_id: int
    name: str
    state: str
    count: int
    since: datetime


def touchpoints_by_hour(*, tenant: Tenant, due_from: datetime, due_before: datetime) -> list[HourCount]:
    """What is due within a day of the tenant's calendar. Shape: one row per hour, state and reason that occur."""
    rows = touchpoints(tenant=tenant, wanted=TouchpointFilter(due_from=due_from, due_before=due_before))
    counted = (
        rows.values("state", "reason", hour=ExtractHour("due_at", tzinfo=zone(tenant.timezone)))
        .annotate(count=Count("pk"))
        .order_by("hour", "state", "reason")
    )
    return [HourCount(row["hour"], row["state"], row["reason"], row["count"]) for row in counted]


def overdue_sops(*, tenant: Tenant, before: datetime) -> list[Overdue]:
    """SOPs with planned touchpoints whose next try was due before an instant, the longest wait first."""
    rows = Touchpoint.objects.for_tenant(tenant).filter(state=Touchpoint.State.PLANNED, run_at__lt=before)
    waiting = rows.values("sop_id").annotate(count=Count("pk"), since=Min("run_at")).order_by("since")
    found = {row["sop_id"]: row for row in waiting}
    sops = Sop.objects.for_tenant(tenant).in_bulk(found)
    return [
        Overdue(sop_id, sops[sop_id].name, sops[sop_id].state, row["count"], row["since"])
        for sop_id, row in found.items()
    ]
