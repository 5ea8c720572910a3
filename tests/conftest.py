"""Fixtures of all tests: the run's own database, as the app role, on real servers."""

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from tests.cast import acme, acme_key, alice, api, bob, charlie, globex, globex_key, inside, mei  # noqa: F401
from tests.emptying import emptied_by_the_owner
from tests.environment import STATIC_ROOT, TestRun, choose_environment, remove_data_dir

RUN = choose_environment()
settings._setup()  # now that the addresses are chosen; pytest-django sets up only what has settings
# `pytest --hypothesis-profile=long`: property tests look at five times as many examples
hypothesis.settings.register_profile("long", max_examples=500)
SLOW_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server", "page", "browser", "test_run"}
# Said of a file, so that `-m fast` need not import it; each of its tests has the mark, and so is not fast.
SLOW_FILE = re.compile(r"^pytestmark = pytest\.mark\.(django_db|servers)\b", re.MULTILINE)


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marks."""
    config.addinivalue_line("markers", "fast: uses no database, server or browser (set by itself)")
    config.addinivalue_line("markers", "servers: starts servers or processes of its own")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over the files that hold nothing fast where only that is asked for."""
    is_file = config.option.markexpr == "fast" and collection_path.suffix == ".py"
    return True if is_file and SLOW_FILE.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as fast what asks for nothing slow."""
    for item in items:
        slow = SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        if not slow and not any(item.get_closest_marker(mark) for mark in ("django_db", "servers")):
            item.add_marker(pytest.mark.fast)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives to the end: all that was imported and collected."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind, whatever the tests did."""
    remove_data_dir(RUN)


@pytest.fixture(scope="session")
def test_run() -> TestRun:
    """Name this run's servers (see `TestRun`)."""
    return RUN


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Make this run's database with the owner's role; the tests see it as the app role."""
    from django.core.management import call_command
    from django.db import connections

    from scrm import static
    from scrm.servers import locks

    with django_db_blocker.unblock():
        RUN.start()
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    with locks.starting(STATIC_ROOT.parent):
        static.collect_if_changed()
    with emptied_by_the_owner():
        yield
    with django_db_blocker.unblock():
        connections.close_all()
        RUN.end()
