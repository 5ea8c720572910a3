"""`POST /segments/{id}/archive`, which segments alone cannot decide: an SOP may run for one."""

from django.http import HttpResponse
from rest_framework.request import Request

from segments.api.views import ArchiveView
from sop.selectors.audiences import sops_by_segment
from tenants.api.problems import ApiProblem


class AudienceArchiveView(ArchiveView):
    """Take a segment out of use: its people stay as they are, nobody enters or leaves any more.

    Not one whose people an SOP that is published or paused, or a published segment's rule, takes.
    """

    def post(self, request: Request, segment_id: int) -> HttpResponse:
        if sops := sops_by_segment(tenant=self.tenant, segment_ids=[segment_id]).get(segment_id):
            raise ApiProblem(409, f"SOPs run for it: {', '.join(name for _pk, name in sops)}. Stop them first.")
        return super().post(request, segment_id)
