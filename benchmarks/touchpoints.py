"""Touchpoints per second: the product's batches beside claim and settle alone, and beside a Celery task for each.

SIZE=people (default 30,000), each with a touchpoint due: of a hundred, eight must not go out and two people have a
second one. The provider answers at once, in process. Tasks are counted while a worker drains a queue that was filled
before (a tenth as many). Whatever sends, the same touchpoints end the same: it is checked.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from benchmarks.cohorts import inside
from benchmarks.figures import Figure
from benchmarks.ledger import Brand, Job, execute
from benchmarks.place import make_place
from benchmarks.senders import BARE, BATCHES, RUNS, Senders
from benchmarks.sizes import asked_size

SIZE = max(1_000, asked_size(30_000) // 1_000 * 1_000)
ONE, TWO = "1 worker", "2 workers"
TASKS = "a Celery task each"
PATIENCE_SECONDS = 600
# parameters of all: tenant, sop
_DUE = "SELECT id FROM sop_touchpoint WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s ORDER BY id"
_OPEN = """
SELECT count(*) FROM sop_touchpoint
WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s AND state IN ('planned', 'claimed')
"""
_SETTLED = """
SELECT extract(epoch FROM settled_at)::float8 FROM sop_touchpoint
WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s ORDER BY settled_at
"""


def run(*, rounds: int) -> list[Figure]:
    """Measure every way once a round, with one worker process and with two; a round before the first is not counted."""
    make_place()
    brand = Brand("bench", people=SIZE)
    with (
        celery_worker(1) as plain,
        celery_worker(2) as plain_two,
        closing(Senders(1)) as one,
        closing(Senders(2)) as two,
    ):
        found = [one_round(brand, {ONE: one, TWO: two}, {ONE: plain, TWO: plain_two}) for _ in range(rounds + 1)][1:]
    rates = {name: [each[name] for each in found] for name in found[0]}
    return [*ratios(rates), *(Figure(f"touchpoints: {name}", "/s", values) for name, values in rates.items())]


def one_round(brand: Brand, senders: dict[str, Senders], plain: dict[str, str]) -> dict[str, float]:
    """Each way once, in turn. Units: touchpoints per second."""
    found = {}
    for way in (BARE, BATCHES, RUNS, TASKS):
        for workers in (ONE, TWO):
            job = brand.lay(people=SIZE // 10 if way == TASKS else SIZE)
            rate = task_rate(brand, job, plain[workers]) if way == TASKS else senders[workers].rate(way, job)
            if way != BARE:
                brand.check(job)
            found[f"{way}, {workers}"] = rate
    print({name: round(rate) for name, rate in found.items()}, flush=True)
    return found


def ratios(rates: dict[str, list[float]]) -> list[Figure]:
    """Round by round, one rate over another."""

    def over(first: str, second: str, goal: float | None = None, unit: str = "") -> Figure:
        values = [a / b for a, b in zip(rates[first], rates[second], strict=True)]
        return Figure(f"touchpoints: {first} ÷ {second}", unit, values, goal)

    return [
        over(f"{BATCHES}, {ONE}", f"{TASKS}, {ONE}", goal=20, unit="×"),
        over(f"{BATCHES}, {TWO}", f"{TASKS}, {TWO}", goal=20, unit="×"),
        over(f"{BATCHES}, {ONE}", f"{BARE}, {ONE}", goal=0.3),
        over(f"{RUNS}, {ONE}", f"{BARE}, {ONE}"),
        over(f"{BATCHES}, {TWO}", f"{BATCHES}, {ONE}", goal=1.5, unit="×"),
        over(f"{BARE}, {TWO}", f"{BARE}, {ONE}", unit="×"),
    ]


@contextmanager
def celery_worker(count: int) -> Iterator[str]:
    """A prefork worker with so many processes that waits for a queue. Yields its name."""
    from benchmarks.one_by_one import app
    from scrm.servers import processes

    name = f"plain{count}@bench"
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.one_by_one", "worker", "--hostname", name]
    command += ["--pool", "prefork", "--concurrency", str(count), "--queues", f"idle{count}", "--loglevel", "ERROR"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with tempfile.TemporaryFile() as log:
        ends_with_us = processes.die_with_parent(os.getpid())
        worker = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=ends_with_us)  # noqa: PLW1509 - no threads
        try:
            if not processes.wait_until(lambda: bool(app.control.ping([name], timeout=1)), seconds=60):
                log.seek(0)
                raise RuntimeError(f"the Celery worker {name} did not begin:\n{log.read().decode()}")
            yield name
        finally:
            worker.terminate()
            worker.wait(timeout=30)


def task_rate(brand: Brand, job: Job, worker: str) -> float:
    """Tasks per second while a worker drains a queue, after its first tenth."""
    from benchmarks.one_by_one import app, touch
    from scrm.servers import processes

    queue = f"sop{job.sop_id}"
    with app.producer_pool.acquire() as producer:
        for touchpoint_id in column(brand, job, _DUE):
            told = (job.tenant_id, touchpoint_id, job.at.isoformat(), brand.tenant.name)
            touch.apply_async(told, queue=queue, producer=producer)
    app.control.add_consumer(queue, destination=[worker], reply=True)
    if not processes.wait_until(lambda: column(brand, job, _OPEN) == [0], seconds=PATIENCE_SECONDS, every_seconds=0.3):
        raise RuntimeError("the Celery worker did not come to an end")
    app.control.cancel_consumer(queue, destination=[worker], reply=True)
    settled = column(brand, job, _SETTLED)
    begun = len(settled) // 10
    return float((len(settled) - begun) / (settled[-1] - settled[begun - 1]))


def column(brand: Brand, job: Job, statement: str) -> list[Any]:
    """One column about a job's touchpoints."""
    with inside(brand.tenant):
        return [value for (value,) in execute(statement, {"tenant": job.tenant_id, "sop": job.sop_id})]
