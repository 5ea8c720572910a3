"""Full builds: everybody evaluated, in one transaction, under a lease that is committed first.

`WAITING` → (claimed: lease, one try more) `BUILDING` → `IDLE`; a try that fails or dies → `WAITING` again, after
MAX_TRIES `FAILED`. The last good membership stays meanwhile. `build_tries` is the claim's number: a build that lost its
claim changes nothing.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from segments.models import Segment, SegmentTransition, SegmentVersion
from segments.selectors.rules import LiveRule, live_rule, live_rules
from segments.services.cursors import cursor_of
from segments.services.membership import follow_fully
from segments.services.propagation import Round, settle
from tenants.models import Tenant
from tenants.turns import Turn, take_turn

MAX_TRIES = 3
Cause = SegmentTransition.Cause

# A waiting build is told to a worker, and told again when none has begun; a segment that moves just now is left for
# the next time. Parameters: tenant.
_HINT = """
UPDATE segments_segment SET build_lease_until = clock_timestamp() + interval '10 seconds'
WHERE tenant_id = %(tenant)s AND id IN (
    SELECT id FROM segments_segment
    WHERE tenant_id = %(tenant)s AND build = 'waiting'
      AND (build_lease_until IS NULL OR build_lease_until < clock_timestamp())
    FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# parameters: tenant, segment
_CLAIM = """
UPDATE segments_segment
SET build = 'building', build_tries = build_tries + 1, build_lease_until = clock_timestamp() + interval '10 minutes'
WHERE tenant_id = %(tenant)s AND id = %(segment)s AND build = 'waiting'
RETURNING build_tries
"""
# a try is over without a result: another one later, or none; parameters: tenant, segment, tries (the claim's), error,
# max_tries
_FAIL = """
UPDATE segments_segment
SET build = CASE WHEN build_tries >= %(max_tries)s THEN 'failed' ELSE 'waiting' END, build_error = %(error)s,
    build_lease_until = clock_timestamp() + build_tries * interval '10 seconds'
WHERE tenant_id = %(tenant)s AND id = %(segment)s AND build = 'building' AND build_tries = %(tries)s
"""
# whoever has the turn knows that no build runs: a lease that is over belongs to nobody; parameters: tenant, error,
# max_tries
_GIVE_UP_EXPIRED = """
UPDATE segments_segment
SET build = CASE WHEN build_tries >= %(max_tries)s THEN 'failed' ELSE 'waiting' END, build_error = %(error)s,
    build_lease_until = NULL
WHERE tenant_id = %(tenant)s AND build = 'building' AND build_lease_until < clock_timestamp()
"""
INTERRUPTED = "The build was interrupted."


class BuildWasTaken(Exception):
    """Another claim, a newer version or the archive came in between."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to build a segment once."""

    segment_id: int
    tries: int


def hint_builds(*, tenant: Tenant) -> list[int]:
    """The segments that wait for a build and that no worker has been told of lately; now one is to be told."""
    with connection.cursor() as cursor:
        cursor.execute(_HINT, {"tenant": tenant.pk})
        return [segment_id for (segment_id,) in cursor.fetchall()]


def ask_for_builds(*, tenant: Tenant) -> None:
    """Let every published rule of the tenant be evaluated for everybody."""
    rules = Segment.objects.for_tenant(tenant).filter(kind=Segment.Kind.RULE, state=Segment.State.PUBLISHED)
    rules.update(build=Segment.Build.WAITING, build_tries=0, build_lease_until=None)


def claim_build(*, tenant: Tenant, segment_id: int) -> Claim | None:
    """Take the build that waits; None when none does. To be committed before `build_segment`."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"tenant": tenant.pk, "segment": segment_id})
        row = cursor.fetchone()
    return Claim(segment_id, row[0]) if row else None


def build_segment(*, tenant: Tenant, claim: Claim, at: datetime) -> None:
    """Evaluate a segment's live rule for everybody, and let the segments that name it follow.

    Raises: BuildWasTaken, and whatever the rule raises: then the transaction must not be kept.
    """
    take_turn(Turn.SEGMENTS, tenant_id=tenant.pk)
    begun = time.perf_counter()
    at = max(at, cursor_of(tenant=tenant, at=at).scanned_at)
    claimed = Segment.objects.for_tenant(tenant).filter(
        pk=claim.segment_id, build=Segment.Build.BUILDING, build_tries=claim.tries
    )
    segment = claimed.first()
    rule = live_rule(tenant=tenant, segment_id=claim.segment_id)
    if segment is None or rule is None:
        raise BuildWasTaken
    rebuild(tenant=tenant, rule=rule, cause=_cause(tenant, segment), at=at)
    done = claimed.filter(live_number=rule.version_number).update(
        build=Segment.Build.IDLE,
        build_error="",
        build_lease_until=None,
        build_tries=0,
        built_at=at,
        build_ms=round((time.perf_counter() - begun) * 1000),
    )
    if not done:
        raise BuildWasTaken


def rebuild(*, tenant: Tenant, rule: LiveRule, cause: SegmentTransition.Cause, at: datetime) -> int:
    """Evaluate a rule for everybody, and let the segments that name it follow; how many moved. In one's turn."""
    rules = live_rules(tenant=tenant)
    tells = any(rule.segment_id in other.segments for other in rules)
    moves = follow_fully(tenant=tenant, rule=rule, cause=cause, tells=tells, at=at)
    if moves.contact_ids:
        settle(Round(tenant, at, moved={rule.segment_id: moves.contact_ids}), rules)
    return moves.entered + moves.left


def fail_build(*, tenant: Tenant, claim: Claim, error: str) -> None:
    """Note that a try failed and why; it is tried again, at most MAX_TRIES times."""
    asked = {"tenant": tenant.pk, "segment": claim.segment_id, "tries": claim.tries, "max_tries": MAX_TRIES}
    with connection.cursor() as cursor:
        cursor.execute(_FAIL, {**asked, "error": error[:300]})


def give_up_expired(*, tenant: Tenant) -> None:
    """Take back the builds whose worker died. In one's turn."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_UP_EXPIRED, {"tenant": tenant.pk, "error": INTERRUPTED, "max_tries": MAX_TRIES})


def _cause(tenant: Tenant, segment: Segment) -> SegmentTransition.Cause:
    """`PUBLISHED` for the first build of a version."""
    version = SegmentVersion.objects.for_tenant(tenant).get(segment=segment, number=segment.live_number)
    is_first = segment.built_at is None or (version.published_at and segment.built_at < version.published_at)
    return Cause.PUBLISHED if is_first else Cause.REBUILT
