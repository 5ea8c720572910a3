"""Two worker processes, ten SOPs, the same people, one message a day: nobody gets two."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from sop.models import CapUse, Touchpoint
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.sop.ledger.floor import lay_sop, make_people, set_cap

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parents[3]
PEOPLE, SOPS = 2_000, 10
WORKER = """
import sys, django
django.setup()
from django.utils import timezone
from sop.services.running import run_sop
from tenants.models import Tenant
from tests.sop.ledger.provider import Provider
tenant, provider = Tenant.objects.get(), Provider()
sops = [int(one) for one in sys.argv[1:]]
print("ready", flush=True)
sys.stdin.readline()
while sops:
    sops = [one for one in sops if run_sop(tenant=tenant, sop_id=one, transport=provider, clock=timezone.now)]
print(provider.sent)
"""


def test_nobody_gets_more_than_the_cap_from_ten_sops_and_two_processes(acme: Tenant) -> None:
    set_cap(acme, 1)
    people, due_at = make_people(acme, count=PEOPLE), timezone.now()
    sops = [lay_sop(acme, people, name=f"SOP {n}", due_at=due_at).sop.pk for n in range(SOPS)]

    workers = [start(order) for order in (sops, sops[::-1])]
    assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 2
    for worker in workers:  # both are there: off
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    sent = [int(worker.communicate(timeout=300)[0]) for worker in workers]

    with tenant_transaction(acme.pk):
        rows = list(Touchpoint.objects.for_tenant(acme).values_list("state", "reason", "contact_id", "cap_date"))
        uses = list(CapUse.objects.for_tenant(acme).values_list("used", flat=True))
    by_day = Counter((contact_id, day) for state, _, contact_id, day in rows if state == "sent")
    states = Counter((state, reason) for state, reason, _, _ in rows)
    assert set(by_day.values()) == {1}
    assert {contact_id for contact_id, _ in by_day} == {person.pk for person in people}
    assert set(states) == {("sent", ""), ("skipped", "cap")}
    assert sum(states.values()) == PEOPLE * SOPS
    assert sum(sent) == states["sent", ""] == sum(uses)


def start(sops: list[int]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, *map(str, sops)]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ.copy(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
