"""People put on a list by hand, and taken off."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F

from contacts.selectors import known_ids
from segments.models import Segment
from segments.services import membership_sql
from segments.services.propagation import settle_after
from tenants.models import Tenant
from tenants.turns import Turn, take_turn


class SegmentIsNoList(Exception):
    """Its people follow a rule: nobody is put in or taken out by hand."""


class SegmentIsArchived(Exception):
    """Nobody enters it or leaves it any more."""


@dataclass(frozen=True, slots=True)
class HandMoves:
    """What became of the contacts named: who moved; the others were there (or gone) already, or do not exist."""

    moved: frozenset[int]
    unknown: frozenset[int]


def add_members(*, tenant: Tenant, segment_id: int, contact_ids: Collection[int], at: datetime) -> HandMoves:
    """Put contacts on a list; the segments whose rules name the list follow at once.

    Raises: Segment.DoesNotExist, SegmentIsNoList, SegmentIsArchived
    """
    take_turn(Turn.SEGMENTS, tenant_id=tenant.pk)
    _live_list(tenant, segment_id)
    known = known_ids(tenant=tenant, contact_ids=contact_ids)
    moved = _move(membership_sql.PUT_ON_LIST, tenant, segment_id, known, at)
    Segment.objects.for_tenant(tenant).filter(pk=segment_id).update(size=F("size") + len(moved))
    settle_after(tenant=tenant, moved={segment_id: moved}, at=at)
    return HandMoves(moved, frozenset(contact_ids) - known)


def remove_members(*, tenant: Tenant, segment_id: int, contact_ids: Collection[int], at: datetime) -> HandMoves:
    """Take contacts off a list; the segments whose rules name the list follow at once.

    Raises: Segment.DoesNotExist, SegmentIsNoList, SegmentIsArchived
    """
    take_turn(Turn.SEGMENTS, tenant_id=tenant.pk)
    _live_list(tenant, segment_id)
    known = known_ids(tenant=tenant, contact_ids=contact_ids)
    moved = _move(membership_sql.TAKE_OFF_LIST, tenant, segment_id, known, at)
    Segment.objects.for_tenant(tenant).filter(pk=segment_id).update(size=F("size") - len(moved))
    settle_after(tenant=tenant, moved={segment_id: moved}, at=at)
    return HandMoves(moved, frozenset(contact_ids) - known)


def _live_list(tenant: Tenant, segment_id: int) -> None:
    segment = Segment.objects.for_tenant(tenant).get(pk=segment_id)
    if segment.kind != Segment.Kind.LIST:
        raise SegmentIsNoList
    if segment.state == Segment.State.ARCHIVED:
        raise SegmentIsArchived


def _move(
    statement: str, tenant: Tenant, segment_id: int, contact_ids: Collection[int], at: datetime
) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"tenant": tenant.pk, "segment": segment_id, "contacts": sorted(contact_ids), "at": at}
        )
        return frozenset(contact_id for (contact_id,) in cursor.fetchall())
