"""Cohorts over REST: parse, one call, render."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from analytics import exports
from analytics.api import channel_shapes, repurchase_shapes, shapes, sop_shapes
from analytics.api.queries import (
    CellContactsQuery,
    ChannelsQuery,
    CohortsQuery,
    RepurchasesQuery,
    SopsQuery,
    cell_query,
    channel_query,
    cohort_query,
    range_too_long,
    refused,
    repurchase_query,
    sop_query,
    too_many_rows,
)
from analytics.cohorts import CellContact, CellQuery
from analytics.selectors.channels import channel_board
from analytics.selectors.cohorts import TooManyRows, cohort_table
from analytics.selectors.people import CellPlace, contacts_of_cell
from analytics.selectors.repurchase import repurchase_board
from analytics.selectors.scopes import UnknownChannel
from analytics.selectors.sops import sop_board
from analytics.sop_lines import sop_lines
from analytics.sops import RangeTooLong
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView


class CohortsView(TenantAPIView):
    """CAC, CLV, ROI and payback by cohort, with the definitions they follow; as a file with `format`."""

    scopes = {"GET": "analytics:read"}
    query = CohortsQuery
    answer = shapes.Cohorts

    def get(self, request: Request) -> HttpResponse:
        query = cohort_query(self.parameters, at=self.at)
        try:
            table = cohort_table(tenant=self.tenant, query=query)
        except UnknownChannel:
            raise _unknown_channel() from None
        except TooManyRows as error:
            raise too_many_rows(self.parameters, is_split_to_blame=error.is_split_to_blame) from None
        if self.parameters.format == "json":
            return StructResponse(shapes.cohorts(table))
        return _file(exports.cohort_lines(table), self.parameters.format, name="cohorts")


class ChannelsView(TenantAPIView):
    """What each channel cost and brought at equal age, ranked, with blended and paid CAC; as a file with `format`."""

    scopes = {"GET": "analytics:read"}
    query = ChannelsQuery
    answer = channel_shapes.Channels

    def get(self, request: Request) -> HttpResponse:
        board = channel_board(tenant=self.tenant, query=channel_query(self.parameters, at=self.at))
        if self.parameters.format == "json":
            return StructResponse(channel_shapes.channels(board))
        return _file(exports.channel_lines(board), self.parameters.format, name="channels")


class SopsView(TenantAPIView):
    """Whom each SOP reached, what was not sent and why, and what was bought within days after a message, ranked; as a
    file with `format`.
    """

    scopes = {"GET": "analytics:read"}
    query = SopsQuery
    answer = sop_shapes.Sops

    def get(self, request: Request) -> HttpResponse:
        try:
            board = sop_board(tenant=self.tenant, query=sop_query(self.parameters, at=self.at))
        except RangeTooLong:
            raise range_too_long() from None
        if self.parameters.format == "json":
            return StructResponse(sop_shapes.sops(board))
        return _file(sop_lines(board), self.parameters.format, name="sops")


class RepurchaseView(TenantAPIView):
    """Whom messages reached, and who bought again: by touches, by time since the first purchase, by its month; as a
    file with `format`. Touched people differ from untouched ones: this is not a lift.
    """

    scopes = {"GET": "analytics:read"}
    query = RepurchasesQuery
    answer = repurchase_shapes.Repurchases

    def get(self, request: Request) -> HttpResponse:
        board = repurchase_board(tenant=self.tenant, query=repurchase_query(self.parameters, at=self.at))
        if self.parameters.format == "json":
            return StructResponse(repurchase_shapes.repurchases(board))
        return _file(exports.repurchase_lines(board), self.parameters.format, name="repurchase")


class CellContactsView(TenantAPIView):
    """The contacts behind a cell, the dearest first; their sums equal the cell."""

    scopes = {"GET": "analytics:read"}
    query = CellContactsQuery
    answer = shapes.CohortContactPage

    def get(self, request: Request) -> HttpResponseBase:
        asked, query = self.parameters, cell_query(self.parameters, at=self.at)
        tenant = self.tenant
        place = _read_place(asked.cursor, query)
        try:
            if asked.format != "json":
                file, name = exports.contact_file(tenant=tenant, query=query, form=asked.format)
                kind = exports.CONTENT_TYPES[asked.format]
                return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
            people = contacts_of_cell(tenant=tenant, query=query, place=place, limit=asked.limit + 1)
        except UnknownChannel:
            raise _unknown_channel() from None
        return StructResponse(_page(request, people, asked=asked, query=query, place=place))


def _unknown_channel() -> Exception:
    return refused("?channel", "unknown_channel", "There is no channel of this slug.")


def _file(lines: Sequence[Mapping[str, Any]], form: exports.FileFormat, *, name: str) -> HttpResponse:
    response = HttpResponse(exports.to_file(lines, form), content_type=exports.CONTENT_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _page(
    request: Request,
    people: list[CellContact],
    *,
    asked: CellContactsQuery,
    query: CellQuery,
    place: CellPlace | None,
) -> shapes.CohortContactPage:
    is_back = place is not None and place.is_back
    has_more = len(people) > asked.limit
    shown = (people[-asked.limit :] if is_back else people[: asked.limit]) if has_more else people
    has_next, has_previous = (True, has_more) if is_back else (has_more, place is not None)
    currency = request.tenant.currency  # type: ignore[attr-defined]
    return shapes.CohortContactPage(
        results=[shapes.cell_contact(person, currency) for person in shown],
        next=_link(request, shown[-1], query, is_back=False) if shown and has_next else None,
        previous=_link(request, shown[0], query, is_back=True) if shown and has_previous else None,
    )


def _link(request: Request, person: CellContact, query: CellQuery, *, is_back: bool) -> str:
    cursor = signing.dumps([person.net_minor, person.contact_id, is_back], salt=_salt(query))
    told = {**request.query_params.dict(), "as_of": query.as_of.isoformat(), "cursor": cursor}
    return f"{request._request.build_absolute_uri(request.path)}?{urlencode(told)}"


def _read_place(cursor: str | None, query: CellQuery) -> CellPlace | None:
    if cursor is None:
        return None
    try:
        return CellPlace(*signing.loads(cursor, salt=_salt(query)))
    except (signing.BadSignature, ValueError, TypeError):
        raise refused("?cursor", "invalid_cursor", "Take the cursor from `next` or `previous` as it is.") from None


def _salt(query: CellQuery) -> str:
    days = f"{query.cohort_date}:{query.last_date}:{query.period}"
    return f"cell:{days}:{query.slice}:{query.channel}:{query.as_of.isoformat()}"
