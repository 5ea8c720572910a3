"""Servers of its own for one chaos run, durable as in production, and the processes that get killed."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from scrm.servers import embedded, postgres, processes
from tests.environment import TestRun
from tests.sop.ledger.simulators import SimulatorProcess

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "tests.chaos.app"]


@dataclass
class Process:
    """One supervised process: started again whenever it is found dead."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def keep_alive(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def kill(self, *, only_child: bool = False) -> bool:
        """KILL it with all its children, or one child that does the work; whether something was killed."""
        if self.process is None or self.process.poll() is not None:
            return False
        if only_child:
            if not (children := _children(self.process.pid)):
                return False
            os.kill(random.choice(children), signal.SIGKILL)
            return True
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return True


@dataclass
class Place:
    """Everything that one run needs."""

    run: TestRun
    simulator: SimulatorProcess
    processes: list[Process] = field(default_factory=list)
    membership: embedded.Membership | None = None

    @property
    def deaths(self) -> Path:
        return self.run.data_dir / "deaths"

    def start_servers(self) -> None:
        """PostgreSQL, with fsync on, and Valkey."""
        self.membership = embedded.join(self.run.data_dir)
        embedded.set_up_database(self.run.data_dir)

    def start_processes(self, *, points: dict[str, float]) -> None:
        """Two workers that send, one for the rest, three beats."""
        self.deaths.touch()
        os.environ["CHAOS_DEATHS"] = str(self.deaths)
        os.environ["CHAOS_POINTS"] = ",".join(f"{name}:{chance}" for name, chance in points.items())
        for name, queues in (("touch1", "touch"), ("touch2", "touch"), ("rest", "default")):
            self._add(name, ["worker", "--hostname", f"{name}@%h", "--concurrency", "2", "--queues", queues])
        for number in range(3):
            self._add(f"beat{number}", ["beat", "--schedule", str(self.run.data_dir / f"beat{number}"), "--pidfile="])

    def keep_alive(self) -> None:
        """Start what is dead."""
        for one in self.processes:
            one.keep_alive()

    def flush_broker(self) -> None:
        """Empty the broker: every hint is gone."""
        Redis.from_url(os.environ["REDIS_URL"]).flushall()

    def restart_database(self) -> None:
        """Stop PostgreSQL at once, as a crash would, and start it again."""
        assert self.membership is not None
        pid = postgres.running_pid(postgres.locate(self.run.data_dir))
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        assert processes.wait_until(lambda: not processes.is_alive(pid), seconds=30)
        embedded.ensure_running(self.membership)

    def named_deaths(self) -> list[str]:
        """The points at which workers ended themselves."""
        return self.deaths.read_text().split() if self.deaths.exists() else []

    def end(self) -> None:
        """Leave nothing."""
        for one in self.processes:
            one.kill()
        self.simulator.stop()
        if self.membership is not None:
            embedded.leave(self.membership)

    def _add(self, name: str, arguments: list[str]) -> None:
        command = [*CELERY, *arguments, "--loglevel", "WARNING"]
        one = Process(name, command, self.run.data_dir / f"{name}.log")
        one.start()
        self.processes.append(one)


def pause(seconds: float, *, spread: float = 0.5) -> None:
    """Wait about so long."""
    time.sleep(seconds * random.uniform(1 - spread, 1 + spread))


def _children(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]
