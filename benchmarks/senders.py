"""Worker processes that let touchpoints go out through a provider in process, in several ways."""

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.ledger import Job

BATCH = 500
BARE, BATCHES, RUNS = "claim and settle alone", "batches", "whole runs"
# The bare loop: what a batch costs that asks nothing. Parameters: tenant, sop, at, most.
BARE_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT ctid AS place, id FROM sop_touchpoint
    WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s AND state = 'planned' AND run_at <= %(at)s
    ORDER BY run_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE sop_touchpoint t SET state = 'claimed', fence = fence + 1, lease_until = clock_timestamp() + interval '60 s'
FROM due WHERE t.ctid = due.place AND t.id = due.id
RETURNING t.id, t.fence
"""
# parameters: tenant, at, ids, fences (the last two as the text of arrays, which is written fastest)
BARE_SETTLE = """
WITH found AS MATERIALIZED (
    SELECT r.fence, t.place FROM unnest(%(ids)s::bigint[], %(fences)s::int[]) AS r(id, fence)
    CROSS JOIN LATERAL (SELECT ctid AS place FROM sop_touchpoint WHERE tenant_id = %(tenant)s AND id = r.id OFFSET 0) t
)
UPDATE sop_touchpoint t SET state = 'sent', lease_until = NULL, settled_at = %(at)s
FROM found f WHERE t.ctid = f.place AND t.fence = f.fence AND t.state = 'claimed'
"""


@dataclass(frozen=True)
class Drained:
    """What one worker did between two instants of the machine's clock (s)."""

    began: float
    ended: float


class AtOnce:
    """A provider that takes everything at once, in process."""

    honours_keys = True
    tells_outcomes = True
    patience_seconds = 1.0

    def send(self, messages: Sequence[Any]) -> list[Any]:
        """Take all."""
        from sop.transports.base import Outcome, Verdict

        return [Outcome(Verdict.SENT, provider_id=one.key[:20]) for one in messages]

    def deliveries(self, *, account: str, keys: Sequence[str]) -> Mapping[str, Any]:
        """Never asked."""
        return {}


class Senders:
    """Some worker processes that begin together; started once, so that nothing is imported while time is taken."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("fork")
        self.count = count
        self.pool = context.Pool(count, _begin, [context.Barrier(count)])

    def rate(self, way: str, job: Job) -> float:
        """Touchpoints per second, from the first beginning to the last end."""
        drained = self.pool.starmap(_drain, [(way, job)] * self.count, chunksize=1)
        seconds = max(one.ended for one in drained) - min(one.began for one in drained)
        return job.touchpoints / seconds

    def close(self) -> None:
        """End them."""
        self.pool.terminate()
        self.pool.join()


_together: Barrier


def _begin(together: Barrier) -> None:
    from django.db import connections

    global _together  # noqa: PLW0603 - a pool hands its processes nothing else
    _together = together
    for one in connections.all():
        one.connection = None  # the parent's, who goes on with it


def _drain(way: str, job: Job) -> Drained:
    from django.db import connection

    connection.ensure_connection()
    _together.wait(timeout=60)
    began = time.monotonic()
    _WAYS[way](job)
    return Drained(began, time.monotonic())


def _by_batches(job: Job) -> None:
    """The product's batches: claim, write, send, settle."""
    from sop.services.running import Run, run_batch

    run = Run(_tenant(job), job.sop_id, AtOnce())
    while run_batch(run, _clock(job)).claim.is_more:
        pass


def _by_runs(job: Job) -> None:
    """The product's runs, as a task does each: what was left, four batches, when the SOP is due next."""
    from sop.services.running import run_sop

    tenant, transport = _tenant(job), AtOnce()
    while run_sop(tenant=tenant, sop_id=job.sop_id, transport=transport, clock=_clock(job)):
        pass


def _bare(job: Job) -> None:
    """Claim and settle, a statement and a transaction each, and nothing else."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SET jit = off; SET app.tenant_id = '{int(job.tenant_id)}'")
        asked: dict[str, Any] = {"tenant": job.tenant_id, "sop": job.sop_id, "at": job.at, "most": BATCH}
        while True:
            cursor.execute(BARE_CLAIM, asked)
            if not (claimed := cursor.fetchall()):
                break
            ids, fences = (f"{{{','.join(map(str, column))}}}" for column in zip(*claimed, strict=True))
            cursor.execute(BARE_SETTLE, {**asked, "ids": ids, "fences": fences})
        cursor.execute("RESET app.tenant_id")


def _tenant(job: Job) -> Any:
    from tenants.models import Tenant

    return Tenant.objects.get(pk=job.tenant_id)


def _clock(job: Job) -> Callable[[], datetime]:
    return lambda: job.at


_WAYS: Mapping[str, Callable[[Job], None]] = {BARE: _bare, BATCHES: _by_batches, RUNS: _by_runs}
