"""How often a contact may be reached."""

from sop.models import TouchBudget
from tenants.models import Tenant


def messages_per_day(*, tenant: Tenant) -> int:
    """How many messages one contact gets on one day at most, from all SOPs together."""
    held = TouchBudget.objects.for_tenant(tenant).values_list("per_day", flat=True).first()
    return TouchBudget.DEFAULT_PER_DAY if held is None else int(held)
