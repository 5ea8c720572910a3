"""`GET /contacts`: the list with a filter by segment, which the apps of contacts do not know."""

from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet

from acquisition.api.contacts import ContactListView, ContactQuery
from segments.selectors.members import member_ids
from tenants.api.problems import ApiProblem
from tenants.incoming import Id
from tenants.models import Tenant


class SegmentedContactQuery(ContactQuery, frozen=True, kw_only=True):
    """Filters of the list, the segment among them."""

    segment: Annotated[Id, msgspec.Meta(description="Who is in this segment now.")] | None = None


class SegmentedContactListView(ContactListView):
    """Contacts, newest acquisition first; with `q` the newest contact first."""

    query = SegmentedContactQuery

    def among(self, *, tenant: Tenant, query: Any) -> QuerySet[Any, Any] | None:
        """The people of the segment that is asked for."""
        if query.segment is None:
            return None
        if query.updated_after is not None:
            raise ApiProblem(400, "Who enters a segment is not changed by it: leave out `segment` or `updated_after`.")
        if "segments:read" not in self.caller.scopes:
            raise ApiProblem(403, "To filter by segment, the key needs the scope segments:read as well.")
        return member_ids(tenant=tenant, segment_id=query.segment)
