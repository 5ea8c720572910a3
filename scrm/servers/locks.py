"""Two file locks of a data directory: who starts or stops servers now, and who uses them.

The kernel drops a lock with its holder, so that a killed user never leaves a wrong count.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from scrm.servers.errors import ServerError

PATIENCE_SECONDS = 120.0


def take(path: Path, *, shared: bool = False) -> int | None:
    """Take a lock without waiting; the open descriptor, or None when another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def starting(data_dir: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be the only one that starts or stops servers of this data directory.

    Raises: ServerError, naming the holder, when another holds the lock for too long.
    """
    path = data_dir / "start.lock"
    descriptor = _wait_for(path, patience_seconds)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _wait_for(path: Path, patience_seconds: float) -> int:
    limit = time.monotonic() + patience_seconds
    while (descriptor := take(path)) is None:
        if time.monotonic() > limit:
            holder = path.read_text() or "unknown"
            raise ServerError(
                f"Process {holder} has been starting or stopping the servers for {patience_seconds:g} s"
                f" and holds {path}.\nLet it finish, or end it: kill {holder}"
            )
        time.sleep(0.05)
    return descriptor
