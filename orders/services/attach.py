"""Orders and refunds that wait for a contact get it when an identity of their buyer becomes known."""

from datetime import datetime

import msgspec
from django.db import connection

from contacts.models import Change
from contacts.services.changes import record_changes
from contacts.services.identities import Person, match_contacts
from orders.models import AttachCursor
from orders.services import attach_sql
from orders.services.derived import derive_refunds
from orders.services.stats import refresh_stats
from tenants.context import lock_tenant_writes
from tenants.models import Tenant

NEWS_AT_ONCE = 5_000


def attach_waiting(*, tenant: Tenant, at: datetime) -> int:
    """Attach what the identities learned since the last time free; return how many orders and refunds were.

    Takes the tenant's write lock only when there is news. May run any number of times, several at once.
    """
    if _news(tenant, _cursor_of(tenant))[0] is None:
        return 0
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    up_to_id, contact_ids = _news(tenant, _cursor_of(tenant))
    if up_to_id is None:  # another tick was faster
        return 0
    AttachCursor.objects.for_tenant(tenant).update(last_change_id=up_to_id)
    names = _names_somebody_may_wait_for(tenant, contact_ids)
    orders = _attach(tenant, names, attach_sql.CONCERNED_ORDERS, attach_sql.ATTACH_ORDERS, at)
    derive_refunds(tenant=tenant, order_ids=orders, at=at)
    refunds = _attach(tenant, names, attach_sql.CONCERNED_REFUNDS, attach_sql.ATTACH_REFUNDS, at)
    _tell(tenant, orders, Change.Reason.ORDER, at)
    _tell(tenant, refunds, Change.Reason.REFUND, at)
    return sum(contact is not None for contact in [*orders.values(), *refunds.values()])


def _cursor_of(tenant: Tenant) -> int:
    held = AttachCursor.objects.for_tenant(tenant).values_list("last_change_id", flat=True).first()
    if held is None:
        AttachCursor.objects.bulk_create([AttachCursor(tenant=tenant)], ignore_conflicts=True)
    return held or 0


def _news(tenant: Tenant, after_id: int) -> tuple[int | None, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(attach_sql.NEWS, {"tenant_id": tenant.pk, "after_id": after_id, "most": NEWS_AT_ONCE})
        last_id, contact_ids = cursor.fetchone() or (None, None)
    return last_id, contact_ids or []


def _names_somebody_may_wait_for(tenant: Tenant, contact_ids: list[int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(attach_sql.SOMEBODY_WAITS, {"tenant_id": tenant.pk})
        if cursor.fetchone() != (True,):
            return []
        cursor.execute(attach_sql.NAMES, {"tenant_id": tenant.pk, "contact_ids": contact_ids})
        return [name for (name,) in cursor.fetchall()]


def _attach(tenant: Tenant, names: list[str], concerned: str, attach: str, at: datetime) -> dict[int, int | None]:
    """Match the rows that wait for one of these names. Shape: the contact found, if any, by the row's id."""
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(concerned, {"tenant_id": tenant.pk, "names": names})
        waiting = {row_id: msgspec.json.decode(buyer) for row_id, buyer in cursor.fetchall()}
    people = [Person(buyer["identities"], buyer.get("name", "")) for buyer in waiting.values()]
    matches = match_contacts(tenant=tenant, people=people, create=False, at=at)
    found = {
        str(row_id): {"contact_id": match.contact_id, "wait_reason": match.wait_reason}
        for row_id, match in zip(waiting, matches, strict=True)
    }
    if found:
        values = msgspec.json.encode(found).decode()
        with connection.cursor() as cursor:
            cursor.execute(attach, {"tenant_id": tenant.pk, "at": at, "ids": list(waiting), "found": values})
    return {row_id: match.contact_id for row_id, match in zip(waiting, matches, strict=True)}


def _tell(tenant: Tenant, attached: dict[int, int | None], reason: Change.Reason, at: datetime) -> None:
    contact_ids = {contact for contact in attached.values() if contact}
    refresh_stats(tenant=tenant, contact_ids=contact_ids, at=at)
    record_changes(tenant=tenant, contact_ids=contact_ids, reason=reason, at=at)
