"""`/contacts/{id}/timeline`: everything that happened to a contact. Here, because every app tells its part."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import selectors as people
from contacts.timeline import TimelineItem
from scrm.timeline.selectors import KINDS, timeline_page
from tenants.api import pagination
from tenants.api.queries import PageQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView
from tenants.money import to_string

Kind = Literal["order", "refund", "touch", "tag", "consent", "note", "segment", "sop", "touchpoint"]
ORDERING = ("-at",)
# what one must be allowed to read to be told of it
_SCOPES = {
    "order": "orders:read",
    "refund": "orders:read",
    "segment": "segments:read",
    "sop": "sops:read",
    "touchpoint": "sops:read",
}


class TimelineQuery(PageQuery, kw_only=True, frozen=True):
    """Filters of a timeline."""

    kind: Annotated[Kind, msgspec.Meta(description="Only what is about this.")] | None = None


class TimelineRow(msgspec.Struct, frozen=True):
    """One thing that happened.

    `subject_id`: the order (of an order, a refund), channel (touch), tag, note, segment, or SOP (sop, touchpoint)
    that it is about, where there is one; a note's `title` is its text. `amount`: what was paid, below zero what was
    given back.
    """

    at: dt.datetime
    kind: Kind
    title: str
    detail: str
    actor: str | None
    subject_id: int | None
    amount: str | None
    currency: str | None


class TimelineView(ListView):
    """Everything that happened to a contact, newest first; `title` and `detail` by Accept-Language.

    Orders, segments and SOPs are told to those who may read them.

    What shares an instant is never parted, so a page may hold a few more than `limit`; `previous` is always null.
    What is planned has not happened: `/touchpoints?contact=`.
    """

    scopes = {"GET": "contacts:read"}
    row = TimelineRow
    query = TimelineQuery

    def get(self, request: Request, contact_id: int) -> HttpResponse:  # type: ignore[override]
        if people.contact(tenant=self.tenant, contact_id=contact_id) is None:
            raise Http404
        told = [kind for kind in KINDS if _SCOPES.get(kind, "contacts:read") in self.caller.scopes]
        query, salt = self.parameters, f"{self.tenant.pk}:{request.path}"
        place = pagination.read_cursor(query.cursor, salt=salt, ordering=ORDERING) if query.cursor is not None else None
        found = timeline_page(
            tenant=self.tenant,
            contact_id=contact_id,
            before=None if place is None else dt.datetime.fromisoformat(place.values[0]),
            limit=query.limit,
            kinds=[kind for kind in told if query.kind in (None, kind)],
        )
        last = found.items[-1] if found.before else None
        following = last and pagination.page_link(request, last, ORDERING, salt, is_back=False)
        page_of = pagination.page_type(TimelineRow)
        return StructResponse(page_of([_row(item) for item in found.items], following, None))


def _row(item: TimelineItem) -> TimelineRow:
    return TimelineRow(
        at=item.at,
        kind=item.kind,  # type: ignore[arg-type]  # one of KINDS
        title=item.title,
        detail=item.detail,
        actor=item.actor or None,
        subject_id=item.subject_id,
        amount=None if item.amount_minor is None else to_string(item.amount_minor, item.currency),
        currency=item.currency or None,
    )
