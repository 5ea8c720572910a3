"""`make chaos`: touchpoints go out while everything is killed; then the ledger is compared with the receipts.

Workers and beats die by KILL, at random and at named points; the broker is emptied; PostgreSQL is stopped in immediate
mode; the provider is slow, answers 429 and 500, refuses people, and drops connections after it has accepted.
Exits with 1 when anything was lost, delivered twice, or left without a word.
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BATCH = 20
RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
ENVIRONMENT = {
    "SCRM_TOUCH_BATCH": str(BATCH),
    "SCRM_TOUCH_LEASE_SECONDS": "3",
    "SCRM_TOUCH_TIMEOUT_SECONDS": "1",
    "SCRM_TOUCH_RETRY_SECONDS": "0.5",
}
POINTS = {"claimed": 0.01, "accepted": 0.04, "settling": 0.01, "settled": 0.03}
FAULTS: list[dict[str, Any]] = [
    {},
    {"slow_ms": 100},
    {"error_429": {"rate": 0.1, "retry_after": 1}},
    {"error_500": 0.1},
    {"drop_after_accept": 0.15},
    {"slow_ms": 1_500},
]


def main(argv: list[str]) -> int:
    """Run it and print the account."""
    options = parse(argv)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SCRM_SIMULATOR_URL", "SCRM_TRANSPORT"):
        os.environ.pop(name, None)
    os.environ.update(ENVIRONMENT)
    if options.keys_only:
        os.environ["SCRM_TRANSPORT"] = "tests.chaos.transports.KeysOnly"
    from scrm.servers.processes import exit_on_signals
    from tests.environment import choose_environment, remove_data_dir

    exit_on_signals()
    run = choose_environment()
    try:
        figures = chaos(run, options)
    finally:
        remove_data_dir(run)
    print(json.dumps(figures, indent=1))
    if options.keep:
        path = RESULTS / f"chaos-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.json"
        path.write_text(json.dumps(figures, indent=1) + "\n")
        print(f"Kept in {path.relative_to(RESULTS.parents[1])}")
    return int(not figures["held"])


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=5_000, help="how many are to go out (5000)")
    parser.add_argument("--kills", type=int, default=100, help="KILLs at least (100)")
    parser.add_argument("--restarts", type=int, default=2, help="immediate restarts of PostgreSQL (2)")
    parser.add_argument("--seconds", type=int, default=120, help="over how long touchpoints fall due (120)")
    parser.add_argument("--seed", type=int, default=None, help="of the dice (another each time)")
    parser.add_argument("--keys-only", action="store_true", help="the provider honours keys and cannot be asked")
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results")
    return parser.parse_args(argv)


def chaos(run: Any, options: argparse.Namespace) -> dict[str, Any]:
    """One whole run; its figures."""
    from scrm.servers import processes as system
    from tests.chaos.place import Place
    from tests.sop.ledger.simulators import SimulatorProcess

    random.seed(options.seed)
    simulator = SimulatorProcess(run.data_dir / "receipts.jsonl", system.free_port())
    os.environ["SCRM_SIMULATOR_URL"] = simulator.url
    place, began = Place(run, simulator), time.monotonic()
    try:
        place.start_servers()
        simulator.start()
        sops = plan(options)
        place.start_processes(points=POINTS)
        counts = havoc(place, sops, options)
        drained_seconds = drain(place, sops)
        return account(place, sops, options, counts) | {
            "drained_after_seconds": round(drained_seconds),
            "seconds": round(time.monotonic() - began),
        }
    finally:
        place.end()


def plan(options: argparse.Namespace) -> list[Any]:
    """Two brands, five SOPs each, falling due little by little; some people will be refused."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.db.models import F
    from django.utils import timezone

    from sop.models import Touchpoint
    from tenants.context import tenant_transaction
    from tenants.models import Tenant
    from tests.sop.ledger.floor import lay_sop, make_people, set_cap

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    connections["owner"].close()
    per_sop, begin = options.touchpoints // 10, timezone.now() + timedelta(seconds=5)
    laid = []
    for slug in ("acme", "globex"):
        tenant = Tenant.objects.create(slug=slug, name=slug.title(), timezone="Asia/Shanghai", currency="CNY")
        set_cap(tenant, 100)
        people = make_people(tenant, count=per_sop)
        laid += [lay_sop(tenant, people, name=f"SOP {n}", due_at=begin) for n in range(5)]
        with tenant_transaction(tenant.pk):
            rows = Touchpoint.objects.for_tenant(tenant)
            for second in range(options.seconds):
                late = rows.annotate(turn=F("id") % options.seconds).filter(turn=second)
                late.update(run_at=begin + timedelta(seconds=second))
    return laid


