"""Who is in a segment, who was, and what moved a contact."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.models import Contact
from segments.models import Segment, SegmentMember, SegmentTransition
from tenants.models import Tenant

# Parameters: tenant, segment, at
_SIZE_AT = """
SELECT coalesce(sum(CASE WHEN is_entry THEN 1 ELSE -1 END), 0)
FROM segments_segmenttransition WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s AND at <= %(at)s
"""


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """A member's place in the list of the newest first: what comes after it is the next page."""

    entered_at: datetime
    contact_id: int


@dataclass(frozen=True, slots=True)
class Member:
    """One contact in a segment, and since when."""

    contact: Contact
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class MemberRows:
    """One page of members, and where the next one begins (None at the end)."""

    members: list[Member]
    next: MemberPlace | None


def members(*, tenant: Tenant, segment_id: int) -> QuerySet[SegmentMember]:
    """The people of a segment with their contacts, unordered."""
    found: QuerySet[SegmentMember] = SegmentMember.objects.for_tenant(tenant).filter(segment_id=segment_id)
    return found.select_related("contact")


def member_ids(*, tenant: Tenant, segment_id: int) -> QuerySet[SegmentMember, int]:
    """A query of the ids of a segment's people; of nobody where there is no such segment."""
    found = SegmentMember.objects.for_tenant(tenant).filter(segment_id=segment_id)
    ids: QuerySet[SegmentMember, int] = found.values_list("contact_id", flat=True)
    return ids


def member_rows(*, tenant: Tenant, segment_id: int, cursor: MemberPlace | None = None, limit: int = 50) -> MemberRows:
    """One page of a segment's people with their channels, who entered last first."""
    found = members(tenant=tenant, segment_id=segment_id).select_related("contact__channel")
    if cursor is not None:
        earlier = Q(entered_at__lt=cursor.entered_at) | Q(contact_id__lt=cursor.contact_id)
        found = found.filter(earlier, entered_at__lte=cursor.entered_at)
    rows = list(found.order_by("-entered_at", "-contact_id")[: limit + 1])
    shown = [Member(row.contact, row.entered_at) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return MemberRows(shown, MemberPlace(last.entered_at, last.contact_id) if last else None)


def entries_standing_at(*, tenant: Tenant, segment_id: int, instant: datetime) -> QuerySet[SegmentTransition]:
    """Who was in at an instant: the entries until then after which the contact did not move, unordered, with contacts.

    Read it by `-at, -id`: an index has them in this order.
    """
    moves = SegmentTransition.objects.for_tenant(tenant).filter(segment_id=segment_id, at__lte=instant)
    later = moves.filter(contact_id=OuterRef("contact_id"), id__gt=OuterRef("id"))
    found: QuerySet[SegmentTransition] = moves.filter(~Exists(later), is_entry=True)
    return found.select_related("contact")


def size_at(*, tenant: Tenant, segment_id: int, instant: datetime) -> int:
    """How many were in at an instant."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZE_AT, {"tenant": tenant.pk, "segment": segment_id, "at": instant})
        return int(cursor.fetchone()[0])


def segments_of(*, tenant: Tenant, contact_id: int) -> list[tuple[Segment, datetime]]:
    """The published segments that a contact is in, and since when, the latest entry first."""
    found = SegmentMember.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("segment")
    found = found.filter(segment__state=Segment.State.PUBLISHED).order_by("-entered_at", "segment_id")
    return [(row.segment, row.entered_at) for row in found]


def moves_of(*, tenant: Tenant, contact_id: int, segment_id: int | None = None) -> QuerySet[SegmentTransition]:
    """A contact's entries and exits, in one segment or in all, the last first."""
    found: QuerySet[SegmentTransition] = SegmentTransition.objects.for_tenant(tenant).filter(contact_id=contact_id)
    if segment_id is not None:
        found = found.filter(segment_id=segment_id)
    return found.select_related("segment").order_by("-at", "-id")
