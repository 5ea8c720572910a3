"""Daily lines of the home page: who came, and what was earned."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate

from contacts.models import Contact
from orders.models import Order, Refund
from scrm.console.work.ranges import day_end, day_start
from tenants.models import Tenant
from tenants.timezones import zone


@dataclass(frozen=True)
class Day:
    """One day of the tenant's calendar. Units: the tenant's minor units."""

    date: date
    new_contacts: int
    net_minor: int


def new_contacts(*, tenant: Tenant, first: date, last: date) -> int:
    """Contacts acquired on these days, both included."""
    return int(Contact.objects.for_tenant(tenant).filter(acquired_date__range=(first, last)).count())


def days(*, tenant: Tenant, first: date, last: date) -> list[Day]:
    """Each day from `first` to `last`: contacts acquired, and paid orders less refunds of known contacts."""
    acquired = Contact.objects.for_tenant(tenant).filter(acquired_date__range=(first, last))
    counts = dict(acquired.values("acquired_date").annotate(n=Count("id")).values_list("acquired_date", "n"))
    net: Counter[date] = Counter()
    window = (day_start(tenant=tenant, day=first), day_end(tenant=tenant, day=last))
    net.update(_paid(tenant, *window))
    net.subtract(_refunded(tenant, *window))
    length = (last - first).days + 1
    every = [first + timedelta(days=at) for at in range(length)]
    return [Day(day, counts.get(day, 0), net[day]) for day in every]


def _paid(tenant: Tenant, since: object, before: object) -> dict[date, int]:
    rows = Order.objects.for_tenant(tenant).filter(
        status=Order.Status.PAID,
        amount_minor__gt=0,
        contact__isnull=False,
        paid_at__gte=since,
        paid_at__lt=before,
    )
    return _by_day(rows, "paid_at", tenant)


def _refunded(tenant: Tenant, since: object, before: object) -> dict[date, int]:
    rows = Refund.objects.for_tenant(tenant).filter(
        contact__isnull=False, is_superseded=False, refunded_at__gte=since, refunded_at__lt=before
    )
    counted = rows.filter(order__isnull=True) | rows.filter(order__status=Order.Status.PAID, order__tenant=F("tenant"))
    return _by_day(counted, "refunded_at", tenant)


def _by_day(rows: object, field: str, tenant: Tenant) -> dict[date, int]:
    local = TruncDate(field, tzinfo=zone(tenant.timezone))
    grouped = rows.annotate(day=local).values("day").annotate(sum=Sum("base_amount_minor")).order_by()  # type: ignore[attr-defined]
    return {row["day"]: int(row["sum"] or 0) for row in grouped}
