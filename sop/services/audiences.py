"""A segment is taken out of use, unless an SOP runs for its people."""

from datetime import datetime

from django.db import transaction

from segments.models import Segment
from segments.services.editing import archive_segment
from sop.selectors.audiences import sops_by_segment
from tenants.models import Tenant


class AudienceIsInUse(Exception):
    """SOPs that are published or paused run for it; `names` says which."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))


def archive_audience(*, tenant: Tenant, segment_id: int, at: datetime) -> Segment:
    """Archive a segment. One that is published for meanwhile waits for this row, and so do we for it.

    Raises: Segment.DoesNotExist, SegmentIsUsed, AudienceIsInUse
    """
    with transaction.atomic():
        segment = archive_segment(tenant=tenant, segment_id=segment_id, at=at)
        if sops := sops_by_segment(tenant=tenant, segment_ids=[segment_id]).get(segment_id):
            raise AudienceIsInUse([name for _pk, name in sops])
    return segment
