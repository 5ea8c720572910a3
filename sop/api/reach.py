"""`/contacts/{id}/reach`: what a contact may still receive today. Here, because the daily limit is."""

import datetime as dt

import msgspec
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import selectors as people
from sop.api import rows
from sop.selectors.reach import Reach, reach_of
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView


class WayRow(msgspec.Struct, frozen=True):
    """What a contact last said of one way of being reached; nulls where nothing was said, which is not a refusal."""

    touch_kind: str
    is_granted: bool | None
    changed_at: dt.datetime | None
    evidence: str | None
    actor: str | None


class ReachAnswer(msgspec.Struct, frozen=True):
    """The daily limit on this day of the tenant's zone, how much of it is used up, and what is planned next."""

    contact_id: int
    date: dt.date
    per_day: int
    used: int
    left: int
    consent: list[WayRow]
    next: rows.TouchpointRow | None


class ReachView(TenantAPIView):
    """What a contact may still receive today. `left` is 0 once every way of being reached was refused."""

    scopes = {"GET": "sops:read"}
    answer = ReachAnswer

    def get(self, request: Request, contact_id: int) -> HttpResponse:
        if people.contact(tenant=self.tenant, contact_id=contact_id) is None:
            raise Http404
        return StructResponse(_answer(contact_id, reach_of(tenant=self.tenant, contact_id=contact_id, at=self.at)))


def _answer(contact_id: int, reach: Reach) -> ReachAnswer:
    return ReachAnswer(
        contact_id=contact_id,
        date=reach.date,
        per_day=reach.per_day,
        used=reach.used,
        left=reach.left,
        consent=[
            WayRow(way.touch_kind.value, way.is_granted, way.changed_at, way.evidence or None, way.actor or None)
            for way in reach.ways
        ],
        next=rows.touchpoint_row(reach.next) if reach.next else None,
    )
