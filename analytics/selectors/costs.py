"""What acquisition cost, by cohort period and channel; never cut by as-of: it belongs to the whole period."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Sum
from django.db.models.functions import Trunc

from acquisition.models import Spend
from analytics.cohorts import Period
from analytics.periods import period_start
from tenants.models import Tenant
from tenants.money import days_of_month

_LOADED_KINDS = frozenset({Spend.Kind.STAFF, Spend.Kind.TOOLS})


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost in minor units of the tenant's currency, by (period, channel), and the kinds it is made of."""

    by_cohort: Counter[tuple[date, int]] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)

    def add(self, start: date, channel_key: int, kind: str, minor: int) -> None:
        """Count a cost for its period and channel."""
        self.by_cohort[start, channel_key] += minor
        self.kinds.add(kind)

    @property
    def is_fully_loaded(self) -> bool:
        return self.kinds >= _LOADED_KINDS


def costs_of(*, tenant: Tenant, period: Period, from_date: date, before_date: date, channel_key: int | None) -> Costs:
    """The cost of every period and channel from `from_date` on and before `before_date`."""
    rows = Spend.objects.for_tenant(tenant).exclude(base_amount_minor=0)
    if channel_key is not None:
        rows = rows.filter(channel_id=channel_key)
    costs = Costs()
    daily = rows.filter(period=Spend.Period.DAY, date__gte=from_date, date__lt=before_date)
    begins = F("date") if period == "day" else Trunc("date", period)
    sums = daily.values("channel_id", "kind", start=begins).annotate(minor=Sum("base_amount_minor")).order_by()
    for start, key, kind, minor in sums.values_list("start", "channel_id", "kind", "minor"):
        costs.add(start, key, kind, minor)
    monthly = rows.filter(period=Spend.Period.MONTH, date__gte=from_date.replace(day=1), date__lt=before_date)
    for month, key, kind, minor in monthly.values_list("date", "channel_id", "kind", "base_amount_minor"):
        for day, share in days_of_month(month=month, amount_minor=minor).items():
            if from_date <= day < before_date:
                costs.add(period_start(day, period), key, kind, share)
    return costs
