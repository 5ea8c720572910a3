"""A connection of the owner, whose changes are thrown away."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest


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
