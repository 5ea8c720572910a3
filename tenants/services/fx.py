"""Exchange rates of a tenant."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenants.models import FxRate, Tenant


@dataclass(frozen=True)
class DayRate:
    """What one unit of a currency was worth in the tenant's currency on one day."""

    date: dt.date
    currency: str
    rate: Decimal

    @property
    def key(self) -> tuple[str, dt.date]:
        return self.currency, self.date


class RateOfOwnCurrency(Exception):
    """The tenant's own currency is always worth one."""


def save_rates(*, tenant: Tenant, rates: Sequence[DayRate]) -> Mapping[tuple[str, dt.date], tuple[int, str]]:
    """Set rates, the last of a day and currency winning.

    Shape: (currency, date) → (id, `created`, `updated` or `unchanged`).
    Raises: RateOfOwnCurrency
    """
    if any(rate.currency == tenant.currency for rate in rates):
        raise RateOfOwnCurrency(tenant.currency)
    wanted = {rate.key: rate for rate in rates}
    held = _held(tenant, wanted)
    statuses = {
        key: "created" if key not in held else "unchanged" if held[key][1] == rate.rate else "updated"
        for key, rate in wanted.items()
    }
    FxRate.objects.bulk_create(
        [
            FxRate(tenant=tenant, date=rate.date, currency=rate.currency, rate=rate.rate)
            for key, rate in sorted(wanted.items())
            if statuses[key] != "unchanged"
        ],
        update_conflicts=True,
        unique_fields=["tenant", "currency", "date"],
        update_fields=["rate"],
    )
    ids = {key: pk for key, (pk, _) in _held(tenant, wanted).items()}
    return {key: (ids[key], status) for key, status in statuses.items()}


def _held(
    tenant: Tenant, wanted: Mapping[tuple[str, dt.date], DayRate]
) -> dict[tuple[str, dt.date], tuple[int, Decimal]]:
    if not wanted:
        return {}
    days = [day for _, day in wanted]
    rows = FxRate.objects.for_tenant(tenant).filter(
        currency__in={currency for currency, _ in wanted}, date__range=(min(days), max(days))
    )
    return {(row.currency, row.date): (row.pk, row.rate) for row in rows if (row.currency, row.date) in wanted}
