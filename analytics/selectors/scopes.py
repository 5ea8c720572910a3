"""Which days and channels a question about cohorts covers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Min

from acquisition.models import Spend
from acquisition.selectors import channels
from analytics import periods
from analytics.cells import NO_CHANNEL
from analytics.cohorts import UNATTRIBUTED, CohortQuery
from analytics.models import WholeRollup
from analytics.selectors.sums import Scope
from tenants.models import Tenant


class UnknownChannel(ValueError):
    """The tenant has no channel of this slug."""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel as the table needs it."""

    key: int
    slug: str
    name: str
    is_paid: bool


def channels_by_key(*, tenant: Tenant) -> dict[int, ChannelFacts]:
    """The tenant's channels, and the one of contacts that have none."""
    found = {NO_CHANNEL: ChannelFacts(NO_CHANNEL, UNATTRIBUTED, UNATTRIBUTED, False)}
    rows: Any = channels(tenant=tenant)  # with an annotation
    for pk, slug, name, is_paid in rows.values_list("id", "slug", "name", "counts_as_paid"):
        found[pk] = ChannelFacts(pk, slug, name or slug, is_paid)
    return found


def channel_key(known: Mapping[int, ChannelFacts], slug: str | None) -> int | None:
    """The key by which sums know a channel; None for all channels.

    Raises: UnknownChannel
    """
    if slug is None:
        return None
    for channel in known.values():
        if channel.slug == slug:
            return channel.key
    raise UnknownChannel(slug)


def data_range(*, tenant: Tenant) -> tuple[date, date] | None:
    """First and last day on which someone was acquired or money was spent; None without either."""
    rollups = WholeRollup.objects.for_tenant(tenant)
    held = rollups.aggregate(first=Min("cohort_date"), last=Max("cohort_date"))
    spent = Spend.objects.for_tenant(tenant).exclude(base_amount_minor=0)
    cost = spent.aggregate(first=Min("date"), last=Max("date"))
    month = spent.filter(period=Spend.Period.MONTH).aggregate(last=Max("date"))["last"]
    days = [day for day in (*held.values(), *cost.values()) if day is not None]
    if month is not None:
        days.append(periods.next_period(month, "month") - timedelta(days=1))
    return (min(days), max(days)) if days else None


def scope_of(*, tenant: Tenant, query: CohortQuery, key: int | None) -> Scope | None:
    """The whole periods that a query covers; None when nothing can be in them."""
    held = data_range(tenant=tenant) if query.from_date is None or query.to_date is None else None
    first = query.from_date or (held and held[0])
    last = query.to_date or (held and held[1])
    if first is None or last is None:
        return None
    start, last_start = (periods.period_start(day, query.period) for day in (first, last))
    if start > last_start:
        return None
    return Scope(
        tenant=tenant,
        period=query.period,
        from_date=start,
        before_date=periods.next_period(last_start, query.period),
        as_of=query.as_of,
        channel_key=key,
        is_split=query.split_by_channel,
    )
