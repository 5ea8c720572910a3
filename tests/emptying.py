"""After a transactional test every table is empty and every id starts again, done as the tables' owner."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import psycopg2
import pytest
from django.conf import settings
from psycopg2 import sql

KEPT_TABLES = ["django_migrations", "django_content_type", "auth_permission"]
# A table whose file holds nothing was never written to since it was last emptied.
WRITTEN_TABLES = """
    SELECT relname, relforcerowsecurity, pg_relation_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
      AND relname <> ALL(%s)
    ORDER BY relname
"""
RESTART_IDS = """
    SELECT setval(seqrelid, seqstart, false) FROM pg_sequence
    JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = seqrelid AND deptype = 'i'
    JOIN pg_class ON pg_class.oid = refobjid
    WHERE relname <> ALL(%s)
"""
FEW_ROWS_BYTES = 65_536


class Table(NamedTuple):
    """A table that holds something."""

    name: str
    is_tenants: bool
    size_bytes: int


@contextmanager
def emptied_by_the_owner() -> Iterator[None]:
    """Have Django's transactional tests end so: the app role may not TRUNCATE, and sees no row without its tenant."""
    from django.test import TransactionTestCase

    held = settings.DATABASES["owner"]
    names = {"dbname": held["NAME"], "user": held["USER"], "password": held["PASSWORD"]}
    with (
        closing(psycopg2.connect(host=held["HOST"], port=held["PORT"] or None, **names)) as owner,
        pytest.MonkeyPatch.context() as patch,
    ):
        owner.autocommit = True
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty(owner))
        yield


def empty(owner: Any) -> None:
    """Empty every table that was written to, not waiting for ever on a transaction left open."""
    with owner.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
        tables = written_tables(cursor)
        if tables and max(table.size_bytes for table in tables) <= FEW_ROWS_BYTES:
            delete_rows(cursor, tables)
            tables = written_tables(cursor)
        if tables:
            cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(listed(tables)))


def written_tables(cursor: Any) -> list[Table]:
    """The tables that are not empty, or were not made as new since."""
    cursor.execute(WRITTEN_TABLES, [KEPT_TABLES])
    return [Table(*row) for row in cursor.fetchall()]


def delete_rows(cursor: Any, tables: list[Table]) -> None:
    """Do for few rows what TRUNCATE does in ten times as long: that makes every index of every table anew.

    A table that an open transaction may still read stays written, and is left to TRUNCATE.
    """
    cursor.execute("SELECT id FROM tenants_tenant")
    for (tenant_id,) in cursor.fetchall():
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
        delete_at_once(cursor, [table for table in tables if table.is_tenants])
    delete_at_once(cursor, [table for table in tables if not table.is_tenants])
    cursor.execute(sql.SQL("VACUUM {}").format(listed(tables)))
    cursor.execute(RESTART_IDS, [KEPT_TABLES])


def delete_at_once(cursor: Any, tables: list[Table]) -> None:
    """Delete in one statement, so that keys are checked when all rows are gone."""
    deletes = [sql.SQL("{0} AS (DELETE FROM {0})").format(sql.Identifier(table.name)) for table in tables]
    if deletes:
        cursor.execute(sql.SQL("WITH {} SELECT").format(sql.SQL(", ").join(deletes)))


def listed(tables: Iterable[Table]) -> sql.Composed:
    """Their names, as SQL lists them."""
    return sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
