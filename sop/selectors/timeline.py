"""What SOPs did to a contact, and will: runs that began and ended, messages with the reason why one was not sent."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from contacts.selectors import whole_instants
from contacts.timeline import TimelineItem, newest_items
from sop.models import Enrollment, Touchpoint
from tenants.models import Tenant

KINDS = ("sop", "touchpoint")


def timeline_items(
    *,
    tenant: Tenant,
    contact_id: int,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] = KINDS,
) -> list[TimelineItem]:
    """A contact's runs and settled touchpoints, newest first; the shape and its paging: `contacts.timeline`.

    The subject of both kinds is the SOP. What is planned has not happened: `coming_items`.
    """
    items: list[TimelineItem] = []
    if "sop" in kinds:
        runs = Enrollment.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("sop")
        items += map(_entry, whole_instants(runs, "entered_at", before=before, limit=limit))
        ended = runs.filter(ended_at__isnull=False)
        items += map(_end, whole_instants(ended, "ended_at", before=before, limit=limit))
    if "touchpoint" in kinds:
        settled = _touchpoints(tenant, contact_id).filter(settled_at__isnull=False).annotate(stands_at=F("settled_at"))
        items += map(_message, whole_instants(settled, "stands_at", before=before, limit=limit))
    return newest_items(items, limit=limit)


def coming_items(*, tenant: Tenant, contact_id: int, limit: int) -> list[TimelineItem]:
    """A contact's touchpoints that are not settled, the next due first; what waits since it was due comes before all.

    Shape: `limit` at most, each at its due instant.
    """
    open_states = (Touchpoint.State.PLANNED, Touchpoint.State.CLAIMED)
    planned = _touchpoints(tenant, contact_id).filter(state__in=open_states).annotate(stands_at=F("due_at"))
    return [_message(touchpoint) for touchpoint in planned.order_by("due_at", "pk")[:limit]]


def _touchpoints(tenant: Tenant, contact_id: int) -> QuerySet[Any]:
    rows: QuerySet[Any] = Touchpoint.objects.for_tenant(tenant).filter(contact_id=contact_id)
    return rows.select_related("sop", "step")


def _entry(run: Any) -> TimelineItem:
    title = _("Entered the SOP %(name)s") % {"name": run.sop.name}
    return TimelineItem(at=run.entered_at, kind="sop", title=title, subject_id=run.sop_id)


def _end(run: Any) -> TimelineItem:
    is_whole = run.state == Enrollment.State.COMPLETED
    said = _("Completed the SOP %(name)s") if is_whole else _("Left the SOP %(name)s early")
    return TimelineItem(
        at=run.ended_at,
        kind="sop",
        title=said % {"name": run.sop.name},
        detail=str(run.get_exit_reason_display()),
        subject_id=run.sop_id,
    )


def _message(touchpoint: Any) -> TimelineItem:
    told = {"name": touchpoint.sop.name, "number": touchpoint.step.position, "state": touchpoint.get_state_display()}
    reason = str(touchpoint.get_reason_display())
    return TimelineItem(
        at=touchpoint.stands_at,
        kind="touchpoint",
        title=_("Message %(number)d of %(name)s: %(state)s") % told,
        detail=" · ".join(part for part in (reason, touchpoint.text) if part),
        subject_id=touchpoint.sop_id,
    )
