"""The embedded servers: started, shared, killed, found again, stopped."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from redis import Redis

from scrm.servers import accounts, embedded, locks, postgres, processes, provision, valkey
from scrm.servers.credentials import load_credentials
from scrm.servers.errors import ServerError

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def initialized() -> Iterator[Path]:
    """A data directory whose cluster exists and does not run."""
    data_dir = Path(tempfile.mkdtemp(prefix="scrm-servers-"))
    data_dir.chmod(0o711)
    embedded.leave(embedded.join(data_dir))
    yield data_dir
    embedded.destroy(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture
def data_dir(initialized: Path) -> Iterator[Path]:
    """The same directory, with nothing running before and after."""
    yield initialized
    embedded.stop(initialized)


def pids(data_dir: Path) -> tuple[int | None, int | None]:
    """Who runs now: PostgreSQL's and Valkey's process."""
    store = valkey.locate(data_dir)
    return postgres.running_pid(postgres.locate(data_dir)), store.pid if valkey.is_running(store) else None


def query(data_dir: Path, statement: str) -> object:
    with (
        psycopg2.connect(postgres.admin_url(postgres.locate(data_dir), load_credentials(data_dir))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_servers_start_with_passwords_and_private_files_and_stop(data_dir: Path) -> None:
    membership = embedded.join(data_dir)

    assert Redis.from_url(embedded.redis_url(data_dir)).ping() is True
    assert query(data_dir, "SHOW listen_addresses") == ""
    assert query(data_dir, "SHOW fsync") == "on"
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        psycopg2.connect(host=str(postgres.locate(data_dir).sockets), user="postgres", passfile="/dev/null")
    private = [data_dir / "secrets.json", data_dir / "valkey", postgres.locate(data_dir).sockets]
    assert [path.stat().st_mode & 0o077 for path in private] == [0, 0, 0]
    server, store = pids(data_dir)
    assert server and store

    embedded.leave(membership)

    assert pids(data_dir) == (None, None)
    assert [processes.is_alive(pid) for pid in (server, store)] == [False, False]


def test_last_of_two_users_stops_the_servers(data_dir: Path) -> None:
    first = embedded.join(data_dir)
    running = pids(data_dir)
    second = embedded.join(data_dir)

    assert pids(data_dir) == running
    embedded.leave(first)
    assert pids(data_dir) == running
    embedded.leave(second)
    assert pids(data_dir) == (None, None)


def test_killed_user_is_not_counted(data_dir: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from scrm.servers import embedded;"
        "embedded.join(Path(sys.argv[1])); print('joined', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen([sys.executable, "-c", program, str(data_dir)], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert user.stdout is not None and user.stdout.readline() == "joined\n"
    running = pids(data_dir)
    user.kill()
    user.wait()
    assert pids(data_dir) == running

    survivor = embedded.join(data_dir)
    assert pids(data_dir) == running
    embedded.leave(survivor)

    assert pids(data_dir) == (None, None)


def test_killed_servers_start_again_with_their_data(data_dir: Path) -> None:
    first = embedded.join(data_dir)
    query(data_dir, "SELECT pg_logical_emit_message(false, 'x', 'y')::text")
    Redis.from_url(embedded.redis_url(data_dir)).set("kept", "1")
    time.sleep(1.1)  # appendfsync everysec
    killed = pids(data_dir)
    for pid in killed:
        os.kill(pid or 0, signal.SIGKILL)
    assert processes.wait_until(lambda: pids(data_dir) == (None, None), seconds=5)

    second = embedded.join(data_dir)

    running = pids(data_dir)
    assert None not in running and not set(running) & set(killed)
    assert Redis.from_url(embedded.redis_url(data_dir)).get("kept") == b"1"
    assert query(data_dir, "SELECT 1") == 1
    embedded.leave(first)
    embedded.leave(second)


def test_pid_file_of_a_stranger_is_not_believed(data_dir: Path) -> None:
    cluster = postgres.locate(data_dir)
    cluster.pid_file.write_text(f"{os.getpid()}\n{cluster.directory}\n0\n5432\n\n\n")
    store = valkey.locate(data_dir)
    (data_dir / "valkey.json").write_text(json.dumps({**vars(store), "pid": os.getpid(), "identity": "then"}))

    membership = embedded.join(data_dir)

    assert os.getpid() not in pids(data_dir) and None not in pids(data_dir)
    embedded.leave(membership)


def test_valkey_moves_when_a_stranger_took_its_port(data_dir: Path) -> None:
    taken = valkey.locate(data_dir).port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", taken))
        stranger.listen()
        membership = embedded.join(data_dir)

        assert valkey.locate(data_dir).port != taken
        assert Redis.from_url(embedded.redis_url(data_dir)).ping() is True
    embedded.leave(membership)


def test_deep_data_directory_gets_a_short_socket_path() -> None:
    base = Path(tempfile.mkdtemp(prefix="scrm-deep-"))
    base.chmod(0o711)
    data_dir = base / ("d" * 60) / ("e" * 60)

    membership = embedded.join(data_dir)
    sockets = postgres.locate(data_dir).sockets
    answer = query(data_dir, "SELECT 1")
    embedded.leave(membership)
    embedded.destroy(data_dir)
    shutil.rmtree(base)

    assert answer == 1
    assert sockets.parent == Path("/tmp")
    assert not sockets.exists()


def test_closed_data_directory_keeps_its_mode() -> None:
    data_dir = Path(tempfile.mkdtemp(prefix="scrm-closed-"))  # 0700: another user cannot enter

    membership = embedded.join(data_dir)
    answer = query(data_dir, "SELECT 1")
    cluster = postgres.locate(data_dir)
    embedded.leave(membership)
    mode = data_dir.stat().st_mode & 0o777
    embedded.destroy(data_dir)
    shutil.rmtree(data_dir)

    assert (answer, mode) == (1, 0o700)
    assert not cluster.directory.exists()


def test_programs_in_a_closed_directory_are_copied_where_the_server_can_read_them() -> None:
    closed = Path(tempfile.mkdtemp(prefix="scrm-programs-"))  # 0700
    package = postgres.installation().parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, closed / source.name, symlinks=True)
    account = accounts.server_account()

    found = accounts.reachable_binaries(account, closed / package.name / "pginstall")
    as_account: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    version = subprocess.run(
        [found / "bin" / "initdb", "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
        **as_account,
    ).stdout

    assert version.startswith("initdb (PostgreSQL) 18")
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(closed)
    if account:
        shutil.rmtree(found.parent.parent)


@pytest.mark.parametrize(("limit", "megabytes"), [("max", 2048), ("2147483648", 256), ("1048576", 128)])
def test_pages_take_an_eighth_of_what_the_container_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, megabytes: int
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(postgres, "_MEMORY_LIMITS", (tmp_path / "memory.max", tmp_path / "no such version"))
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2**23, "SC_PAGE_SIZE": 4096}.get)

    assert postgres.page_memory() == f"{megabytes}MB"


@pytest.mark.parametrize("throwaway", [True, False])
def test_pages_take_what_is_asked_for(data_dir: Path, monkeypatch: pytest.MonkeyPatch, throwaway: bool) -> None:
    monkeypatch.setenv("SCRM_SHARED_BUFFERS", "24MB")
    membership = embedded.join(data_dir, throwaway=throwaway)
    try:
        address = postgres.admin_url(postgres.locate(data_dir), load_credentials(data_dir))
        with contextlib.closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW shared_buffers")
            assert cursor.fetchone() == ("24MB",)
    finally:
        embedded.leave(membership)


@pytest.mark.parametrize("asked", ["lots", "1TB"])
def test_pages_that_cannot_be_had_are_said(data_dir: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("SCRM_SHARED_BUFFERS", asked)

    with pytest.raises(ServerError, match=r"SCRM_SHARED_BUFFERS=\d+MB"):
        embedded.join(data_dir)


def test_start_lock_names_its_holder(tmp_path: Path) -> None:
    with (
        locks.starting(tmp_path),
        pytest.raises(ServerError) as refusal,
        locks.starting(tmp_path, patience_seconds=0.1),
    ):
        pass

    assert f"kill {os.getpid()}" in str(refusal.value)


def test_lost_passwords_are_said(data_dir: Path) -> None:
    secrets, kept = data_dir / "secrets.json", data_dir / "secrets.kept"
    secrets.rename(kept)
    try:
        with pytest.raises(ServerError, match="Put the file back"):
            embedded.join(data_dir)
    finally:
        kept.rename(secrets)


def test_full_disk_is_said() -> None:
    with small_disk() as disk, pytest.raises(ServerError) as refusal:
        embedded.join(disk / "data")

    assert "The disk is full" in str(refusal.value)


def test_peer_authenticated_socket_is_said(data_dir: Path) -> None:
    membership = embedded.join(data_dir)
    cluster = postgres.locate(data_dir)
    rules, server = cluster.directory / "pg_hba.conf", postgres.running_pid(cluster) or 0
    held = rules.read_text()
    rules.write_text("local all all peer\n")
    os.kill(server, signal.SIGHUP)
    url = provision.address(
        postgres.admin_url(cluster, load_credentials(data_dir)),
        database="postgres",
        login=provision.Login("nobody_of_this_name", "x"),
    )
    try:
        refusal = refused(url)
    finally:
        rules.write_text(held)
        os.kill(server, signal.SIGHUP)
    processes.wait_until(lambda: not postgres.start(cluster, load_credentials(data_dir)), seconds=5)
    embedded.leave(membership)

    assert "peer authentication" in refusal and "@127.0.0.1:5432/scrm" in refusal
    assert ":x@" not in refusal


def refused(url: str) -> str:
    """What is said once the server has read its new rules, a moment later."""
    said: list[str] = []

    def is_peer() -> bool:
        with pytest.raises(ServerError) as refusal:
            provision.connect(url)
        said.append(str(refusal.value))
        return "Peer" in said[-1]

    processes.wait_until(is_peer, seconds=5, every_seconds=0.05)
    return said[-1]


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    """A disk too small for a cluster; who may not mount one gets a full device in the place of a file."""
    disk = Path(tempfile.mkdtemp(prefix="scrm-full-"))
    if os.geteuid() != 0:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(postgres, "installation", lambda: full_device_program(disk))
            yield disk
    else:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0755", "tmpfs", str(disk)], check=True)
        try:
            yield disk
        finally:
            embedded.stop(disk / "data")
            subprocess.run(["umount", str(disk)], check=True)
    shutil.rmtree(disk, ignore_errors=True)


def full_device_program(directory: Path) -> Path:
    """An initdb whose output goes to the device that is always full."""
    program = directory / "bin" / "initdb"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec python3 -c \"open('/dev/full','w',buffering=1).write('x\\n')\"\n")
    program.chmod(0o755)
    return directory
