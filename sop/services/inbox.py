"""What contacts received is asked of the provider: one that keeps an inbox for trials, such as the simulator."""

from sop.services.running import account_of
from sop.transports.base import Receipt, Transport
from tenants.models import Tenant


class ProviderKeepsNoInbox(Exception):
    """The transport in use does not tell what was received."""


def read_inbox(
    *, tenant: Tenant, transport: Transport, contact_id: int | None = None, before: int = 0, limit: int
) -> list[Receipt]:
    """Read what the tenant's contacts, or one of them, received, newest first; `before` the receipt of this number.

    Raises: ProviderKeepsNoInbox, Unreachable
    """
    tell = getattr(transport, "receipts", None)
    if tell is None:
        raise ProviderKeepsNoInbox
    found: list[Receipt] = tell(
        account=account_of(tenant),
        to="" if contact_id is None else str(contact_id),
        before=before,
        limit=limit,
        newest_first=True,
        only_delivered=True,
    )
    return found
