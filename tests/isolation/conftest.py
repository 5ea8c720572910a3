"""Connections beside the product's own, and each of the two locks taken off for a while."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest

from tests.isolation import catalogue


@pytest.fixture
def owner(transactional_db: Any) -> Iterator[Any]:
    """A cursor of the role that owns the tables, in a transaction that is rolled back."""
    connection = connect("owner")
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()


@pytest.fixture
def app_role() -> str:
    """The name of the role that the product runs as."""
    from django.conf import settings

    return str(settings.DATABASES["default"]["USER"])


def connect(alias: str) -> Any:
    """A plain connection to this run's database as one of its roles."""
    from django.conf import settings

    held = settings.DATABASES[alias]
    return psycopg2.connect(
        dbname=held["NAME"],
        user=held["USER"],
        password=held["PASSWORD"],
        host=held["HOST"],
        port=held["PORT"] or None,
    )


@contextmanager
def first_lock_off() -> Iterator[None]:
    """Queries run without their tenant, and to name it filters nothing."""
    from tenants.scoping import TenantQuery, TenantQuerySet

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantQuery, "refuse_unscoped", lambda query: None)
        patch.setattr(TenantQuerySet, "for_tenant", lambda rows, tenant: rows.all())
        yield


@contextmanager
def second_lock_off(tables: Sequence[str] = ()) -> Iterator[None]:
    """Row security is off on these tables, or on all, for every connection."""
    connection = connect("owner")
    connection.autocommit = True
    with connection.cursor() as cursor:
        names = tables or catalogue.tables(cursor)
        try:
            for name in names:
                cursor.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
            yield
        finally:
            for name in names:
                cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            connection.close()
