"""Writing the audit log."""

from datetime import datetime
from typing import Any

from tenants.models import AuditEntry, Tenant


def record_act(
    *, tenant: Tenant, at: datetime, actor: str, act: str, target: str = "", address: str | None = None, **detail: Any
) -> None:
    """Append one security-relevant act to the tenant's log."""
    AuditEntry.objects.create(tenant=tenant, at=at, actor=actor, act=act, target=target, detail=detail, address=address)
