"""`/segments`: rules and lists, their versions, who is in, who was, and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.timezone import localtime
from rest_framework.request import Request

from contacts.selectors import contact as find_contact
from segments import incoming
from segments.api import rows
from segments.models import Segment, SegmentVersion
from segments.rules import InvalidRule, Rule, parse_rule, rule_schema
from segments.selectors import days, explanations, members, previews
from segments.selectors import rules as rule_selectors
from segments.selectors import segments as selectors
from segments.services import editing
from segments.services import members as lists
from segments.services.publishing import SegmentsFormARing, publish_segment
from tenants.api.bulk import BulkView
from tenants.api.problems import ApiProblem
from tenants.api.queries import PageQuery, Query, SyncQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import Day, Instant, Row, given
from tenants.models import Tenant
from tenants.results import FieldError, RowResult, first_claims
from tenants.timezones import zone

MAX_DAYS = 366


class SegmentsQuery(SyncQuery, kw_only=True, frozen=True):
    """Filters of the list of segments."""

    kind: Literal["rule", "list"] | None = None
    state: Literal["draft", "published", "archived"] | None = None


class HistoryQuery(PageQuery, kw_only=True, frozen=True):
    """At which instant."""

    at: Annotated[Instant, msgspec.Meta(description="Who was in then.")]


class DaysQuery(Query, kw_only=True, frozen=True, rename={"from_date": "from"}):
    """From which day on, of the tenant's; without it the last 30 days, at most 366."""

    from_date: Day | None = None


class SegmentListView(ListView):
    """Segments, newest first."""

    scopes = {"GET": "segments:read", "POST": "segments:write"}
    row = rows.SegmentRow
    query = SegmentsQuery
    body = incoming.SegmentNew

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return selectors.segments(tenant=tenant, kind=query.kind, state=query.state)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.segment_row(segment) for segment in found]

    def post(self, request: Request) -> HttpResponse:
        """Make a segment: a rule is a draft with one version, a list can be filled at once."""
        new = self.read(request, incoming.SegmentNew)
        if (new.kind == "rule") != (new.rule is not None):
            code, detail = ("required", "Send a rule.") if new.kind == "rule" else ("no_rule", "A list has no rule.")
            raise _refused("/rule", code, detail)
        rule = None if new.rule is None else _parsed(self.tenant, new.rule)
        told: dict[str, Any] = {"name": new.name, "kind": new.kind, "description": new.description, "rule": rule}
        try:
            segment = editing.create_segment(**self.by, **told)
        except editing.NameIsTaken:
            raise _name_is_taken() from None
        return StructResponse(_detail(self.tenant, segment))


class SegmentView(TenantAPIView):
    """One segment with its newest rule."""

    scopes = {"GET": "segments:read", "PATCH": "segments:write"}
    body = incoming.SegmentEdit
    answer = rows.SegmentDetail

    def get(self, request: Request, segment_id: int) -> HttpResponse:
        """Read a segment with its newest rule."""
        return StructResponse(_detail(self.tenant, _segment(self.tenant, segment_id)))

    def patch(self, request: Request, segment_id: int) -> HttpResponse:
        """Change a segment's name or description, or save a new version of its rule."""
        edit = self.read(request, incoming.SegmentEdit)
        _segment(self.tenant, segment_id)
        told = given(edit)
        if "rule" in told:
            told["rule"] = _parsed(self.tenant, told["rule"])
        try:
            segment = editing.edit_segment(**self.by, segment_id=segment_id, **told)
        except editing.NameIsTaken:
            raise _name_is_taken() from None
        except editing.SegmentHasNoRule:
            raise _refused("/rule", "no_rule", "A list has no rule.") from None
        return StructResponse(_detail(self.tenant, segment))


class VersionListView(ListView):
    """A segment's saved rules, newest first."""

    scopes = {"GET": "segments:read"}
    row = rows.SegmentVersionRow
    ordering = ("-number",)

    def rows(self, *, tenant: Tenant, query: Any, segment_id: int) -> QuerySet[Any]:  # type: ignore[override]
        return selectors.versions(tenant=tenant, segment_id=_segment(tenant, segment_id).pk)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.version_row(version) for version in found]


