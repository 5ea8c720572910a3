"""`POST /segments/{id}/archive`, which segments alone cannot decide: an SOP may run for one."""

from segments.api.views import ArchiveView
from segments.models import Segment
from sop.services.audiences import AudienceIsInUse, archive_audience
from tenants.api.problems import ApiProblem


class AudienceArchiveView(ArchiveView):
    """Take a segment out of use: its people stay as they are, nobody enters or leaves any more.

    Not one whose people an SOP that is published or paused, or a published segment's rule, takes.
    """

    def archive(self, segment_id: int) -> Segment:
        try:
            return archive_audience(tenant=self.tenant, segment_id=segment_id, at=self.at)
        except AudienceIsInUse as sops:
            raise ApiProblem(409, f"SOPs run for it: {sops}. Stop them first.") from None
