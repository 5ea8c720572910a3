"""Writing the audit log."""

from datetime import datetime
from ipaddress import ip_address
from typing import Any

from tenants.models import AuditEntry, Tenant


def record_act(
    *, tenant: Tenant, at: datetime, actor: str, act: str, target: str = "", address: str | None = None, **detail: Any
) -> None:
    """Append one security-relevant act to the tenant's log; an address that is none is left out."""
    AuditEntry.objects.create(
        tenant=tenant, at=at, actor=actor, act=act, target=target, detail=detail, address=_readable(address)
    )


def _readable(address: str | None) -> str | None:
    try:
        return str(ip_address(address or ""))
    except ValueError:
        return None
