"""Real parts for the browser tests: Debian's Chromium, a web server, a Celery worker with beat on the test database."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sop.ledger.simulators import SimulatorProcess, new_simulator

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
# Playwright keeps an event loop running in this thread; the ORM calls of these tests are synchronous all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, no download."""
    return {"executable_path": CHROMIUM}


@pytest.fixture
def no_tries() -> None:
    """Forget the login tries of tests before this one."""
    from django.conf import settings
    from redis import Redis

    client = Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(f"{settings.REDIS_PREFIX}login:*"):
        client.delete(key)


Opener = Callable[..., Any]


@pytest.fixture
def open_browser(browser: Any, site_url: str, transactional_db: None) -> Iterator[Opener]:
    """A function that opens a window for a user: `page = open_browser(alice, size="phone", theme="dark")`.

    Every error on any page's console fails the test: that is also the test of the security policy.
    """
    errors: list[str] = []
    contexts = []

    def open_window(user: Any = None, *, size: str = "desktop", theme: str = "light", language: str = "zh-CN") -> Any:
        context = browser.new_context(
            base_url=site_url,
            viewport=SIZES[size],
            is_mobile=size == "phone",
            has_touch=size == "phone",
            color_scheme=theme,
            locale=language,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": site_url}])
        context.on("page", lambda page: watch(page, errors))
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []


def session_of(user: Any) -> str:
    """A new session of this user."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def watch(page: Any, errors: list[str]) -> None:
    """Collect what goes wrong in a page; an answer of 400 or more that a test asks for is not such an error."""
    page.on(
        "console",
        lambda message: (
            errors.append(f"{page.url}: {message.text}")
            if message.type == "error" and "the server responded with a status of" not in message.text
            else None
        ),
    )
    page.on(
        "response",
        lambda answer: (
            errors.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and "/static/" in answer.url
            else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """The provider for trials as a process, to which web server and worker speak."""
    simulator = new_simulator(tmp_path_factory.mktemp("provider"))
    yield simulator
    simulator.stop()


@pytest.fixture(scope="session")
def site_url(
    django_db_setup: None, provider: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The real web server, as the app role on the run's own database."""
    log = tmp_path_factory.mktemp("web") / "web.log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "2"]
    command = [sys.executable, "-m", "granian", *options, "scrm.wsgi:application"]
    with running(command, provider, log=log, is_ready=lambda: answers(f"{url}/login/")):
        yield url


def answers(url: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def worker(
    transactional_db: None, provider: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A real worker of all queues with beat, as the app role on the run's own database.

    It lives for one test: its ticks would hold tables that are emptied after each.
    """
    from django.conf import settings

    folder = tmp_path_factory.mktemp("worker")
    log = folder / "worker.log"
    queues = f"{settings.CELERY_WORKER_QUEUES},{settings.CELERY_TOUCH_QUEUES}"
    options = ["-c", "1", "-Q", queues, "-B", "-s", str(folder / "beat"), "--loglevel", "INFO"]
    command = [sys.executable, "-m", "celery", "-A", "scrm.celery", "worker", *options]
    command += ["--without-gossip", "--without-mingle"]
    with running(command, provider, log=log, is_ready=lambda: " ready." in log.read_text()):
        yield


@contextmanager
def running(
    command: list[str], provider: SimulatorProcess, *, log: Path, is_ready: Callable[[], bool]
) -> Iterator[None]:
    """Start a process, wait until it is ready, and stop it at the end; one that dies says why."""
    with log.open("w") as output:
        environment = {**os.environ, "SCRM_SIMULATOR_URL": provider.url}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            end = time.monotonic() + 60
            while not is_ready():
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < end, log.read_text()[-3000:]
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)
