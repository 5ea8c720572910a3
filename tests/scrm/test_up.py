"""`manage.py up` as a person uses it: started, asked twice, hurt, killed, started again, stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from scrm.servers import embedded, postgres, processes, valkey
from scrm.servers.credentials import load_credentials

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
MADE = """
    SELECT system_identifier, (SELECT array_agg(applied ORDER BY id) FROM django_migrations)
    FROM pg_control_system()
"""


@dataclass
class Up:
    """One running `up`."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]

    def children(self, data_dir: Path) -> dict[str, int]:
        return {child["name"]: child["pid"] for child in json.loads((data_dir / "up.json").read_text())}


def environment() -> dict[str, str]:
    """A machine where nobody set anything, with the static files of this run."""
    return {name: value for name, value in os.environ.items() if name not in OURS and name != "SCRM_DATA_DIR"}


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False)


def start(data_dir: Path) -> Up:
    """Run `up` and wait for `ready`."""
    port = processes.free_port()
    command = [sys.executable, "manage.py", "up", "--no-demo", f"--port={port}", f"--data-dir={data_dir}"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.strip())
        if said[-1].startswith("Logs:"):
            return Up(process, port, said)
    raise AssertionError("\n".join(said))


def made(data_dir: Path) -> tuple[Any, ...]:
    """Which cluster it is, and when each migration was applied to its database."""
    admin_url = postgres.admin_url(postgres.locate(data_dir), load_credentials(data_dir))
    with closing(psycopg2.connect(admin_url, dbname=embedded.DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(MADE)
        return tuple(cursor.fetchall())


def finish(up: Up) -> list[str]:
    """Press Ctrl-C; what was still said."""
    up.process.send_signal(signal.SIGINT)
    said, _ = up.process.communicate(timeout=30)
    return said.strip().splitlines()


def running(data_dir: Path) -> list[str]:
    """Processes that name the data directory, or belong to its `up`."""
    lines = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if str(data_dir) in line and "pytest" not in line]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="scrm-up-"))
    directory.chmod(0o711)
    yield directory
    embedded.destroy(directory)
    shutil.rmtree(directory, ignore_errors=True)


def test_up_reaches_ready_and_ctrl_c_leaves_nothing(data_dir: Path) -> None:
    up = start(data_dir)
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/readyz") as response:
        ready = json.load(response)["status"]
    children = up.children(data_dir)

    said = finish(up)

    assert ("ready" in up.said, ready, said) == (True, "ok", ["Stopping …"])
    assert sorted(children) == ["beat", "simulator", "touch", "web", "worker"]
    assert not any(processes.is_alive(pid) for pid in children.values())
    assert running(data_dir) == []
    assert (up.process.returncode, (data_dir / "up.json").exists()) == (0, False)


def test_up_refuses_a_second_one_restarts_the_dead_and_survives_its_own_kill(data_dir: Path) -> None:
    first = start(data_dir)
    made_once = made(data_dir)
    second = manage("up", f"--data-dir={data_dir}", "--no-demo")
    beat = first.children(data_dir)["beat"]
    os.kill(beat, signal.SIGKILL)
    restarted = first.process.stdout.readline() if first.process.stdout else ""
    postgres_pid = postgres.running_pid(postgres.locate(data_dir)) or 0
    os.kill(postgres_pid, signal.SIGKILL)
    revived = first.process.stdout.readline() if first.process.stdout else ""
    assert processes.wait_until(lambda: first.children(data_dir)["beat"] != beat, seconds=10)
    children = first.children(data_dir)
    first.process.kill()
    first.process.communicate()
    orphans_left = not processes.wait_until(
        lambda: not any(processes.is_alive(pid) for pid in children.values()), seconds=15
    )

    third = start(data_dir)
    made_in_all = made(data_dir)
    said = finish(third)

    assert (second.returncode, "SCRM already runs from" in second.stderr) == (1, True)
    assert restarted.startswith("beat ended (SIGKILL); starting it again.")
    assert revived.strip() == "PostgreSQL had ended; started it again."
    assert not orphans_left
    assert (said, running(data_dir)) == (["Stopping …"], [])
    assert made_in_all == made_once
    assert "Collected the static files." not in third.said


def test_up_says_that_the_port_is_taken(data_dir: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        refused = manage("up", f"--data-dir={data_dir}", f"--port={port}", "--no-demo")

    assert refused.returncode == 1
    assert f"Port {port} is in use" in refused.stderr and f"make up PORT={port + 1}" in refused.stderr
    assert running(data_dir) == []


def test_any_command_finds_the_servers_of_the_data_directory(data_dir: Path) -> None:
    command = (
        "from django.db import connection; cursor = connection.cursor();"
        "cursor.execute('SELECT current_user'); print(cursor.fetchone()[0])"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=ROOT,
        env=environment() | {"SCRM_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["scrm_app"])
    assert postgres.running_pid(postgres.locate(data_dir)) is None
    assert not valkey.is_running(valkey.locate(data_dir))
