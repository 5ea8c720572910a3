"""Processes: who is alive, who is who, how to stop one, and how to make one die with its parent."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie (ours is reaped here) does not."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _status(pid) != "Z"


def identity(pid: int) -> str:
    """Name the moment a process began, so that a reused pid is told from the first; '' if it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        try:
            return stat.read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return ""
    return _ps(pid, "lstart")


def runs_in(pid: int, directory: Path) -> bool:
    """Say whether a process works in a directory (a PostgreSQL server's is its data directory)."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == directory.resolve()
        except OSError:
            return False
    return str(directory) in _ps(pid, "command")


def stop(pid: int, *, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn, waiting its seconds for the process to end, until it does."""
    for number, seconds in signals:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not is_alive(pid), seconds=seconds):
            return


def wait_until(condition: Callable[[], bool], *, seconds: float, every_seconds: float = 0.02) -> bool:
    """Wait for a condition; say whether it came in time."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(every_seconds)
    return True


def die_with_parent(parent: int) -> Callable[[], None]:
    """Make a `preexec_fn` by which the kernel (Linux) ends the child with its parent, however that ends."""

    def before_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def exit_on_signals() -> None:
    """Leave in order (exit handlers run) when asked to end, instead of dropping everything."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _exit)


def ignore_signals() -> None:
    """Let nothing interrupt the way out, which is bounded in time."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def free_port() -> int:
    """Find a loopback port that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_free(port: int) -> bool:
    """Say whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _status(pid: int) -> str:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, IndexError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return _ps(pid, "stat")[:1]


def _ps(pid: int, column: str) -> str:
    done = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()
