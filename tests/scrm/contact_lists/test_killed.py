"""Workers on long work are killed, again and again, and what they were asked for is done once."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from contacts.models import TagMove
from scrm.contact_lists.export import ask_for_export
from scrm.contact_lists.filters import ListFilters
from scrm.contact_lists.tagging import ask_for_tagging
from tenants.context import tenant_transaction
from tenants.models import Job
from tenants.services.jobs import Requester, fetch_file
from tests.cast import AT
from tests.segments.audience import people, tag
from tests.tenants.counting import finish

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
PEOPLE, KILLS = 9_000, 3
BOB = Requester(actor="Bob")
WORKER = """
import sys, django
django.setup()
from scrm.contact_lists import export, tagging
from tenants.models import Tenant
from tests.tenants.counting import finish
export.SLICE = tagging.SLICE = 300  # dozens of slices, however fast the machine
tenant_id, job_id = map(int, sys.argv[1:])
finish(Tenant.objects.get(pk=tenant_id), job_id)
"""


def finished_over_dead_workers(tenant: Any, job: Job) -> Job:
    """Let a worker go on until a slice more is done, kill it, and let its lease pass; the last one may finish."""
    for _ in range(KILLS):
        before = now(tenant, job).done
        command = [sys.executable, "-c", WORKER, str(tenant.pk), str(job.pk)]
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy())
        ends_at = time.monotonic() + 60
        while now(tenant, job).done == before and worker.poll() is None and time.monotonic() < ends_at:
            time.sleep(0.005)
        worker.kill()
        assert worker.wait() == -signal.SIGKILL
        with tenant_transaction(tenant.pk):
            Job.objects.for_tenant(tenant).filter(pk=job.pk).update(lease_until=Now())
    assert 0 < now(tenant, job).done < PEOPLE
    done: Job = finish(tenant, job.pk)
    assert (done.state, done.error, done.done) == ("done", "", PEOPLE)
    return done


def now(tenant: Any, job: Job) -> Job:
    with tenant_transaction(tenant.pk):
        found: Job = Job.objects.for_tenant(tenant).get(pk=job.pk)
    return found


def test_a_file_holds_everybody_once(acme: Any) -> None:
    ids = people(acme, PEOPLE)
    with tenant_transaction(acme.pk):
        job = ask_for_export(
            tenant=acme, filters=ListFilters(), columns=["name"], full_phones=True, requester=BOB, at=AT
        )

    done = finished_over_dead_workers(acme, job)

    assert done.finished_at is not None
    with tenant_transaction(acme.pk), fetch_file(tenant=acme, job=done, actor="Bob", at=done.finished_at) as file:
        lines = list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))
    assert [int(line["contact"]) for line in lines] == sorted(ids, reverse=True)


def test_everybody_gets_the_tag_once(acme: Any) -> None:
    vip, ids = tag(acme), people(acme, PEOPLE)
    with tenant_transaction(acme.pk):
        job = ask_for_tagging(tenant=acme, filters=ListFilters(), move="put", tag_id=vip, requester=BOB, at=AT)

    done = finished_over_dead_workers(acme, job)

    with tenant_transaction(acme.pk):
        moved = sorted(TagMove.objects.for_tenant(acme).filter(is_added=True).values_list("contact_id", flat=True))
    assert done.outcome == {"moved": PEOPLE}
    assert moved == ids
