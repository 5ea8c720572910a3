"""The base of every Celery task: it works for one tenant, or says that it is a system task. And the tasks of jobs."""

import logging
import time
from collections.abc import Callable
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from tenants.context import TenantContextMissing, tenant_transaction
from tenants.models import Tenant
from tenants.selectors import claimable_jobs
from tenants.services.jobs import (
    INTERRUPTED,
    MAX_TRIES,
    Claim,
    JobWasTaken,
    advance_job,
    claim_job,
    expire_jobs,
    fail_job,
    rest_job,
)

# a job lets others pass after this long
RUN_SECONDS = 2.0

logger = logging.getLogger(__name__)


class JobIsHopeless(Exception):
    """Every worker that took the job died over it."""


class TenantTask(Task):  # type: ignore[type-arg]
    """Opens the tenant's transaction around `run`.

    A task is called with `tenant_id=…`. A tick that visits all tenants is declared with `system=True` and opens its
    own contexts.

    Raises: TenantContextMissing when neither is said.
    """

    abstract = True
    system = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.system:
            return super().__call__(*args, **kwargs)
        tenant_id = kwargs.pop("tenant_id", None)
        if tenant_id is None:
            raise TenantContextMissing(f"{self.name} was called without tenant_id")
        with tenant_transaction(tenant_id):
            return super().__call__(*args, tenant_id=tenant_id, **kwargs)


def first_line(error: Exception) -> str:
    """What an error says, less what a database adds to it: values, and the statement."""
    return str(error).partition("\n")[0]


def visit_tenants(name: str, work: Callable[[Tenant], bool], *, only_live: bool = True) -> None:
    """Do a tick's work in each tenant, a transaction a time, until it says that nothing waits there any more.

    `only_live` may be false for work in which the clock has no part. One tenant's trouble is logged under the tick's
    name and is not another's.
    """
    for tenant in Tenant.objects.filter(**{"is_live": True} if only_live else {}).order_by("pk"):
        try:
            is_waiting = True
            while is_waiting:
                with tenant_transaction(tenant.pk):
                    is_waiting = work(tenant)
        except Exception:
            logger.exception("%s failed for tenant %s", name, tenant.pk)


@shared_task(name="jobs.tick", base=TenantTask, system=True)
def tick_jobs() -> None:
    """Tell workers of the jobs that nobody works on; a hint too many finds nothing to claim."""
    waiting: list[tuple[int, int]] = []

    def look(tenant: Tenant) -> bool:
        waiting.extend((tenant.pk, job_id) for job_id in claimable_jobs(tenant=tenant).values_list("pk", flat=True))
        return False

    visit_tenants("jobs.tick", look)
    for tenant_id, job_id in waiting:
        run_job.apply_async(kwargs={"tenant_id": tenant_id, "job_id": job_id}, expires=5)


@shared_task(name="jobs.run", base=TenantTask, system=True)
def run_job(*, tenant_id: int, job_id: int) -> None:
    """Work on one job for a while, a transaction a slice, then go to the end of the queue."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_transaction(tenant_id):
        claim = claim_job(tenant=tenant, job_id=job_id)
    if claim is None:
        return
    try:
        has_more = _work(tenant, claim)
    except JobWasTaken:
        logger.info("job %s of tenant %s was taken over", job_id, tenant_id)
    except Exception as error:
        logger.exception("job %s of tenant %s failed", job_id, tenant_id)
        with tenant_transaction(tenant_id):
            fail_job(tenant=tenant, claim=claim, error=first_line(error), at=timezone.now())
    else:
        if has_more:
            run_job.delay(tenant_id=tenant_id, job_id=job_id)


@shared_task(name="jobs.expire", base=TenantTask, system=True)
def expire() -> None:
    """Delete every tenant's job files whose time is over."""

    def delete(tenant: Tenant) -> bool:
        expire_jobs(tenant=tenant, at=timezone.now())
        return False

    visit_tenants("jobs.expire", delete)


def _work(tenant: Tenant, claim: Claim) -> bool:
    """Slices until the job is done or its time is up; whether more is left."""
    if claim.tries > MAX_TRIES:
        raise JobIsHopeless(INTERRUPTED)
    until = time.monotonic() + RUN_SECONDS
    has_more = True
    while has_more and time.monotonic() < until:
        with tenant_transaction(tenant.pk):
            has_more = advance_job(tenant=tenant, claim=claim, at=timezone.now())
    if has_more:
        with tenant_transaction(tenant.pk):
            rest_job(tenant=tenant, claim=claim)
    return has_more
