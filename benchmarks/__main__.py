"""`python -m benchmarks [orders|cohorts …] [--rounds N]`: run them, print one table, keep it as JSON."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, as_json, as_row, from_json

FOLDER = Path(__file__).parent
NAMES = ("orders", "cohorts", "segments", "touchpoints", "live", "pages", "scale")
CHILD = """
import importlib, json, pathlib, sys
from benchmarks.figures import as_json
name, rounds, answer = sys.argv[1:]
figures = importlib.import_module(f"benchmarks.{name}").run(rounds=int(rounds))
pathlib.Path(answer).write_text(json.dumps([as_json(figure) for figure in figures]))
"""


def main(argv: Sequence[str]) -> int:
    """Run the named benchmarks, each in a process of its own; 1 when a goal was missed."""
    options = parse(argv)
    at, machine = datetime.now(UTC), describe_machine()
    figures = {name: run_apart(name, rounds=options.rounds) for name in options.names or NAMES}
    print_table(figures, title=f"{machine['cpu']}, {machine['cores']} cores, {at:%Y-%m-%d %H:%M} UTC")
    print(f"Kept in {keep(figures, at=at, machine=machine)}")
    return int(any(figure.is_met is False for group in figures.values() for figure in group))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(NAMES)} (all)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; the median counts (3)")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def run_apart(name: str, *, rounds: int) -> list[Figure]:
    """Run one benchmark in a fresh process: settings are read once, and what it made ends with it."""
    print(f"Running {name}, {rounds} rounds …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "figures.json"
        child = subprocess.Popen([sys.executable, "-c", CHILD, name, str(rounds), str(answer)])
        try:
            code = child.wait()
        except KeyboardInterrupt:  # the child was told too, and removes what it made
            child.wait()
            raise
        if code:
            raise subprocess.CalledProcessError(code, name)
        return [from_json(figure) for figure in json.loads(answer.read_text())]


def describe_machine() -> dict[str, Any]:
    """Say what the figures were taken on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": models[0].partition(":")[2].strip() if models else cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory_bytes / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def print_table(figures: dict[str, list[Figure]], *, title: str) -> None:
    """Print every figure in one table."""
    rows = [("figure", "median", "goal", "")]
    rows += [as_row(figure) for group in figures.values() for figure in group]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print(f"\n{title}")
    for name, value, goal, verdict in rows:
        print(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {goal:>{widths[2]}}  {verdict}".rstrip())


def keep(figures: dict[str, list[Figure]], *, at: datetime, machine: dict[str, Any]) -> Path:
    """Write the figures with their rounds to `results/`, one file a run."""
    path = FOLDER / "results" / f"{at:%Y-%m-%d-%H%M%S}.json"
    path.parent.mkdir(exist_ok=True)
    groups = {name: [as_json(figure) for figure in group] for name, group in figures.items()}
    path.write_text(json.dumps({"at": at.isoformat(), "machine": machine, "figures": groups}, indent=1) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