class PublishView(TenantAPIView):
    """Let a segment's people follow a version of its rule: a full build begins within seconds (`build`).

    Publishing takes a segment out of the archive too.
    """

    scopes = {"POST": "segments:write"}
    body = incoming.SegmentPublish
    answer = rows.SegmentDetail

    def post(self, request: Request, segment_id: int) -> HttpResponse:
        asked = self.read(request, incoming.SegmentPublish)
        _segment(self.tenant, segment_id)
        try:
            segment = publish_segment(tenant=self.tenant, segment_id=segment_id, number=asked.version, at=self.at)
        except SegmentVersion.DoesNotExist:
            raise _refused("/version", "unknown_version", "There is no such version.") from None
        except SegmentsFormARing as ring:
            raise ApiProblem(409, f"These segments would name each other in a ring: {ring}.") from None
        except InvalidRule as error:
            detail = "The saved rule cannot be used any more; save a new one. Errors point into it."
            raise ApiProblem(409, detail, errors=error.errors) from None
        return StructResponse(_detail(self.tenant, segment))


class ArchiveView(TenantAPIView):
    """Take a segment out of use. Routed where it is known who else takes its people."""

    scopes = {"POST": "segments:write"}
    body = incoming.SegmentArchive
    answer = rows.SegmentDetail

    def post(self, request: Request, segment_id: int) -> HttpResponse:
        self.read(request, incoming.SegmentArchive)
        _segment(self.tenant, segment_id)
        try:
            segment = self.archive(segment_id)
        except editing.SegmentIsUsed as used:
            raise ApiProblem(409, f"Published segments name it in their rules: {used}.") from None
        return StructResponse(_detail(self.tenant, segment))

    def archive(self, segment_id: int) -> Segment:
        """Archive it, with what this app knows of its users."""
        return editing.archive_segment(tenant=self.tenant, segment_id=segment_id, at=self.at)


class PreviewView(TenantAPIView):
    """How many a rule would find now, and a few of them; nothing is saved."""

    scopes = {"POST": "segments:read"}
    body = incoming.RulePreview
    answer = rows.PreviewAnswer

    def post(self, request: Request) -> HttpResponse:
        asked = self.read(request, incoming.RulePreview)
        rule = _parsed(self.tenant, asked.rule)
        return StructResponse(rows.preview_answer(previews.preview_rule(tenant=self.tenant, rule=rule, at=self.at)))


class RuleSchemaView(TenantAPIView):
    """The JSON schema of rules."""

    scopes = {"GET": "segments:read"}

    def get(self, request: Request) -> HttpResponse:
        return StructResponse(rule_schema())


class MemberListView(ListView):
    """The people of a segment, who entered last first."""

    scopes = {"GET": "segments:read"}
    row = rows.MemberRow
    ordering = ("-entered_at", "-contact_id")

    def rows(self, *, tenant: Tenant, query: Any, segment_id: int) -> QuerySet[Any]:  # type: ignore[override]
        return members.members(tenant=tenant, segment_id=_segment(tenant, segment_id).pk)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.member_row(member) for member in found]


class _HandView(BulkView):
    """Contacts moved by hand, each with its verdict."""

    scopes = {"POST": "segments:write"}
    envelope = incoming.MembersBody
    items = "members"
    segment_id: int

    def post(self, request: Request, segment_id: int) -> HttpResponse:  # type: ignore[override]
        self.segment_id = _segment(self.tenant, segment_id).pk
        try:
            return super().post(request)
        except lists.SegmentIsNoList:
            raise ApiProblem(409, "Its people follow a rule; only lists are changed by hand.") from None
        except lists.SegmentIsArchived:
            raise ApiProblem(409, "It is archived; publish it first.") from None


class AddMembersView(_HandView):
    """Put up to 1,000 contacts on a list."""

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        ids = {row.item.contact_id for row in rows}
        moves = lists.add_members(tenant=tenant, segment_id=self.segment_id, contact_ids=ids, at=at)
        return _verdicts(rows, moves, "created")


class RemoveMembersView(_HandView):
    """Take up to 1,000 contacts off a list."""

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        ids = {row.item.contact_id for row in rows}
        moves = lists.remove_members(tenant=tenant, segment_id=self.segment_id, contact_ids=ids, at=at)
        return _verdicts(rows, moves, "updated")


