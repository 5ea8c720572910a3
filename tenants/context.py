"""The second lock's key: one transaction that belongs to one tenant.

Row security shows a connection the rows of `app.tenant_id` and nothing else. The setting is made only here, by a
textual `SET LOCAL`, so that it ends with the transaction whatever happens to the connection afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from tenants.turns import Turn, take_turn


class TenantContextOpen(Exception):
    """A tenant's transaction is open already: one transaction serves one tenant."""


class TenantContextMissing(Exception):
    """Tenant data was asked for outside a tenant's transaction."""


@contextmanager
def tenant_transaction(tenant_id: int) -> Iterator[None]:
    """Open a transaction in which row security shows the rows of one tenant.

    Raises: TenantContextOpen inside another one, whichever tenant it serves (SET LOCAL outlives a savepoint).
    """
    if current_tenant_id() is not None:
        raise TenantContextOpen(f"a transaction of tenant {current_tenant_id()} is open")
    try:
        with transaction.atomic(durable=True):
            _begin_as(str(int(tenant_id)))
            connection.scrm_tenant_id = int(tenant_id)  # type: ignore[attr-defined]
            yield
    finally:
        connection.scrm_tenant_id = None  # type: ignore[attr-defined]
        # Under an outer (test) transaction the setting would outlive this block.
        if connection.in_atomic_block and not connection.needs_rollback:
            _begin_as("")


def current_tenant_id() -> int | None:
    """The tenant whose transaction is open on this thread's connection."""
    return getattr(connection, "scrm_tenant_id", None)


def lock_tenant_writes(*, tenant_id: int) -> datetime:
    """Take the tenant's turn to write contacts, orders and change rows, held until the transaction ends; since when.

    Every service that writes them calls this first. Writers of one tenant so never deadlock or race for an identity,
    and change-row ids of a tenant are in commit order; so is `updated_at`, where it is not before the turn's instant.

    Raises: TenantContextMissing
    """
    if current_tenant_id() != int(tenant_id):
        raise TenantContextMissing(f"open tenant {tenant_id}'s transaction before writing")
    return take_turn(Turn.WRITES, tenant_id=tenant_id)


def _begin_as(value: str) -> None:
    # just-in-time compilation costs our statements more than they take
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL jit = off; SET LOCAL app.tenant_id = '{value}'")
