"""The children of `up`: each in its own session, restarted when it dies, none left behind."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scrm.servers import processes
from scrm.servers.credentials import write_private

GRACE_SECONDS = 10.0
LOG_LIMIT_BYTES = 20_000_000
QUICK_DEATH_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes]
    started_at_seconds: float
    pause_seconds: float = 0.0


@dataclass
class Supervisor:
    """Starts, watches and stops children; records them, so that the next run finds what a kill left."""

    data_dir: Path
    say: Callable[[str], object]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, command: list[str]) -> None:
        """Start a child with its own log file."""
        log = self.data_dir / "logs" / f"{name}.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".old.log"))
        child = Child(name, command, log, _spawn(command, log), time.monotonic())
        self.children.append(child)
        self._record()

    def dead(self) -> list[Child]:
        """List the children that ended."""
        return [child for child in self.children if child.process.poll() is not None]

    def restart_dead(self) -> None:
        """Start dead children anew, waiting longer each time one dies at once."""
        for child in self.dead():
            lived_seconds = time.monotonic() - child.started_at_seconds
            quick = lived_seconds < child.pause_seconds + QUICK_DEATH_SECONDS
            if quick and lived_seconds < child.pause_seconds:
                continue
            pause = min(max(1.0, child.pause_seconds * 2), LONGEST_PAUSE_SECONDS) if quick else 0.0
            self.say(f"{child.name} ended ({_reason(child.process)}); starting it again. Its log: {child.log}")
            child.pause_seconds, child.started_at_seconds = pause, time.monotonic()
            child.process = _spawn(child.command, child.log)
            self._record()

    def stop(self) -> None:
        """One TERM to each child, some grace, then KILL to its whole session."""
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
        limit = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.1, limit - time.monotonic()))
            _kill_session(child.process.pid)
            child.process.wait()
        self.children.clear()
        _record_path(self.data_dir).unlink(missing_ok=True)

    def _record(self) -> None:
        held = [
            {"name": child.name, "pid": child.process.pid, "identity": processes.identity(child.process.pid)}
            for child in self.children
        ]
        write_private(_record_path(self.data_dir), json.dumps(held))


def stop_leftovers(data_dir: Path) -> list[str]:
    """Stop what a killed `up` left behind; the names of what was still running."""
    path = _record_path(data_dir)
    held = json.loads(path.read_text()) if path.exists() else []
    left = [
        item for item in held if processes.is_alive(item["pid"]) and processes.identity(item["pid"]) == item["identity"]
    ]
    for item in left:
        processes.stop(item["pid"], signals=((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 5.0)))
        _kill_session(item["pid"])
    path.unlink(missing_ok=True)
    return [item["name"] for item in left]


def tail(log: Path, *, lines: int = 15) -> str:
    """Read the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=processes.die_with_parent(os.getpid()),  # noqa: PLW1509 (no threads here)
        )


def _kill_session(leader: int) -> None:
    """KILL whatever remains of a child's process group (its pid leads it)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _reason(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _record_path(data_dir: Path) -> Path:
    return data_dir / "up.json"
