"""`/enrollments` and `/touchpoints`: who runs through what, and what became of each message."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet

from sop.api import rows
from sop.selectors.runs import runs
from sop.selectors.touchpoints import TouchpointFilter, touchpoints
from tenants.api.queries import PageQuery
from tenants.api.views import ListView
from tenants.incoming import Id, Instant
from tenants.models import Tenant

State = Literal["planned", "claimed", "sent", "unknown", "failed", "skipped", "cancelled"]
Reason = Literal["late", "cap", "no_consent", "left", "ordered", "stopped", "refused", "provider"]


class EnrollmentsQuery(PageQuery, kw_only=True, frozen=True):
    """Filters of the list of runs."""

    sop: Id | None = None
    contact: Annotated[Id, msgspec.Meta(description="Our id of a contact.")] | None = None
    state: Literal["active", "completed", "exited"] | None = None


class TouchpointsQuery(PageQuery, kw_only=True, frozen=True):
    """Filters of the list of touchpoints."""

    sop: Id | None = None
    step: Id | None = None
    contact: Annotated[Id, msgspec.Meta(description="Our id of a contact.")] | None = None
    state: State | None = None
    reason: Reason | None = None
    due_from: Annotated[Instant, msgspec.Meta(description="Due at or after this time.")] | None = None
    due_before: Annotated[Instant, msgspec.Meta(description="Due before this time.")] | None = None


class EnrollmentListView(ListView):
    """Contacts' runs through SOPs, newest first."""

    scopes = {"GET": "sops:read"}
    row = rows.EnrollmentRow
    query = EnrollmentsQuery

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return runs(tenant=tenant, sop_id=query.sop, contact_id=query.contact, state=query.state)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.enrollment_row(run) for run in found]


class TouchpointListView(ListView):
    """The ledger: every message that was planned, with its state and why it was not sent, the last due first."""

    scopes = {"GET": "sops:read"}
    row = rows.TouchpointRow
    query = TouchpointsQuery
    ordering = ("-due_at", "-id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        wanted = TouchpointFilter(
            sop_id=query.sop,
            step_id=query.step,
            contact_id=query.contact,
            state=query.state,
            reason=query.reason,
            due_from=query.due_from,
            due_before=query.due_before,
        )
        return touchpoints(tenant=tenant, wanted=wanted)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.touchpoint_row(touchpoint) for touchpoint in found]
