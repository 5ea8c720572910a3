"""What channels cost, month by month, and the newest entries."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min, Q, QuerySet

from acquisition.models import Channel, Spend
from acquisition.selectors import spend_by_day
from analytics.periods import next_period, period_start
from tenants.models import Tenant


@dataclass(frozen=True)
class ChannelMonths:
    """One channel's spend by month, newest first; None where nothing is entered. Units: the tenant's minor units."""

    name: str
    slug: str
    months: list[int | None]

    @property
    def gaps(self) -> int:
        """Months without an entry between this channel's first and last."""
        known = [at for at, amount in enumerate(self.months) if amount is not None]
        return self.months[known[0] : known[-1] + 1].count(None) if known else 0


def spend_calendar(
    *, tenant: Tenant, first: date, last: date, slugs: Collection[str]
) -> tuple[list[date], list[ChannelMonths]]:
    """The months from `first` to `last`, newest first, and what each channel of `slugs` or with spend cost in them.

    Shape: channels by slug.
    """
    months = []
    month = period_start(first, "month")
    while month <= last:
        months.append(month)
        month = next_period(month, "month")
    sums: Counter[tuple[int, date]] = Counter()
    for row in spend_by_day(tenant=tenant, start=months[0], end=month):
        sums[row.channel_id, row.date.replace(day=1)] += row.amount_minor
    months.reverse()
    shown = Q(pk__in={pk for pk, _ in sums}) | Q(slug__in=slugs)
    named = Channel.objects.for_tenant(tenant).filter(shown).order_by("slug")
    return months, [ChannelMonths(row.name, row.slug, [sums.get((row.pk, month)) for month in months]) for row in named]


def spend_entries(*, tenant: Tenant) -> QuerySet[Spend]:
    """Entries with their channel, as they were told."""
    rows: QuerySet[Spend] = Spend.objects.for_tenant(tenant).select_related("channel")
    return rows


def spend_range(*, tenant: Tenant) -> tuple[date, date] | None:
    """First and last date with an entry."""
    found = Spend.objects.for_tenant(tenant).aggregate(first=Min("date"), last=Max("date"))
    return (found["first"], found["last"]) if found["first"] else None
