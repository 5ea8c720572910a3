"""Fixtures of all tests: the run's own database, as the app role, on real servers."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from tests.environment import TestRun, choose_environment, remove_data_dir

RUN = choose_environment()  # before Django reads its settings
SLOW_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server", "page", "browser", "test_run"}
KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marks."""
    config.addinivalue_line("markers", "fast: uses no database, server or browser (set by itself)")
    config.addinivalue_line("markers", "servers: starts servers or processes of its own")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as fast what asks for nothing slow."""
    for item in items:
        slow = SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        if not slow and not any(item.get_closest_marker(mark) for mark in ("django_db", "servers")):
            item.add_marker(pytest.mark.fast)


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

    with django_db_blocker.unblock():
        RUN.start()
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    with _flushing_as_owner():
        yield
    with django_db_blocker.unblock():
        connections.close_all()
        RUN.end()


class _flushing_as_owner:
    """Empty the tables after a transactional test as their owner: the app role may not TRUNCATE."""

    def __enter__(self) -> None:
        from django.conf import settings
        from django.test import TransactionTestCase

        held = settings.DATABASES["owner"]
        self.owner = psycopg2.connect(
            dbname=held["NAME"],
            user=held["USER"],
            password=held["PASSWORD"],
            host=held["HOST"],
            port=held["PORT"] or None,
        )
        self.owner.autocommit = True
        self.statement = _truncate_statement(self.owner)
        self.original = TransactionTestCase._fixture_teardown
        TransactionTestCase._fixture_teardown = lambda case: self.flush()  # type: ignore[method-assign]

    def __exit__(self, *error: object) -> None:
        from django.test import TransactionTestCase

        TransactionTestCase._fixture_teardown = self.original  # type: ignore[method-assign]
        self.owner.close()

    def flush(self) -> None:
        """Empty every table, without waiting for ever on a test that left a transaction open."""
        with self.owner.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute(self.statement)


def _truncate_statement(owner: Any) -> sql.Composed:
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL(%s) ORDER BY 1",
            [list(KEPT_TABLES)],
        )
        names = [sql.Identifier(name) for (name,) in cursor.fetchall()]
    return sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(names))
