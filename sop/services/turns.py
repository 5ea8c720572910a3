"""Turns: publishing, pausing, stopping and the tick of one tenant come one after the other."""

from django.db import connection

from sop.models import Sop
from tenants.models import Tenant

TURN_LOCK_CLASS = 7_304


class SopIsArchived(Exception):
    """It has ended and can only be read."""


def take_turn(*, tenant: Tenant) -> None:
    """Wait until nobody else changes who runs through this tenant's SOPs; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock((%s::bigint << 40) + %s)", [TURN_LOCK_CLASS, tenant.pk])


def try_turn(*, tenant: Tenant) -> bool:
    """Take the turn if it is free; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock((%s::bigint << 40) + %s)", [TURN_LOCK_CLASS, tenant.pk])
        row: tuple[bool] = cursor.fetchone()
        return row[0]


def living_sop(*, tenant: Tenant, sop_id: int) -> Sop:
    """The SOP, in the tenant's turn and locked.

    Raises: Sop.DoesNotExist, SopIsArchived
    """
    take_turn(tenant=tenant)
    sop: Sop = Sop.objects.for_tenant(tenant).select_for_update(no_key=True).get(pk=sop_id)
    if sop.state == Sop.State.ARCHIVED:
        raise SopIsArchived
    return sop
