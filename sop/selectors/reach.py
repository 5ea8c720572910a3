"""What a contact may still receive on a day."""

from dataclasses import dataclass
from datetime import date, datetime

from contacts.selectors import Way, ways
from sop.models import CapUse, Touchpoint
from sop.selectors.budget import messages_per_day
from tenants.models import Tenant
from tenants.timezones import zone


@dataclass(frozen=True, slots=True)
class Reach:
    """How many messages the day of the tenant's zone allows a contact and how many are used up (sent, or on their way);
    what she said of each way of being reached; what is planned next, on whatever day, with its SOP and step.
    """

    date: date
    per_day: int
    used: int
    ways: list[Way]
    next: Touchpoint | None

    @property
    def left(self) -> int:
        """How many more she may get on this day; none where she refused every way."""
        return 0 if self.is_refused else max(self.per_day - self.used, 0)

    @property
    def is_refused(self) -> bool:
        """Whether she may be reached in no way."""
        return all(way.is_refused for way in self.ways)


def reach_of(*, tenant: Tenant, contact_id: int, at: datetime) -> Reach:
    """What a contact may still receive on the day of `at`."""
    day = at.astimezone(zone(tenant.timezone)).date()
    used = CapUse.objects.for_tenant(tenant).filter(contact_id=contact_id, date=day).values_list("used", flat=True)
    planned = Touchpoint.objects.for_tenant(tenant).filter(contact_id=contact_id, state=Touchpoint.State.PLANNED)
    return Reach(
        date=day,
        per_day=messages_per_day(tenant=tenant),
        used=used.first() or 0,
        ways=ways(tenant=tenant, contact_id=contact_id),
        next=planned.select_related("sop", "step__version").order_by("due_at", "pk").first(),
    )
