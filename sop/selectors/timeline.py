"""What SOPs did to a contact: runs that began and ended, messages sent and not sent, with the reason."""

from datetime import datetime
from typing import Any

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from contacts.selectors import whole_instants
from contacts.timeline import TimelineItem, newest_items
from sop.models import Enrollment, Touchpoint
from tenants.models import Tenant


def timeline_items(
    *, tenant: Tenant, contact_id: int, before: datetime | None = None, limit: int = 50
) -> list[TimelineItem]:
    """A contact's runs and touchpoints, newest first; the shape and its paging: `contacts.timeline`.

    Kinds `sop` and `touchpoint`; the subject of both is the SOP. A touchpoint stands where it was settled, before that
    where it is due: what is planned lies ahead, and is left out by a `before` of now.
    """
    runs = Enrollment.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("sop")
    ended = runs.filter(ended_at__isnull=False)
    touchpoints = Touchpoint.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("sop", "step")
    settled = touchpoints.annotate(stands_at=Coalesce("settled_at", "due_at"))
    items = [
        *map(_entry, whole_instants(runs, "entered_at", before=before, limit=limit)),
        *map(_end, whole_instants(ended, "ended_at", before=before, limit=limit)),
        *map(_message, whole_instants(settled, "stands_at", before=before, limit=limit)),
    ]
    return newest_items(items, limit=limit)


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
