"""The invented brand as it is loaded: killed half-way, finished, and as a viewer then finds it."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from analytics.cohorts import CohortQuery
from analytics.selectors.cohorts import cohort_table
from analytics.tasks import tick as analytics_tick
from contacts.models import Contact, ContactTag
from orders.models import Order, Refund, Source
from scrm.demo import install
from scrm.demo.haoweidao import slots
from scrm.demo.haoweidao.channels import BY_SLUG
from scrm.demo.haoweidao.world import make_world
from scrm.servers import processes
from segments.models import Segment
from segments.tasks import tick as segments_tick
from sop.models import Enrollment, Sop, Touchpoint
from sop.selectors.reports import sop_report
from sop.services.due import take_due
from sop.services.running import run_sop
from sop.tasks.tick import tick as sop_tick
from sop.transports.simulator.client import Transport
from tenants.context import tenant_transaction
from tenants.models import AuditEntry, Tenant
from tests.sop.ledger.simulators import SimulatorProcess, new_simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]
PEOPLE, PLAYED_DAYS, DAY = 400, 24, timedelta(days=1)
# the command, with less of the past to play; it dies half-way, of messages that are out and not settled
LOAD = f"""
import os, signal, sys, django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from scrm.demo.haoweidao import play, slots
half_way = timezone.now() - timedelta(days={PLAYED_DAYS} / 2)
class Doomed(play.SureSimulator):
    def send(self, messages):
        super().send(messages)
        os.kill(os.getpid(), signal.SIGKILL)
send_before = play.Player.send
def send(player, *, before):
    if before > half_way:
        player.transport = Doomed(player.transport.simulator)
    send_before(player, before=before)
play.Player.send = send
slots.PLAYED_DAYS = {PLAYED_DAYS}
call_command("load_demo", base_url=sys.argv[1], simulator=sys.argv[2], people={PEOPLE})
"""
ROOT = Path(__file__).resolve().parents[3]
# leases that a killed load leaves behind end soon
HASTE = {"SCRM_TOUCH_TIMEOUT_SECONDS": "1", "SCRM_TOUCH_LEASE_SECONDS": "3"}


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    """The provider for trials."""
    process = new_simulator(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def ticking() -> Iterator[list[Any]]:
    """Ticks that run all the while, at today's time; what a dispatcher would have been told."""
    hints: list[Any] = []
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(0.3):
            for tick in (segments_tick, sop_tick, analytics_tick):
                tick()
            hints.extend(take_due(at=timezone.now(), hint_seconds=1))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield hints
    is_over.set()
    thread.join(30)


@pytest.fixture
def brand() -> Tenant:
    """The brand, still empty; the other one is in."""
    brands = install.install_tenants(password="demo", at=timezone.now())
    install.note_loaded(tenant=brands.online_retail, rows=1, at=timezone.now())
    return brands.haoweidao


def load(live_server: Any, simulator: SimulatorProcess) -> str:
    where = {"base_url": live_server.url, "simulator": simulator.url, "people": PEOPLE}
    said = io.StringIO()
    call_command("load_demo", **where, stdout=io.StringIO(), stderr=said)
    return said.getvalue()


def load_half(live_server: Any, simulator: SimulatorProcess) -> None:
    """Load in a process of its own, which is KILLed with half of the past played and messages on their way."""
    command = [sys.executable, "-c", LOAD, live_server.url, simulator.url]
    environment = {**os.environ, **HASTE}
    found = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, timeout=240, check=False)
    assert found.returncode == -signal.SIGKILL


def finish(brand: Tenant, simulator: SimulatorProcess) -> None:
    """What a load left on its way a worker settles, when its lease is over."""
    transport = Transport(url=simulator.url)

    def is_settled() -> bool:
        with tenant_transaction(brand.pk):
            claimed = Touchpoint.objects.for_tenant(brand).filter(state__in=("claimed", "unknown"))
            sop_ids = set(claimed.values_list("sop_id", flat=True))
        for sop_id in sop_ids:
            run_sop(tenant=brand, sop_id=sop_id, transport=transport, clock=timezone.now)
        return not sop_ids

    assert processes.wait_until(is_settled, seconds=30, every_seconds=0.2)


def counts(tenant: Tenant) -> dict[str, int]:
    models = (Contact, Order, Refund, ContactTag, Segment, Sop, Enrollment, Touchpoint)
    with tenant_transaction(tenant.pk):
        return {model.__name__: model.objects.for_tenant(tenant).count() for model in models}


