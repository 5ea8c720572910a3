"""`/jobs/{id}`: how far long work is, and its file."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from tenants import selectors
from tenants.addresses import client_address
from tenants.api.authentication import Caller
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView
from tenants.models import Job
from tenants.services.jobs import NoSuchFile, Requester, fetch_file

State = Literal["waiting", "running", "done", "failed", "expired"]


class JobRow(msgspec.Struct, frozen=True):
    """Long work. `total` and `percent` are null until the work has begun; `outcome`: what it has counted, by name."""

    id: int
    kind: str
    state: State
    done: int
    total: int | None
    percent: int | None
    outcome: dict[str, int]
    error: str | None
    errors_url: Annotated[str | None, msgspec.Meta(description="Where rows in error are told, if the kind has any.")]
    result_url: Annotated[str | None, msgspec.Meta(description="The file, from when it is done until `expires_at`.")]
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class JobView(TenantAPIView):
    """How far a job is. Only whoever asked for it finds it, and owners."""

    scopes = {"GET": "contacts:read"}
    answer = JobRow

    def get(self, request: Request, job_id: int) -> HttpResponse:
        return StructResponse(job_row(request, _job(self.caller, job_id), at=self.at))


class JobResultView(TenantAPIView):
    """A job's file, until it expires. Only whoever asked for it finds it, and owners."""

    scopes = {"GET": "contacts:read"}

    def get(self, request: Request, job_id: int) -> HttpResponseBase:
        job = _job(self.caller, job_id)
        try:
            file = fetch_file(**self.by, job=job, address=client_address(request._request))
        except NoSuchFile:
            raise Http404 from None
        return FileResponse(file, as_attachment=True, filename=job.file_name)


def requester(caller: Caller) -> Requester:
    """Who asks for a job over REST."""
    user = caller.membership.user if caller.membership else None
    return Requester(actor=caller.name, user=user, api_key=caller.key)


def job_row(request: Request, job: Job, *, at: datetime) -> JobRow:
    """A job as clients read it; its addresses are below the API that was asked."""
    before, _mark, _after = request._request.build_absolute_uri(request.path).partition("/api/v1/")
    return JobRow(
        id=job.pk,
        kind=job.kind,
        state=job.state,  # type: ignore[arg-type]  # one of Job.State
        done=job.done,
        total=job.total,
        percent=job.percent,
        outcome=job.outcome,
        error=job.error or None,
        errors_url=None,
        result_url=f"{before}/api/v1/jobs/{job.pk}/result" if job.has_file_at(at) else None,
        created_at=job.created_at,
        finished_at=job.finished_at,
        expires_at=job.expires_at,
    )


def _job(caller: Caller, job_id: int) -> Job:
    if caller.membership is not None:
        found = selectors.jobs_of_member(membership=caller.membership)
    else:
        assert caller.key is not None
        found = selectors.jobs_of_key(api_key=caller.key)
    job: Job | None = found.filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job