class HistoryView(ListView):
    """Who was in a segment at an instant, who had entered last first."""

    scopes = {"GET": "segments:read"}
    row = rows.PastMemberRow
    query = HistoryQuery  # type: ignore[assignment]  # has a parameter that is required
    ordering = ("-at", "-id")

    def rows(self, *, tenant: Tenant, query: Any, segment_id: int) -> QuerySet[Any]:  # type: ignore[override]
        found = _segment(tenant, segment_id)
        return members.entries_standing_at(tenant=tenant, segment_id=found.pk, instant=query.at)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.past_member_row(entry) for entry in found]


class DaysView(TenantAPIView):
    """How many were in a segment, came and went, day by day."""

    scopes = {"GET": "segments:read"}
    query = DaysQuery
    answer = rows.SegmentDays

    def get(self, request: Request, segment_id: int) -> HttpResponse:
        segment = _segment(self.tenant, segment_id)
        today = localtime(self.at, zone(self.tenant.timezone)).date()
        since = self.parameters.from_date or today - timedelta(days=selectors.SPARK_DAYS - 1)
        if not 0 <= (today - since).days < MAX_DAYS:
            detail = f"Ask from a day of the last {MAX_DAYS} on."
            raise _refused("?from", "invalid_range", detail)
        found = days.moves_by_day(tenant=self.tenant, sizes={segment_id: segment.size}, since=since, at=self.at)
        return StructResponse(
            rows.SegmentDays(self.tenant.timezone, [rows.segment_day(day) for day in found[segment_id]])
        )


class ExplainView(TenantAPIView):
    """Why a contact is in a segment, or is not: what each node of the rule finds of her now, and the last move."""

    scopes = {"POST": "segments:read"}
    body = incoming.ContactToExplain
    answer = rows.ExplainAnswer

    def post(self, request: Request, segment_id: int) -> HttpResponse:
        asked = self.read(request, incoming.ContactToExplain)
        segment = _segment(self.tenant, segment_id)
        if find_contact(tenant=self.tenant, contact_id=asked.contact_id) is None:
            raise _refused("/contact_id", "unknown_contact", "There is no such contact.")
        try:
            explained = explanations.explain_contact(
                tenant=self.tenant, segment=segment, contact_id=asked.contact_id, at=self.at
            )
        except InvalidRule as error:
            raise ApiProblem(409, "The saved rule cannot be used any more.", errors=error.errors) from None
        return StructResponse(rows.explain_answer(explained))


def _segment(tenant: Tenant, segment_id: int) -> Segment:
    segment = selectors.segment(tenant=tenant, segment_id=segment_id)
    if segment is None:
        raise Http404
    return segment


def _detail(tenant: Tenant, segment: Segment) -> rows.SegmentDetail:
    newest = selectors.newest_version(tenant=tenant, segment_id=segment.pk)
    users = rule_selectors.used_by(tenant=tenant).get(segment.pk, [])
    return rows.segment_detail(segment, newest=newest, used_by=users)


def _parsed(tenant: Tenant, value: Any) -> Rule:
    return parse_rule(value, known=rule_selectors.known_names(tenant=tenant))


def _refused(pointer: str, code: str, detail: str) -> ApiProblem:
    return ApiProblem(400, "This cannot be used; see errors.", errors=[FieldError(pointer, code, detail)])


def _name_is_taken() -> ApiProblem:
    return _refused("/name", "name_taken", "A segment of this name exists.")


def _verdicts(rows: Sequence[Row], moves: lists.HandMoves, moved: Literal["created", "updated"]) -> list[RowResult]:
    """The first row that names a contact has moved it; later ones find it unchanged."""
    claims = first_claims(moves.moved, [{row.item.contact_id} for row in rows])
    return [
        _verdict(row, moves, moved if is_first else "unchanged") for row, is_first in zip(rows, claims, strict=True)
    ]


def _verdict(row: Row, moves: lists.HandMoves, status: Literal["created", "updated", "unchanged"]) -> RowResult:
    if row.item.contact_id not in moves.unknown:
        return RowResult(row.index, None, status, row.item.contact_id)
    error = FieldError(f"/members/{row.index}/contact_id", "unknown_contact", "There is no such contact.")
    return RowResult(row.index, None, "error", errors=(error,))
