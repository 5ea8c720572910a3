"""`POST /contacts/export`: a list of contacts as a file. Here, because every app tells a column."""

from typing import Annotated

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from contacts.tags import InvalidTag, TagName, parse_tag
from scrm.contact_lists.columns import COLUMNS, Column
from scrm.contact_lists.export import ask_for_export
from scrm.contact_lists.filters import ListFilters
from tenants.access import BOARD_READERS
from tenants.addresses import client_address
from tenants.api.jobs import JobRow, job_row, requester
from tenants.api.problems import ApiProblem
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView
from tenants.incoming import Day, Id, Incoming, Slug, Text100, Text200, limit
from tenants.results import FieldError

Columns = Annotated[
    tuple[Column, ...],
    limit("invalid_columns", f"Send a list of at least one of {', '.join(COLUMNS)}.", min_length=1, max_length=20),
]


class ContactExportIn(Incoming, frozen=True, kw_only=True):
    """Whom the file holds, as `GET /contacts` filters, and its columns; the contact's id is always the first."""

    q: Text100 | None = None
    tag: Annotated[Text200, msgspec.Meta(description="`group/name`.")] | None = None
    channel: Annotated[Slug, msgspec.Meta(description="A channel's slug, or `unattributed`.")] | None = None
    segment: Annotated[Id, msgspec.Meta(description="Who is in this segment; needs segments:read.")] | None = None
    acquired_from: Annotated[Day, msgspec.Meta(description="The tenant's day, included.")] | None = None
    acquired_to: Annotated[Day, msgspec.Meta(description="The tenant's day, included.")] | None = None
    columns: Columns = COLUMNS


class ContactExportView(TenantAPIView):
    """Have the contacts that the filters find written into a CSV file, newest contact first: 202 with the job.

    UTF-8 with its mark; a text that a spreadsheet would take for a formula, a phone among them, begins with a quote
    mark. Phones are masked as the asker's role sees them. The file is kept for 24 hours.
    """

    scopes = {"POST": "contacts:read"}
    body = ContactExportIn
    answer = JobRow
    answer_status = 202

    def post(self, request: Request) -> HttpResponse:
        asked = self.read(request, ContactExportIn)
        member = self.caller.membership
        if member is not None and member.role not in BOARD_READERS:
            raise ApiProblem(403, "Your role does not export contacts.")
        if asked.segment is not None and "segments:read" not in self.caller.scopes:
            raise ApiProblem(403, "To filter by segment, the key needs the scope segments:read as well.")
        job = ask_for_export(
            tenant=self.tenant,
            filters=_filters(asked),
            columns=asked.columns,
            full_phones=self.caller.sees_full_phones,
            requester=requester(self.caller),
            at=self.at,
            address=client_address(request._request),
        )
        return StructResponse(job_row(request, job, at=self.at), status=self.answer_status)


def _filters(asked: ContactExportIn) -> ListFilters:
    return ListFilters(
        text=asked.q or "",
        tag=_tag(asked.tag) if asked.tag else None,
        channel=asked.channel,
        segment=asked.segment,
        acquired_from=asked.acquired_from,
        acquired_to=asked.acquired_to,
    )


def _tag(text: str) -> TagName:
    try:
        return parse_tag(text)
    except InvalidTag:
        fault = FieldError("/tag", "invalid_tag", "Write a tag as group/name.")
        raise ApiProblem(400, "The body cannot be used; see errors.", errors=[fault]) from None
