"""Sentences about channels, what they cost and whom they brought."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.utils.translation import gettext as _

from acquisition.models import Channel, Spend, Touch
from contacts.selectors import whole_instants
from contacts.timeline import TimelineItem
from tenants.models import Tenant
from tenants.money import days_of_month

NEVER_PAID = "organic"
KINDS = ("touch",)


class DaySpend(NamedTuple):
    """What one channel cost on one day. Units: the tenant's currency's minor units."""

    date: date
    channel_id: int
    amount_minor: int


def spend_by_day(*, tenant: Tenant, start: date, end: date) -> list[DaySpend]:
    """What each channel cost each day from `start` to `end`, both included.

    A month's row gives its days their shares by largest remainder: any cut of days re-sums to the cent.

    Shape: one row per day and channel with spend, by date, then channel.
    """
    held = Spend.objects.for_tenant(tenant).filter(date__gte=start.replace(day=1), date__lte=end)
    sums: Counter[tuple[date, int]] = Counter()
    for channel_id, period, first, amount in held.values_list("channel_id", "period", "date", "base_amount_minor"):
        is_month = period == Spend.Period.MONTH
        days = days_of_month(month=first, amount_minor=amount) if is_month else {first: amount}
        sums.update({(day, channel_id): share for day, share in days.items() if start <= day <= end})
    return [DaySpend(day, channel_id, amount) for (day, channel_id), amount in sorted(sums.items())]


def channels(*, tenant: Tenant) -> QuerySet[Channel]:
    """The tenant's channels by slug; `counts_as_paid`: as said, else has spend and is not organic."""
    # one row of each: an EXISTS would be planned as a scan of all spend
    one_spend = Subquery(Spend.objects.for_tenant(tenant).filter(channel_id=OuterRef("pk")).values("pk")[:1])
    by_spend = ExpressionWrapper(~Q(slug=NEVER_PAID) & IsNull(one_spend, False), output_field=BooleanField())
    paid = Coalesce("is_paid", by_spend)
    rows: QuerySet[Channel] = Channel.objects.for_tenant(tenant)
    return rows.annotate(counts_as_paid=paid).order_by("slug")


def channel_names(*, tenant: Tenant) -> dict[str, str]:
    """What the tenant's channels are called, by slug."""
    rows = Channel.objects.for_tenant(tenant).values_list("slug", "name")
    return {slug: name or slug for slug, name in rows}


def spend(*, tenant: Tenant) -> QuerySet[Spend]:
    """The tenant's spend with its channels."""
    rows: QuerySet[Spend] = Spend.objects.for_tenant(tenant)
    return rows.select_related("channel")


def touches(*, tenant: Tenant, contact_id: int) -> QuerySet[Touch]:
    """A contact's touches with their channels, the one that acquired it first."""
    rows: QuerySet[Touch] = Touch.objects.for_tenant(tenant).filter(contact_id=contact_id)
    return rows.select_related("channel").order_by("happened_at", F("channel__slug").asc(nulls_last=True), "pk")


def contacts_with_touch_channel(*, tenant: Tenant, contact_ids: Collection[int]) -> set[int]:
    """Those of these contacts whose first touch names its channel."""
    if not contact_ids:
        return set()
    firsts = (
        Touch.objects.for_tenant(tenant)
        .filter(contact_id__in=contact_ids)
        .order_by("contact_id", "happened_at", F("channel__slug").asc(nulls_last=True))
        .distinct("contact_id")
    )
    return {contact for contact, channel in firsts.values_list("contact_id", "channel_id") if channel is not None}


def timeline_items(
    *,
    tenant: Tenant,
    contact_id: int,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] = KINDS,
) -> list[TimelineItem]:
    """A contact's touches, newest first; the subject is the channel. The shape and its paging: `contacts.timeline`."""
    if "touch" not in kinds:
        return []
    found = Touch.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("channel")
    return [_touch_item(touch) for touch in whole_instants(found, "happened_at", before=before, limit=limit)]


def _touch_item(touch: Touch) -> TimelineItem:
    title = touch.channel.name if touch.channel else _("no channel")
    return TimelineItem(at=touch.happened_at, kind="touch", title=title, subject_id=touch.channel_id)