def havoc(place: Any, sops: list[Any], options: argparse.Namespace) -> dict[str, int]:
    """Kill, flush and restart while touchpoints fall due, and go on until there were enough kills."""
    from tests.chaos.place import pause

    counts: Counter[str] = Counter()
    refused = [str(laid.rows()[0].contact_id) for laid in (sops[0], sops[5])]
    ends_at, gap = time.monotonic() + options.seconds, options.seconds / (options.kills * 1.2)
    restarts_at = [
        time.monotonic() + options.seconds * (n + 1) / (options.restarts + 1) for n in range(options.restarts)
    ]
    flushes_at = [time.monotonic() + options.seconds * share for share in (0.25, 0.6)]
    quiet = threading.Event()
    provider = threading.Thread(target=misbehave, args=(place.simulator, refused, quiet))
    provider.start()
    while time.monotonic() < ends_at or (
        counts["kills"] + len(place.named_deaths()) < options.kills and time.monotonic() < ends_at + options.seconds
    ):
        pause(gap)
        counts[strike(place)] += 1
        counts["kills"] = sum(counts[name] for name in ("child", "worker", "beat"))
        if restarts_at and time.monotonic() > restarts_at[0]:
            restarts_at.pop(0)
            place.restart_database()
            counts["restarts"] += 1
        if flushes_at and time.monotonic() > flushes_at[0]:
            flushes_at.pop(0)
            place.flush_broker()
            counts["flushes"] += 1
        place.keep_alive()
    quiet.set()
    provider.join()
    os.environ["CHAOS_POINTS"] = ""
    return dict(counts)


def strike(place: Any) -> str:
    """KILL something: mostly a process that works, sometimes a whole worker or a beat. What was killed."""
    kind = random.choices(["child", "worker", "beat"], [8, 1, 1])[0]
    chosen = [one for one in place.processes if one.name.startswith("beat") == (kind == "beat")]
    if kind == "child":
        chosen = [one for one in chosen if one.name.startswith("touch")]
    return kind if random.choice(chosen).kill(only_child=kind == "child") else "missed"


def misbehave(simulator: Any, refused: list[str], quiet: threading.Event) -> None:
    """Change the provider's mood every second or two, until told to be quiet."""
    while not quiet.wait(random.uniform(0.5, 2)):
        simulator.misbehave(refuse=refused, **random.choice(FAULTS))
    simulator.misbehave(refuse=refused)


def drain(place: Any, sops: list[Any], *, most_seconds: float = 240) -> float:
    """Leave everything in peace until nothing is open; after how long (s)."""
    from django.db import connections

    from tests.chaos.verdict import OPEN

    connections.close_all()
    began = time.monotonic()
    while time.monotonic() - began < most_seconds:
        place.keep_alive()
        if not any(state in OPEN for laid in sops for state, _ in laid.states()):
            break
        time.sleep(1)
    return time.monotonic() - began


def account(place: Any, sops: list[Any], options: argparse.Namespace, counts: dict[str, int]) -> dict[str, Any]:
    """The figures of a run, and whether every promise held."""
    from tests.chaos.verdict import compare

    tenants = list({laid.tenant.pk: laid.tenant for laid in sops}.values())
    told = compare(tenants, place.simulator.receipts())
    named = Counter(place.named_deaths())
    kills = counts["kills"] + sum(named.values())
    zeros = ("lost", "effective_duplicates", "untold", "misstated", "open_at_the_end", "without_reason", "caps_wrong")
    figures = asdict(told)
    is_held = (
        all(figures[name] == 0 for name in zeros)
        and figures["raw_duplicates"] <= kills * BATCH
        and figures["touchpoints"] == options.touchpoints
        and kills >= options.kills
        and counts.get("restarts", 0) == options.restarts
    )
    return {
        "held": is_held,
        "provider": "honours keys" if options.keys_only else "honours keys and tells outcomes",
        "kills": kills,
        "kills_by_kind": {name: counts.get(name, 0) for name in ("child", "worker", "beat")} | dict(named),
        "restarts_of_postgresql": counts.get("restarts", 0),
        "flushes_of_the_broker": counts.get("flushes", 0),
        "in_flight_per_worker": BATCH,
        "receipts": len(place.simulator.receipts()),
        **figures,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
