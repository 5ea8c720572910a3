"""A contact's entries into segments and exits, for its timeline."""

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from contacts.selectors import whole_instants
from contacts.timeline import TimelineItem
from segments.models import SegmentTransition
from segments.selectors.members import moves_of
from tenants.models import Tenant

KIND = "segment"
KINDS = (KIND,)


def timeline_items(
    *,
    tenant: Tenant,
    contact_id: int,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] = KINDS,
) -> list[TimelineItem]:
    """A contact's moves and their causes, newest first; the shape and its paging: `contacts.timeline`."""
    if KIND not in kinds:
        return []
    moves = moves_of(tenant=tenant, contact_id=contact_id)
    return [_item(move) for move in whole_instants(moves, "at", before=before, limit=limit)]


def _item(move: SegmentTransition) -> TimelineItem:
    said = _("Entered the segment %(name)s") if move.is_entry else _("Left the segment %(name)s")
    return TimelineItem(
        at=move.at,
        kind=KIND,
        title=said % {"name": move.segment.name},
        detail=str(move.get_cause_display()),
        subject_id=move.segment_id,
    )