def test_a_load_that_was_killed_is_finished_and_a_viewer_finds_a_brand(
    live_server: Any,
    simulator: SimulatorProcess,
    ticking: list[Any],
    brand: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "PLAYED_DAYS", PLAYED_DAYS)
    load_half(live_server, simulator)
    brand.refresh_from_db()
    is_live_between, hints_between = brand.is_live, len(ticking)
    said = load(live_server, simulator)
    brand.refresh_from_db()
    found = counts(brand)

    again = load(live_server, simulator)

    assert (is_live_between, hints_between, brand.is_live) == (False, 0, True)
    assert f"Loaded 好味道: {found['Contact']:,} people" in said
    assert (again, counts(brand)) == ("", found)
    check_sources(brand, found)
    check_board(brand)
    check_segments(brand)
    check_sops(brand)
    finish(brand, simulator)
    check_messages(brand, simulator)


def check_sources(brand: Tenant, found: dict[str, int]) -> None:
    """What was sent is there, once."""
    with tenant_transaction(brand.pk):
        last_at = Contact.objects.for_tenant(brand).latest("acquired_at").acquired_at
        waiting = Order.objects.for_tenant(brand).filter(contact__isnull=True).count()
        sources = dict(Source.objects.for_tenant(brand).values_list("slug", "name"))
    world = make_world(last_date=last_date(brand), people=PEOPLE)
    people = world.people.between(None, last_at)

    assert PEOPLE * 0.98 < found["Contact"] == len(people)
    assert found["Order"] >= len(world.orders.between(None, last_at))
    assert waiting <= 1
    assert sources == {"mini-program": "小程序", "tmall": "天猫"}


def check_board(brand: Tenant) -> None:
    """Eight channels with cohorts, and ROI as different as channels are."""
    with tenant_transaction(brand.pk):
        table = cohort_table(tenant=brand, query=CohortQuery(as_of=timezone.now(), split_by_channel=True))
    net: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    for row in filter(lambda row: row.channel, table.rows):
        net[row.channel_name] += row.slices["to_date"].net_minor
        cost[row.channel_name] += row.cost_minor

    roi = {name: net[name] / cost[name] for name in cost if cost[name]}
    assert set(cost) == {channel.name for channel in BY_SLUG.values()}
    assert min(roi, key=lambda name: roi[name]) == "直播"
    assert min(roi["老客推荐"], roi["包裹卡"]) > 2 * max(roi["直播"], roi["抖音"])


def check_segments(brand: Tenant) -> None:
    """Every segment has people and follows them."""
    with tenant_transaction(brand.pk):
        segments = list(Segment.objects.for_tenant(brand))

    assert len(segments) == 13 and all(segment.size and segment.build == "idle" for segment in segments)


def check_sops(brand: Tenant) -> None:
    """Reports of months, with reasons for what was not sent; some is due within a day."""
    with tenant_transaction(brand.pk):
        reports = {sop.name: sop_report(tenant=brand, sop_id=sop.pk) for sop in Sop.objects.for_tenant(brand)}
        planned = Touchpoint.objects.for_tenant(brand).filter(state=Touchpoint.State.PLANNED)
        soon = planned.filter(due_at__lte=timezone.now() + timedelta(days=1)).count()
    steps = [step for report in reports.values() for step in report.versions[0].steps]
    reasons = {reason for step in steps for found in step.reasons.values() for reason in found}

    assert len(reports) == 3 and all(report.runs.entered > 20 for report in reports.values())
    assert all(step.states["sent"] > 0.3 * (step.total - step.states["planned"]) for step in steps)
    assert {"late", "no_consent", "ordered"} <= reasons
    assert soon > 0


def check_messages(brand: Tenant, simulator: SimulatorProcess) -> None:
    """Each went out once and at its time; late is only what was due while nothing worked."""
    with tenant_transaction(brand.pk):
        rows = list(Touchpoint.objects.for_tenant(brand).select_related("enrollment"))
    sent = [one for one in rows if one.state == "sent"]
    receipts = [json.loads(line) for line in simulator.file.read_text().splitlines()]

    assert Counter(one.provider_id for one in sent) == Counter(receipt["provider_id"] for receipt in receipts)
    assert not any(receipt["is_duplicate"] for receipt in receipts)
    assert all(one.enrollment.entered_at <= one.settled_at and one.due_at <= one.settled_at for one in sent)
    # what was on its way when the load was killed was asked for, or sent, at the next look
    assert len({one.due_at for one in sent if one.settled_at > one.late_at}) <= 1
    late = {one.due_at for one in rows if one.reason == "late"}
    outage = {at for at in late if slots.had_outage(last_date=last_date(brand), since=at - DAY, until=at + DAY)}
    assert outage and len(late - outage) <= 1


def last_date(brand: Tenant) -> date:
    """The day that the past was invented up to."""
    with tenant_transaction(brand.pk):
        begun = AuditEntry.objects.for_tenant(brand).get(act=install.BEGUN)
    return date.fromisoformat(begun.detail["last_date"])
