"""The product's Celery application with named points at which a worker may end itself with KILL.

`CHAOS_POINTS` is `point:probability,…`; each death is noted in the file `CHAOS_DEATHS` before it happens.
"""

import functools
import os
import random
import signal
from collections.abc import Callable
from typing import Any

import django

from scrm.celery import app

django.setup()
from sop.services import running  # noqa: E402 - the models want Django set up

__all__ = ["app"]

POINTS = {
    name: float(chance)
    for name, chance in (one.split(":") for one in os.environ.get("CHAOS_POINTS", "").split(",") if one)
}


def die_at(point: str) -> None:
    """End this process at once, as often as the point says."""
    if random.random() < POINTS.get(point, 0):
        with open(os.environ["CHAOS_DEATHS"], "a") as file:  # noqa: PTH123 - one append, then death
            file.write(f"{point}\n")
        os.kill(os.getpid(), signal.SIGKILL)


def _wrap(name: str, *, before: str = "", after: str = "") -> None:
    original: Callable[..., Any] = getattr(running, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        die_at(before)
        result = original(*args, **kwargs)
        die_at(after)
        return result

    setattr(running, name, wrapped)


_wrap("write_messages", after="claimed")
_wrap("send_carefully", after="accepted")
_wrap("settle_claim", after="settling")
_wrap("run_batch", after="settled")
