"""Long work: which there is, how far one is, and its file."""

from collections.abc import Mapping
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from scrm.console.views import ConsoleRequest, by, console_view, fragment, page
from scrm.console.work.address import wants_fragment
from scrm.contact_lists import tagging
from scrm.figures import number
from tenants.access import BOARD_READERS
from tenants.addresses import client_address
from tenants.models import Job
from tenants.selectors import jobs_of_member
from tenants.services.jobs import NoSuchFile, Requester, fetch_file

_TITLES: Mapping[str, StrOrPromise] = {"contacts.export": gettext_lazy("Export of contacts")}
_TAG_TITLES: Mapping[str, StrOrPromise] = {
    "put": gettext_lazy("Put on the tag %(name)s"),
    "take": gettext_lazy("Take off the tag %(name)s"),
}
_TAG_RESULTS: Mapping[str, StrOrPromise] = {
    "put": gettext_lazy("Put on %(moved)s; %(others)s had it already."),
    "take": gettext_lazy("Taken off %(moved)s; %(others)s did not have it."),
}
NEWEST = 50
# to htmx: the last answer of what is asked for again and again
STOP_POLLING = 286


def requester(request: ConsoleRequest) -> Requester:
    """Who asks for a job in the console."""
    return Requester(actor=str(request.user), user=request.user)


@console_view(roles=BOARD_READERS)
def job_list(request: ConsoleRequest) -> HttpResponse:
    """The newest jobs: one's own, to owners everybody's."""
    now = timezone.now()
    found = jobs_of_member(membership=request.membership)[:NEWEST]
    rows = [(job, _title(job), job.has_file_at(now)) for job in found]
    return page(request, "console/jobs.html", title=_("Jobs"), rows=rows)


@console_view(roles=BOARD_READERS)
def job_page(request: ConsoleRequest, job_id: int) -> HttpResponse:
    """How far a job is; htmx asks again until it is over."""
    job = _job(request, job_id)
    told: dict[str, Any] = {
        "job": job,
        "result": _result(job),
        "has_file": job.has_file_at(timezone.now()),
        "is_open": job.state in Job.OPEN,
    }
    if wants_fragment(request):
        answer = fragment(request, "console/job_state.html", **told)
        answer.status_code = 200 if told["is_open"] else STOP_POLLING
        return answer
    return page(
        request, "console/job.html", title=_title(job), parent_title=_("Jobs"), parent_link=reverse("jobs"), **told
    )


@console_view(roles=BOARD_READERS)
def job_file(request: ConsoleRequest, job_id: int) -> HttpResponseBase:
    """A job's file, until it is over."""
    job = _job(request, job_id)
    try:
        file = fetch_file(**by(request), job=job, address=client_address(request))
    except NoSuchFile:
        raise Http404 from None
    return FileResponse(file, as_attachment=True, filename=job.file_name)


def _title(job: Job) -> StrOrPromise:
    if job.kind == tagging.KIND:
        return _TAG_TITLES[job.parameters["move"]] % {"name": job.parameters["name"]}
    return _TITLES.get(job.kind, job.kind)


def _result(job: Job) -> StrOrPromise:
    """What it did until now, where that is more than its file."""
    if job.kind != tagging.KIND:
        return ""
    moved = job.outcome.get("moved", 0)
    return _TAG_RESULTS[job.parameters["move"]] % {"moved": number(moved), "others": number(job.done - moved)}


def _job(request: ConsoleRequest, job_id: int) -> Job:
    job: Job | None = jobs_of_member(membership=request.membership).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job
