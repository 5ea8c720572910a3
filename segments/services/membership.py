"""Making the people of one segment what its rule says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from segments.models import Segment, SegmentTransition
from segments.planning import by_sets
from segments.rules import compile_rule
from segments.selectors.rules import LiveRule
from segments.services.membership_sql import follow_rule
from tenants.models import Tenant

Cause = SegmentTransition.Cause
Causes = Mapping[int, tuple[str, int | None]]
"""Why each contact may have moved, and the change row that says so (none for time and other segments)."""


@dataclass(frozen=True, slots=True)
class Moves:
    """How many came and went, and who, where that was asked."""

    entered: int = 0
    left: int = 0
    contact_ids: frozenset[int] = frozenset()


def follow_for(*, tenant: Tenant, rule: LiveRule, asked: Causes, tells: bool, at: datetime) -> Moves:
    """Evaluate a rule for these contacts alone, and move those for whom it is not as it was."""
    moves = _follow(tenant, rule, asked, is_full=False, cause=Cause.REBUILT, tells=tells, at=at)
    if moves.entered != moves.left:
        rows = Segment.objects.for_tenant(tenant).filter(pk=rule.segment_id)
        rows.update(size=F("size") + moves.entered - moves.left)
    return moves


def follow_fully(
    *, tenant: Tenant, rule: LiveRule, asked: Causes | None = None, cause: Cause, tells: bool, at: datetime
) -> Moves:
    """Evaluate a rule for everybody; `asked` says why some may have moved, `cause` is that of the others."""
    with by_sets():
        moves = _follow(tenant, rule, asked or {}, is_full=True, cause=cause, tells=tells, at=at)
    _count(tenant, rule.segment_id)
    return moves


def _follow(
    tenant: Tenant, rule: LiveRule, asked: Causes, *, is_full: bool, cause: Cause, tells: bool, at: datetime
) -> Moves:
    ids = sorted(asked)
    compiled = compile_rule(rule.tree, tenant_id=tenant.pk, at=at, contact_ids=None if is_full else ids)
    parameters: dict[str, Any] = {
        "tenant": tenant.pk,
        "segment": rule.segment_id,
        "at": at,
        "version": rule.version_number,
        "cause": str(cause),
        "asked": _array(ids),
        "causes": _array(asked[contact_id][0] for contact_id in ids),
        "change_ids": _array(asked[contact_id][1] or "NULL" for contact_id in ids),
        "tells": tells,
    }
    with connection.cursor() as cursor:
        cursor.execute(follow_rule(compiled.sql, is_full=is_full), {**compiled.params, **parameters})
        entered, left, who = cursor.fetchone()
    return Moves(entered, left, frozenset(who or ()))


def _array(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it; of numbers and plain words."""
    return f"{{{','.join(map(str, values))}}}"


# the people as they are, whatever the count drifted to with contacts that were deleted
_COUNT = """
UPDATE segments_segment SET size = (
    SELECT count(*) FROM segments_segmentmember WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s)
WHERE tenant_id = %(tenant)s AND id = %(segment)s
"""


def _count(tenant: Tenant, segment_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"tenant": tenant.pk, "segment": segment_id})
