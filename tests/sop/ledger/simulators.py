"""A simulator of one's own, as a process."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrm.servers import processes

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class SimulatorProcess:
    """A running simulator; `kill` and `start` it again as often as needed."""

    file: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run it until it answers."""
        command = [sys.executable, "-m", "sop.transports.simulator.server"]
        self.process = subprocess.Popen([*command, "--port", str(self.port), "--file", str(self.file)], cwd=ROOT)
        assert processes.wait_until(lambda: not processes.is_port_free(self.port), seconds=20)

    def stop(self) -> None:
        """End it, however it feels."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request, as JSON."""
        content = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, content, method=method)) as response:
            return json.load(response)

    def misbehave(self, **faults: Any) -> None:
        """Set these faults and no others."""
        self.ask("PUT", "/faults", faults)

    def receipts(self) -> list[dict[str, Any]]:
        """All that was taken, from its file."""
        return [json.loads(line) for line in self.file.read_text().splitlines()]


def new_simulator(folder: Path) -> SimulatorProcess:
    """Start one with its receipts in a folder."""
    simulator = SimulatorProcess(folder / "receipts.jsonl", processes.free_port())
    simulator.start()
    return simulator
