"""The database and the web server that benchmarks run on: made for the run, removed at its end."""

import atexit
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from scrm.servers import postgres
from tests.environment import TestRun, choose_environment, remove_data_dir


@cache
def make_place() -> TestRun:
    """Make the run's own database, migrated: beside an administrator's DATABASE_URL, else embedded.

    Sets the environment and Django up; once per process.
    """
    run = choose_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["SCRM_API_RATE_PER_MINUTE"] = "1000000"
    os.environ.setdefault("SCRM_SHARED_BUFFERS", postgres.page_memory())  # as much as the product's, not the tests'
    atexit.register(remove_data_dir, run)
    run.start()
    atexit.register(run.end)

    import django
    from django.core.management import call_command
    from django.db import connections
    from django.urls import get_resolver

    from scrm.collector import spare_what_is_loaded

    django.setup()
    _ = get_resolver().url_patterns  # loads every page
    spare_what_is_loaded()  # as the product's processes do
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    connections.close_all()
    atexit.register(connections.close_all)
    return run


@contextmanager
def web_server(*, workers: int = 2) -> Iterator[int]:
    """Serve the product, with the benchmarks' own addresses beside it, as `up` does. Yields the port."""
    from scrm.servers.processes import free_port
    from scrm.static import collect_if_changed

    collect_if_changed()
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--log-level", "error"]
    server = subprocess.Popen([*command, "scrm.wsgi:application"])
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_until_it_answers(port: int, seconds: float = 30) -> None:
    ends_at = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)
        else:
            return
