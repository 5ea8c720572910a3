"""How far a tenant's news has been followed."""

from datetime import datetime

from contacts.selectors.news import newest_change
from segments.models import SegmentCursor
from tenants.models import Tenant


def cursor_of(*, tenant: Tenant, at: datetime) -> SegmentCursor:
    """The tenant's cursor, made on first use: news from here on is followed. Called in one's turn.

    Whoever evaluates a rule for everybody asks for it first, so that what happens afterwards is seen.
    """
    cursor: SegmentCursor | None = SegmentCursor.objects.for_tenant(tenant).first()
    if cursor is not None:
        return cursor
    made: SegmentCursor = SegmentCursor.objects.create(
        tenant=tenant, last_change_id=newest_change(tenant=tenant), scanned_at=at
    )
    return made
