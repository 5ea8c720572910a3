"""The nightly proof: evaluating everybody must find what following the news has left."""

import logging
from datetime import datetime, timedelta

from segments.models import Segment, SegmentTransition
from segments.selectors.rules import live_rules
from segments.services.builds import rebuild
from segments.services.cursors import cursor_of
from segments.services.refresh import follow_news
from tenants.models import Tenant
from tenants.turns import Turn, take_turn

logger = logging.getLogger(__name__)


def reconcile_next(*, tenant: Tenant, after: int, at: datetime) -> tuple[int | None, int]:
    """Compare one segment, the first with an id above `after`, with its rule evaluated for everybody; repair it.

    The tenant's news is followed first, so that what is left is a fault of ours; it is logged. Segments whose build
    failed are asked to be built again.
    Shape: the segment compared (None: there is no more), and how many people were repaired.
    """
    take_turn(Turn.SEGMENTS, tenant_id=tenant.pk)
    at = max(at, cursor_of(tenant=tenant, at=at).scanned_at)
    while follow_news(tenant=tenant, at=at, scan_every=timedelta(0)):
        pass
    if after == 0:
        failed = Segment.objects.for_tenant(tenant).filter(
            build=Segment.Build.FAILED, state=Segment.State.PUBLISHED, kind=Segment.Kind.RULE
        )
        failed.update(build=Segment.Build.WAITING, build_tries=0, build_lease_until=None)
    rest = [rule for rule in live_rules(tenant=tenant) if rule.segment_id > after]
    if not rest:
        return None, 0
    rule = min(rest, key=lambda rule: rule.segment_id)
    moved = rebuild(tenant=tenant, rule=rule, cause=SegmentTransition.Cause.REBUILT, at=at)
    if moved:
        logger.error("segment %s of tenant %s had %s people wrong", rule.segment_id, tenant.pk, moved)
    return rule.segment_id, moved
