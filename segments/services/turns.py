"""Turns: what changes who is in a tenant's segments comes one after the other, so transition ids are in commit order.

Whoever waits for a turn holds no other lock of the tenant: a full build may have it for seconds.
"""

from django.db import connection

from tenants.models import Tenant

TURN_LOCK_CLASS = 7_303
# compiling what runs for milliseconds takes longer than running it
NO_JIT = "SET LOCAL jit = off;"


def take_turn(*, tenant: Tenant) -> None:
    """Wait until nobody else changes this tenant's memberships; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"{NO_JIT} SELECT pg_advisory_xact_lock((%s::bigint << 40) + %s)", [TURN_LOCK_CLASS, tenant.pk])


def try_turn(*, tenant: Tenant) -> bool:
    """Take the turn if it is free; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{NO_JIT} SELECT pg_try_advisory_xact_lock((%s::bigint << 40) + %s)", [TURN_LOCK_CLASS, tenant.pk]
        )
        row: tuple[bool] = cursor.fetchone()
        return row[0]
