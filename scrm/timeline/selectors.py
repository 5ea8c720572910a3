"""Everything that happened to a contact, put together from what each app tells."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from acquisition import selectors as acquisition
from contacts import selectors as contacts
from contacts.selectors import story
from contacts.timeline import TimelineItem, newest_items
from orders import selectors as orders
from segments.selectors import timeline as segments
from sop.selectors import timeline as sop
from tenants.models import Tenant

KINDS = (*orders.KINDS, *acquisition.KINDS, *story.KINDS, *segments.KINDS, *sop.KINDS)
# of one instant, what followed from it stands above what caused it
_TELLERS = (
    sop.timeline_items,
    segments.timeline_items,
    contacts.timeline_items,
    orders.timeline_items,
    acquisition.timeline_items,
)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some items, newest first; the next ones are `before` an instant (None: these are the last)."""

    items: list[TimelineItem]
    before: datetime | None


def timeline_page(
    *, tenant: Tenant, contact_id: int, before: datetime | None, limit: int, kinds: Collection[str] = KINDS
) -> TimelinePage:
    """The newest items of these kinds before an instant: `limit` of them, and all others of the last one's instant."""
    found = _items(tenant, contact_id, before, limit + 1, kinds)
    shown = newest_items(found, limit=limit)
    if len(found) <= limit:
        return TimelinePage(shown, None)
    last_at = shown[-1].at
    has_more = len(found) > len(shown) or bool(_items(tenant, contact_id, last_at, 1, kinds))
    return TimelinePage(shown, last_at if has_more else None)


def _items(
    tenant: Tenant, contact_id: int, before: datetime | None, limit: int, kinds: Collection[str]
) -> list[TimelineItem]:
    told = [
        item
        for tell in _TELLERS
        for item in tell(tenant=tenant, contact_id=contact_id, before=before, limit=limit, kinds=kinds)
    ]
    return newest_items(told, limit=limit)
