"""`/sops`: making, publishing and halting them: parse, one call, answer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts.models import Contact
from segments.models import Segment
from sop.api import rows
from sop.drafts import DraftIsInvalid
from sop.incoming import NothingBody, PreviewBody, PublishBody, SopBody, SopEdit, VersionBody
from sop.models import Sop
from sop.selectors import reports, sops
from sop.selectors.previews import preview_draft
from sop.services.editing import create_sop, edit_sop, save_draft
from sop.services.living import SopIsArchived
from sop.services.pausing import SopIsNotPaused, SopIsNotPublished, pause_sop, resume_sop, stop_sop
from sop.services.publishing import CannotPublish, publish_sop
from tenants.api.parsers import read_body
from tenants.api.problems import ApiProblem
from tenants.api.queries import PageQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import given
from tenants.models import Tenant


class SopsQuery(PageQuery, kw_only=True, frozen=True):
    """Filters of the list of SOPs."""

    state: Literal["draft", "published", "paused", "archived"] | None = None


class SopListView(ListView):
    """The tenant's SOPs, newest first."""

    scopes = {"GET": "sops:read", "POST": "sops:write"}
    row = rows.SopApiRow
    query = SopsQuery
    body = SopBody
    answer = rows.SopApiRow

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Sop]:
        return sops.sops(tenant=tenant, state=query.state)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.sop_row(sop) for sop in found]

    def post(self, request: Request) -> HttpResponse:
        """Make an SOP, as a draft."""
        body = self.read(request, SopBody)
        with refusals():
            sop = create_sop(**self.by, name=body.name, description=body.description, draft=body.version)
        return StructResponse(rows.sop_row(sop))


class SopView(TenantAPIView):
    """One SOP."""

    scopes = {"GET": "sops:read", "PATCH": "sops:write"}
    body = SopEdit
    answer = rows.SopApiRow

    def get(self, request: Request, sop_id: int) -> HttpResponse:
        """Read an SOP."""
        return StructResponse(rows.sop_row(_sop(self.tenant, sop_id)))

    def patch(self, request: Request, sop_id: int) -> HttpResponse:
        """Change an SOP's name or description."""
        edit = self.read(request, SopEdit)
        with refusals():
            sop = edit_sop(tenant=self.tenant, sop_id=sop_id, at=self.at, **given(edit))
        return StructResponse(rows.sop_row(sop))


class SopVersionListView(ListView):
    """An SOP's versions with their steps, newest first."""

    scopes = {"GET": "sops:read", "POST": "sops:write"}
    row = rows.SopVersionRow
    ordering = ("-number", "-id")
    body = VersionBody
    answer = rows.SopVersionRow

    def rows(self, *, tenant: Tenant, query: Any, **kwargs: Any) -> QuerySet[Any]:
        sop = _sop(tenant, kwargs["sop_id"])
        return sops.versions_of(tenant=tenant, sop_id=sop.pk)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.version_row(version) for version in found]

    def post(self, request: Request, sop_id: int) -> HttpResponse:
        """Save an SOP's draft, in the place of the one there is."""
        draft = self.read(request, VersionBody)
        with refusals():
            saved = save_draft(**self.by, sop_id=sop_id, draft=draft)
        version = sops.versions_of(tenant=self.tenant, sop_id=sop_id).get(pk=saved.pk)
        return StructResponse(rows.version_row(version))


class SopPreviewView(TenantAPIView):
    """What a draft would send to a contact who enters now, and what is wrong with it; nothing is saved.

    Who may not read contacts sees the fallbacks.
    """

    scopes = {"POST": "sops:read"}
    body = PreviewBody
    answer = rows.DraftPreviewAnswer

    def post(self, request: Request) -> HttpResponse:
        draft, knows = self.read(request, PreviewBody), "contacts:read" in self.caller.scopes
        with refusals():
            preview = preview_draft(tenant=self.tenant, draft=draft, knows_contacts=knows, at=self.at)
        return StructResponse(rows.preview_answer(preview))


class SopPublishView(TenantAPIView):
    """Publish the draft: entries into its segment count from now on; who is inside an older version stays there."""

    scopes = {"POST": "sops:write"}
    body = PublishBody
    answer = rows.PublishAnswer

    def post(self, request: Request, sop_id: int) -> HttpResponse:
        wish = self.read(request, PublishBody) if read_body(request) else PublishBody()
        with refusals():
            published = publish_sop(**self.by, sop_id=sop_id, include_members=wish.include_members)
        return StructResponse(rows.publish_answer(_sop(self.tenant, sop_id), published))


class SopActView(TenantAPIView):
    """An act on one SOP that needs no words."""

    scopes = {"POST": "sops:write"}
    body = NothingBody
    answer = rows.SopApiRow
    act: ClassVar[Callable[..., Sop]]

    def post(self, request: Request, sop_id: int) -> HttpResponse:
        if read_body(request):
            self.read(request, NothingBody)
        with refusals():
            sop = type(self).act(**self.by, sop_id=sop_id)
        return StructResponse(rows.sop_row(sop))


class SopPauseView(SopActView):
    """Send nothing more until it is resumed; people enter and leave meanwhile."""

    act = staticmethod(pause_sop)


class SopResumeView(SopActView):
    """Go on: what is due is sent, what is too late by now is skipped."""

    act = staticmethod(resume_sop)


class SopStopView(SopActView):
    """End it for good: nothing more is sent, and what was planned is cancelled."""

    act = staticmethod(stop_sop)


class SopReportView(TenantAPIView):
    """What became of an SOP's people and messages: entered = waiting + completed + exited, step by step."""

    scopes = {"GET": "sops:read"}
    answer = rows.SopReportAnswer

    def get(self, request: Request, sop_id: int) -> HttpResponse:
        sop = _sop(self.tenant, sop_id)
        return StructResponse(rows.report_answer(sop, reports.sop_report(tenant=self.tenant, sop_id=sop.pk)))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what services refuse into problems."""
    try:
        yield
    except (Sop.DoesNotExist, Segment.DoesNotExist, Contact.DoesNotExist):
        raise Http404 from None
    except DraftIsInvalid as invalid:
        raise ApiProblem(400, "The SOP cannot be kept like this; see errors.", errors=invalid.errors) from None
    except CannotPublish as refused:
        raise ApiProblem(409, "The SOP cannot be published yet; see errors.", errors=refused.errors) from None
    except SopIsArchived:
        raise ApiProblem(409, "The SOP was stopped for good; make a new one.") from None
    except SopIsNotPublished:
        raise ApiProblem(409, "Only a published SOP can be paused.") from None
    except SopIsNotPaused:
        raise ApiProblem(409, "Only a paused SOP can be resumed.") from None


def _sop(tenant: Tenant, sop_id: int) -> Sop:
    sop = sops.sop(tenant=tenant, sop_id=sop_id)
    if sop is None:
        raise Http404
    return sop
