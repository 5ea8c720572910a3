"""Letting a segment's people follow a version of its rule."""

from datetime import datetime
from typing import Any

from segments.models import Segment, SegmentVersion
from segments.rules import parse_rule
from segments.selectors.rules import known_names, ring_through
from tenants.context import lock_tenant_writes
from tenants.models import Tenant


class SegmentsFormARing(Exception):
    """A segment would be named by itself, through others; `names` along the ring, the first one again at its end."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def publish_segment(*, tenant: Tenant, segment_id: int, number: int | None = None, at: datetime) -> Segment:
    """Let the people of a segment follow a version, the newest without `number`: a full build begins within seconds.

    Until it is done the people stay as they were. A list has no versions: publishing takes it out of the archive.
    Raises: Segment.DoesNotExist, SegmentVersion.DoesNotExist, InvalidRule (names what has been deleted since the
    version was saved), SegmentsFormARing
    """
    granted_at = lock_tenant_writes(tenant_id=tenant.pk)
    segments = Segment.objects.for_tenant(tenant).filter(pk=segment_id)
    segment: Segment = segments.get()
    news: dict[str, Any] = {"state": Segment.State.PUBLISHED, "updated_at": max(at, granted_at)}
    if segment.kind == Segment.Kind.RULE:
        version = _checked_version(tenant, segment_id, number)
        if (segment.state, segment.live_number) != (Segment.State.PUBLISHED, version.number):
            SegmentVersion.objects.for_tenant(tenant).filter(pk=version.pk).update(published_at=at)
        news |= {"live_number": version.number, "build": Segment.Build.WAITING, "build_error": ""}
        news |= {"build_tries": 0, "build_lease_until": None}
    segments.update(**news)
    segment.refresh_from_db(from_queryset=segments)
    return segment


def _checked_version(tenant: Tenant, segment_id: int, number: int | None) -> SegmentVersion:
    versions = SegmentVersion.objects.for_tenant(tenant).filter(segment_id=segment_id).order_by("-number")
    version: SegmentVersion | None = (versions if number is None else versions.filter(number=number)).first()
    if version is None:
        raise SegmentVersion.DoesNotExist
    rule = parse_rule(version.rule, known=known_names(tenant=tenant))
    if ring := ring_through(tenant=tenant, segment_id=segment_id, rule=rule):
        raise SegmentsFormARing(ring)
    return version
