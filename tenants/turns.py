"""Turns: what must come one after the other within a tenant, whichever process does it.

A turn is held until the transaction ends and dies with its connection. Who has `WRITES` may wait for `COHORTS`; nobody
else waits with a turn in hand, since a full build of a segment may have its for seconds.
"""

from datetime import datetime
from enum import IntEnum

from django.db import connection

# the clock is read when the lock is held; parameters: turn, tenant
_TAKE = """
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock((%s::bigint << 40) + %s))
SELECT clock_timestamp() FROM turn
"""
_TRY = "SELECT pg_try_advisory_xact_lock((%s::bigint << 40) + %s)"


class Turn(IntEnum):
    """What one of a tenant's connections does at a time."""

    # contacts, orders and change rows: `tenants.context.lock_tenant_writes`
    WRITES = 7_301
    # facts, lives of buyers and rollups
    COHORTS = 7_302
    # who is in segments: transition ids are so in commit order
    SEGMENTS = 7_303
    # who runs through SOPs: saving, publishing, pausing, stopping, the daily limit and the tick
    SOPS = 7_304


def take_turn(turn: Turn, *, tenant_id: int) -> datetime:
    """Wait until nobody else has this turn of the tenant; since when it is ours."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [int(turn), int(tenant_id)])
        granted_at: datetime = cursor.fetchone()[0]
        return granted_at


def try_turn(turn: Turn, *, tenant_id: int) -> bool:
    """Take the turn if it is free."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY, [int(turn), int(tenant_id)])
        row: tuple[bool] = cursor.fetchone()
        return row[0]
