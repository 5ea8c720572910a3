"""The small form of `make chaos`: everything is killed once or twice, and the ledger and the receipts agree."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--touchpoints=200", "--kills=6", "--restarts=1", "--seconds=12"]


def test_nothing_is_lost_or_delivered_twice_when_anything_dies() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *SMALL],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert (figures["held"], figures["touchpoints"], figures["restarts_of_postgresql"]) == (True, 200, 1)
    assert figures["kills"] >= 6
