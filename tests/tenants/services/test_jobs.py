"""Jobs: claimed by one worker, gone on with by another, their files kept for a day."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants import tasks
from tenants.context import tenant_transaction
from tenants.models import AuditEntry, Job, JobPart
from tenants.selectors import claimable_jobs
from tenants.services.jobs import (
    FILE_KEPT_FOR,
    MAX_TRIES,
    Claim,
    JobWasTaken,
    NoSuchFile,
    Requester,
    advance_job,
    ask_for_job,
    claim_job,
    expire_jobs,
    fetch_file,
    rest_job,
)
from tests.cast import AT
from tests.tenants.counting import finish

NUMBERS = "".join(f"{number}\n" for number in range(1, 11)).encode()


@pytest.fixture(autouse=True)
def kinds(settings: Any) -> None:
    settings.JOB_KINDS = {
        "count": "tests.tenants.counting.Counting",
        "fail": "tests.tenants.counting.Failing",
    }


def asked(tenant: Any, kind: str = "count", **fields: Any) -> Job:
    with tenant_transaction(tenant.pk):
        return ask_for_job(
            tenant=tenant, kind=kind, parameters={}, requester=Requester(actor="Bob"), at=AT, file_name="numbers.txt",
            **fields,
        )  # fmt: skip


def claimed(tenant: Any, job: Job) -> Claim | None:
    with tenant_transaction(tenant.pk):
        return claim_job(tenant=tenant, job_id=job.pk)


def advanced(tenant: Any, claim: Claim) -> bool:
    with tenant_transaction(tenant.pk):
        return advance_job(tenant=tenant, claim=claim, at=AT)


def now(tenant: Any, job: Job) -> Any:
    with tenant_transaction(tenant.pk):
        return Job.objects.for_tenant(tenant).get(pk=job.pk)


def let_the_lease_end(tenant: Any, job: Job) -> None:
    with tenant_transaction(tenant.pk):
        past = timezone.now() - timedelta(seconds=1)
        Job.objects.for_tenant(tenant).filter(pk=job.pk).update(lease_until=past)


def text(tenant: Any, job: Job, *, at: Any = AT) -> bytes:
    with tenant_transaction(tenant.pk), fetch_file(tenant=tenant, job=job, actor="Bob", at=at) as file:
        return file.read()


def test_a_job_is_done_slice_by_slice_and_shows_how_far_it_is(acme: Any) -> None:
    job = asked(acme)
    claim = claimed(acme, job)
    assert claim is not None
    seen = [(job.state, job.done, job.percent)]

    while advanced(acme, claim):
        job = now(acme, job)
        seen.append((job.state, job.done, job.percent))

    job = now(acme, job)
    assert seen == [("waiting", 0, None), ("running", 3, 30), ("running", 6, 60), ("running", 9, 90)]
    assert (job.state, job.done, job.total, job.percent, job.outcome) == ("done", 10, 10, 100, {"even": 5})
    assert (job.finished_at, job.expires_at) == (AT, AT + FILE_KEPT_FOR)
    assert text(acme, job) == NUMBERS


def test_nobody_else_takes_a_job_that_somebody_works_on(acme: Any) -> None:
    job = asked(acme)

    assert [claimed(acme, job) is None for _ in range(2)] == [False, True]


def test_after_the_lease_another_worker_goes_on_and_the_first_changes_nothing(acme: Any) -> None:
    job = asked(acme)
    first = claimed(acme, job)
    assert first is not None
    advanced(acme, first)
    let_the_lease_end(acme, job)

    second = claimed(acme, job)
    assert second is not None
    with pytest.raises(JobWasTaken):
        advanced(acme, first)
    while advanced(acme, second):
        pass

    assert text(acme, now(acme, job)) == NUMBERS


def test_of_two_workers_at_once_one_gets_the_job(acme: Any) -> None:
    job = asked(acme)
    got: list[Claim | None] = []
    start = threading.Barrier(2)

    def take() -> None:
        start.wait()
        got.append(claimed(acme, job))
        connection.close()

    workers = [threading.Thread(target=take) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(claim is None for claim in got) == [False, True]


def test_a_job_given_back_is_gone_on_with(acme: Any) -> None:
    job = asked(acme)
    claim = claimed(acme, job)
    assert claim is not None
    advanced(acme, claim)
    with tenant_transaction(acme.pk):
        rest_job(tenant=acme, claim=claim)

    done = finish(acme, job.pk)
    assert done.outcome == {"even": 5}
    assert text(acme, done, at=done.finished_at) == NUMBERS


def test_a_job_that_fails_is_tried_again_and_then_says_why(acme: Any) -> None:
    job = asked(acme, "fail")
    tried = 0
    while now(acme, job).state in Job.OPEN:
        tasks.run_job(tenant_id=acme.pk, job_id=job.pk)
        let_the_lease_end(acme, job)
        tried += 1

    job = now(acme, job)
    # the first try got three done
    assert (tried, job.state, job.error, job.done) == (1 + MAX_TRIES, "failed", "no more fingers", 3)
    with tenant_transaction(acme.pk):
        assert not JobPart.objects.for_tenant(acme).exists()
        with pytest.raises(NoSuchFile):
            fetch_file(tenant=acme, job=job, actor="Bob", at=AT)


def test_a_job_over_which_every_worker_dies_ends(acme: Any) -> None:
    job = asked(acme)
    for _ in range(MAX_TRIES):
        assert claimed(acme, job)
        let_the_lease_end(acme, job)

    tasks.run_job(tenant_id=acme.pk, job_id=job.pk)

    job = now(acme, job)
    assert (job.state, job.error) == ("failed", "The work was interrupted again and again.")


def test_a_file_is_over_after_a_day(acme: Any) -> None:
    job = finish(acme, asked(acme).pk)
    with tenant_transaction(acme.pk):
        early = expire_jobs(tenant=acme, at=job.expires_at - timedelta(seconds=1))
        with pytest.raises(NoSuchFile):
            fetch_file(tenant=acme, job=job, actor="Bob", at=job.expires_at)
        late = expire_jobs(tenant=acme, at=job.expires_at)

        assert (early, late) == (0, 1)
        assert not JobPart.objects.for_tenant(acme).exists()
    assert now(acme, job).state == "expired"


def test_who_fetches_a_file_is_in_the_audit_log(acme: Any) -> None:
    job = finish(acme, asked(acme).pk)

    text(acme, job, at=job.finished_at)

    with tenant_transaction(acme.pk):
        entries = AuditEntry.objects.for_tenant(acme).values_list("act", "actor", "target")
        assert list(entries) == [("job.fetched", "Bob", f"#{job.pk}")]


def test_the_ticks_find_what_waits_and_what_is_over(acme: Any, globex: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, done = asked(acme), asked(globex)
    finish(globex, done.pk)
    with tenant_transaction(globex.pk):
        Job.objects.for_tenant(globex).update(expires_at=AT)

    tasks.tick_jobs()
    tasks.expire()

    with tenant_transaction(acme.pk):
        assert list(claimable_jobs(tenant=acme)) == [waiting]
    assert now(globex, done).state == "expired"
