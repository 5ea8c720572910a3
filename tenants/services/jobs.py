"""Long work: asked for in a request, claimed by a worker, done slice by slice, its file deleted in time."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from tenants.jobs import Slice, job_kind
from tenants.models import ApiKey, Job, JobPart, Tenant, User
from tenants.selectors import claimable_jobs, file_parts
from tenants.services.audit import record_act

# how long a worker that says nothing keeps a job; each slice renews it
LEASE = timedelta(seconds=60)
PAUSE = timedelta(seconds=5)
MAX_TRIES = 5
FILE_KEPT_FOR = timedelta(hours=24)
INTERRUPTED = "The work was interrupted again and again."


class NoSuchFile(Exception):
    """The job made no file, or it is over."""


class JobWasTaken(Exception):
    """Another worker has claimed the job since."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job until somebody else gets it."""

    job_id: int
    fence: int
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks for a job and may see it: a member, or a REST client's key."""

    actor: str
    user: User | None = None
    api_key: ApiKey | None = None


def ask_for_job(
    *,
    tenant: Tenant,
    kind: str,
    parameters: Mapping[str, Any],
    requester: Requester,
    at: datetime,
    file_name: str = "",
) -> Job:
    """Leave work for a worker; a tick finds it."""
    job: Job = Job.objects.create(
        tenant=tenant,
        kind=kind,
        parameters=dict(parameters),
        file_name=file_name,
        actor=requester.actor,
        created_by=requester.user,
        api_key=requester.api_key,
        created_at=at,
    )
    return job


def claim_job(*, tenant: Tenant, job_id: int) -> Claim | None:
    """Take a job that nobody works on; None where somebody does. To be committed before the first slice."""
    free = claimable_jobs(tenant=tenant).filter(pk=job_id)
    taken = free.update(state=Job.State.RUNNING, fence=F("fence") + 1, tries=F("tries") + 1, lease_until=Now() + LEASE)
    if not taken:
        return None
    fence, tries = Job.objects.for_tenant(tenant).values_list("fence", "tries").get(pk=job_id)
    return Claim(job_id, fence, tries)


def advance_job(*, tenant: Tenant, claim: Claim, at: datetime) -> bool:
    """Do a job's next slice and keep where it ended, in this transaction; whether more is left.

    Raises: JobWasTaken, and whatever the work raises: then the transaction must not be kept.
    """
    job = _claimed(tenant, claim).select_for_update(no_key=True).first()
    if job is None:
        raise JobWasTaken
    kind = job_kind(job.kind)
    if job.total is None:
        job.total = kind.total(tenant=tenant, job=job)
    done = kind.slice(tenant=tenant, job=job, at=at)
    if done.content:
        JobPart.objects.create(tenant=tenant, job=job, number=job.done, content=done.content)
    _keep(tenant, job, done, at)
    return done.place is not None


def rest_job(*, tenant: Tenant, claim: Claim) -> None:
    """Give a job back, so that whoever comes next goes on with it."""
    _claimed(tenant, claim).update(lease_until=None)


def fail_job(*, tenant: Tenant, claim: Claim, error: str, at: datetime) -> None:
    """Note that a try failed and why; it is tried again after a pause, at most MAX_TRIES times without progress."""
    if claim.tries < MAX_TRIES:
        _claimed(tenant, claim).update(error=error[:300], lease_until=Now() + PAUSE * claim.tries)
    elif _claimed(tenant, claim).update(state=Job.State.FAILED, error=error[:300], lease_until=None, finished_at=at):
        JobPart.objects.for_tenant(tenant).filter(job_id=claim.job_id).delete()


def fetch_file(*, tenant: Tenant, job: Job, actor: str, at: datetime, address: str | None = None) -> IO[bytes]:
    """A finished job's file, copied within this transaction into a temporary one; the audit log tells who took it.

    Raises: NoSuchFile
    """
    if not job.has_file_at(at):
        raise NoSuchFile
    record_act(tenant=tenant, at=at, actor=actor, act="job.fetched", target=f"#{job.pk}", address=address)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    file.writelines(file_parts(job=job))
    file.seek(0)
    return file


def expire_jobs(*, tenant: Tenant, at: datetime) -> int:
    """Delete the files whose time is over; of how many jobs."""
    over = Job.objects.for_tenant(tenant).filter(state=Job.State.DONE, expires_at__lte=at)
    ids = list(over.select_for_update(no_key=True).values_list("pk", flat=True))
    JobPart.objects.for_tenant(tenant).filter(job_id__in=ids).delete()
    return int(Job.objects.for_tenant(tenant).filter(pk__in=ids).update(state=Job.State.EXPIRED))


def _claimed(tenant: Tenant, claim: Claim) -> QuerySet[Job]:
    rows: QuerySet[Job] = Job.objects.for_tenant(tenant)
    return rows.filter(pk=claim.job_id, fence=claim.fence, state=Job.State.RUNNING)


def _keep(tenant: Tenant, job: Job, done: Slice, at: datetime) -> None:
    ended: dict[str, Any] = {}
    if done.place is None:
        expires_at = at + FILE_KEPT_FOR if job.file_name else None
        ended = {"state": Job.State.DONE, "finished_at": at, "expires_at": expires_at, "error": ""}
    Job.objects.for_tenant(tenant).filter(pk=job.pk).update(
        done=job.done + done.done,
        total=job.total,
        place=done.place,
        outcome=dict(Counter(job.outcome) + Counter(done.counts)),
        tries=0,
        lease_until=None if ended else Now() + LEASE,
        **ended,
    )
