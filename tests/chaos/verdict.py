"""What the ledger says beside what the provider received."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sop.models import CapUse, Touchpoint
from sop.services.running import account_of, key_of
from tenants.context import tenant_transaction
from tenants.models import Tenant

OPEN = {"planned", "claimed", "unknown"}


@dataclass(frozen=True)
class Account:
    """The comparison. All but the last three must be 0, however much was killed."""

    lost: int
    effective_duplicates: int
    # a receipt of what the ledger does not call sent, or another text, id or person than it says
    untold: int
    misstated: int
    open_at_the_end: int
    without_reason: int
    caps_wrong: int
    raw_duplicates: int
    touchpoints: int
    states: dict[str, int]


def compare(tenants: list[Tenant], receipts: list[dict[str, Any]]) -> Account:
    """Compare every touchpoint of these tenants with every receipt."""
    rows = {key: row for tenant in tenants for key, row in _rows(tenant).items()}
    delivered: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for receipt in receipts:
        delivered.setdefault((receipt["account"], receipt["key"]), []).append(receipt)
    sent = {key for key, row in rows.items() if row.state == "sent"}
    return Account(
        lost=len(sent - delivered.keys()),
        effective_duplicates=sum(
            sum(not one["is_duplicate"] for one in calls) - 1
            for calls in delivered.values()
            if sum(not one["is_duplicate"] for one in calls) > 1
        ),
        untold=len(delivered.keys() - sent),
        misstated=sum(not _agrees(rows[key], delivered[key][0]) for key in sent & delivered.keys()),
        open_at_the_end=sum(row.state in OPEN for row in rows.values()),
        without_reason=sum(row.state in ("failed", "skipped", "cancelled") and not row.reason for row in rows.values()),
        caps_wrong=sum(_caps_wrong(tenant) for tenant in tenants),
        raw_duplicates=sum(one["is_duplicate"] for one in receipts),
        touchpoints=len(rows),
        states=dict(Counter(f"{row.state} {row.reason}".strip() for row in rows.values())),
    )


def _rows(tenant: Tenant) -> dict[tuple[str, str], Touchpoint]:
    account = account_of(tenant)
    with tenant_transaction(tenant.pk):
        return {
            (account, key_of(account, row.enrollment_id, row.step_id, row.occurrence)): row
            for row in Touchpoint.objects.for_tenant(tenant)
        }


def _agrees(row: Touchpoint, receipt: dict[str, Any]) -> bool:
    told = (row.provider_id, str(row.contact_id), row.text)
    return told == (receipt["provider_id"], receipt["to"], receipt["text"])


def _caps_wrong(tenant: Tenant) -> int:
    """Days of contacts whose count is not that of the touchpoints that hold them."""
    with tenant_transaction(tenant.pk):
        held = Counter(
            Touchpoint.objects.for_tenant(tenant).filter(cap_date__isnull=False).values_list("contact_id", "cap_date")
        )
        used = CapUse.objects.for_tenant(tenant).filter(used__gt=0).values_list("contact_id", "date", "used")
        counted = {(contact_id, date): number for contact_id, date, number in used}
    return sum(held[key] != counted.get(key, 0) for key in held.keys() | counted.keys())
