"""A kind of job for tests: it counts to ten by threes and writes each number down; and one that always fails."""

from typing import Any

from tenants.jobs import Slice

LAST = 10
STEP = 3


class Counting:
    """Counts from 1 to LAST."""

    def total(self, *, tenant: Any, job: Any) -> int:
        return LAST

    def slice(self, *, tenant: Any, job: Any, at: Any) -> Slice:
        first = job.place or 1
        numbers = range(first, min(first + STEP, LAST + 1))
        content = "".join(f"{number}\n" for number in numbers).encode()
        after = numbers[-1] + 1
        even = sum(number % 2 == 0 for number in numbers)
        return Slice(len(numbers), after if after <= LAST else None, content, {"even": even})


class Failing:
    """Fails where three are done."""

    def total(self, *, tenant: Any, job: Any) -> int:
        return LAST

    def slice(self, *, tenant: Any, job: Any, at: Any) -> Slice:
        if job.place:
            raise ZeroDivisionError("no more fingers")
        return Slice(3, 4, b"1\n2\n3\n")


def finish(tenant: Any, job_id: int) -> Any:
    """What the workers do, until the job is over; the job then."""
    from tenants.context import tenant_transaction
    from tenants.models import Job
    from tenants.tasks import run_job

    while True:
        run_job(tenant_id=tenant.pk, job_id=job_id)
        with tenant_transaction(tenant.pk):
            job = Job.objects.for_tenant(tenant).get(pk=job_id)
        if job.state not in Job.OPEN:
            return job
