"""How statements over everybody are planned."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Sets are hashed, with memory for it and by all cores where there is much to read, and never searched once for each
# row of another, however few rows the planner expects: a loop is left where nothing else can be, for rows by a key.
_SETTINGS = {
    "enable_nestloop": "off",
    "work_mem": "64MB",
    "parallel_setup_cost": "100",
    "parallel_tuple_cost": "0.001",
    "min_parallel_table_scan_size": "0",
    "min_parallel_index_scan_size": "0",
}


@contextmanager
def by_sets() -> Iterator[None]:
    """Plan what is executed within for reading all of a tenant; in a transaction."""
    _execute(f"SET LOCAL {name} = '{value}'" for name, value in _SETTINGS.items())
    yield
    _execute(f"SET LOCAL {name} TO DEFAULT" for name in _SETTINGS)


def _execute(statements: Iterator[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements))
