"""A reader's terminal: the guide's commands, run as they are written, one after the other."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.guide.blocks import ROOT, Block, is_answered

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Terminal:
    """A shell in an empty folder that looks like the checkout's, with SCRM set; what is exported stays."""

    folder: Path
    url: str

    def __post_init__(self) -> None:
        (self.folder / ".venv").symlink_to(sys.prefix)
        (self.folder / "manage.py").symlink_to(ROOT / "manage.py")
        self.exported.write_text(f"export SCRM={self.url}\n")

    @property
    def exported(self) -> Path:
        return self.folder / ".exported"

    def run(self, block: Block) -> str:
        """Run a block, which must go well and say what its page says; what it said.

        A question is asked again for a while: what was sent before is counted some seconds later.
        """
        said = self._run_once(block)
        asks_only = "curl" in block.code and " -d " not in block.code
        end = time.monotonic() + PATIENCE_SECONDS
        while block.answer and not is_answered(block.answer, said):
            assert asks_only and time.monotonic() < end, f"{block.name} said: {said}"
            time.sleep(1)
            said = self._run_once(block)
        return said

    def _run_once(self, block: Block) -> str:
        code = block.code
        if block.language == "python":
            (self.folder / f"{block.name}.py").write_text(code, encoding="utf-8")
            code = f".venv/bin/python {block.name}.py"
        script = f"source {self.exported}\n{code}\nexport -p > {self.exported}\n"
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{block.name}: {done.stderr[-3000:]}"
        return done.stdout
