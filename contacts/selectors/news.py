"""The change rows of a tenant, for the ticks that keep a cursor on them."""

from contacts.models import Change
from tenants.models import Tenant


def next_changes(*, tenant: Tenant, after: int, limit: int) -> list[tuple[int, int, str]]:
    """The next change rows above an id, oldest first. Shape: (id, contact, reason)."""
    changes = Change.objects.for_tenant(tenant).filter(id__gt=after).order_by("id")
    return list(changes.values_list("id", "contact_id", "reason")[:limit])


def newest_change(*, tenant: Tenant) -> int:
    """The id of the newest change row; 0 where there is none."""
    newest = Change.objects.for_tenant(tenant).order_by("-id").values_list("id", flat=True).first()
    return newest or 0
