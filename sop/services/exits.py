"""Runs end: the segment is left, an order comes, the SOP is stopped, or nothing of them is open any more.

All in the tenant's SOP turn: nobody else changes runs meanwhile. Touchpoints may be claimed meanwhile; those go their
way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sop.models import Enrollment, Sop, Touchpoint
from sop.services.exits_sql import FIND_COMPLETE, FIND_LEFT, FIND_ORDERED
from tenants.models import Tenant

BATCH_STOPPED = 5_000
BATCH_ENDING = 5_000


@dataclass(frozen=True, slots=True)
class Exit:
    """Somebody left a segment."""

    contact_id: int
    segment_id: int
    transition_id: int
    at: datetime


def exit_left(*, tenant: Tenant, exits: Sequence[Exit], at: datetime) -> None:
    """End the runs of those who left, where their version ends on leaving."""
    if exits:
        left = _find(
            FIND_LEFT,
            tenant,
            contacts=[one.contact_id for one in exits],
            segments=[one.segment_id for one in exits],
            transitions=[one.transition_id for one in exits],
            instants=[one.at for one in exits],
        )
        _end(tenant, left, Enrollment.ExitReason.LEFT, at)


def exit_ordered(*, tenant: Tenant, contact_ids: Collection[int], at: datetime) -> None:
    """End the runs of those who have paid an order since they entered, where their version ends with one."""
    if contact_ids:
        ordered = _find(FIND_ORDERED, tenant, contacts=sorted(set(contact_ids)))
        _end(tenant, ordered, Enrollment.ExitReason.ORDERED, at)


def exit_stopped(*, tenant: Tenant, sop: Sop, at: datetime) -> bool:
    """End the next runs of an archived SOP; whether there may be more."""
    inside = Enrollment.objects.for_tenant(tenant).filter(sop=sop, state=Enrollment.State.ACTIVE)
    stopped = list(inside.values_list("pk", flat=True)[:BATCH_STOPPED])
    _end(tenant, stopped, Enrollment.ExitReason.STOPPED, at)
    return len(stopped) == BATCH_STOPPED


def complete(*, tenant: Tenant, sop_ids: Collection[int], at: datetime) -> None:
    """Complete the runs of these SOPs of which nothing is open any more."""
    if sop_ids:
        done = _find(FIND_COMPLETE, tenant, sops=sorted(sop_ids), at=at, at_most=BATCH_ENDING)
        runs = Enrollment.objects.for_tenant(tenant).filter(pk__in=done)
        runs.update(state=Enrollment.State.COMPLETED, ended_at=at)


def _find(statement: str, tenant: Tenant, **parameters: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": tenant.pk, **parameters})
        return [run_id for (run_id,) in cursor.fetchall()]


def _end(tenant: Tenant, run_ids: Sequence[int], reason: Enrollment.ExitReason, at: datetime) -> None:
    """End runs, and cancel what is planned of them. By lists of ids: at worst the tenant's rows are read once.

    A planned row that holds a day may have gone out already: the next claim makes it `unknown`.
    """
    runs = Enrollment.objects.for_tenant(tenant).filter(pk__in=run_ids)
    runs.update(state=Enrollment.State.EXITED, exit_reason=reason, ended_at=at)
    rows = Touchpoint.objects.for_tenant(tenant).filter(enrollment_id__in=run_ids, cap_date__isnull=True)
    planned = rows.filter(state=Touchpoint.State.PLANNED)
    planned.update(state=Touchpoint.State.CANCELLED, reason=reason.value, settled_at=at)
