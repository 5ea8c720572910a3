"""The exchange rate of each row: given with it, kept, or the tenant's own of its day. Never 1:1."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from orders.decisions import Held
from orders.versions import OrderVersion, RefundVersion
from tenants.models import Tenant
from tenants.money import MAX_MINOR, convert
from tenants.results import FieldError

# Purpose: the tenant's rates of some currencies' days. Parameters: tenant_id; currencies and dates, side by
# side.
# Columns: currency, date, rate (units of the tenant's currency for one). Grain: one row per currency and date
# known.
READ_RATES = """
SELECT r.currency, r.date, r.rate FROM tenants_fxrate r
WHERE r.tenant_id = %(tenant_id)s
  AND (r.currency, r.date) IN (SELECT * FROM unnest(%(currencies)s::text[], %(dates)s::date[]))
"""
V = TypeVar("V", OrderVersion, RefundVersion)


class Priced(msgspec.Struct, frozen=True):
    """A row's rate and its amount in the tenant's currency."""

    fx_rate: Decimal
    fx_given: bool
    base_amount_minor: int


def price_rows(
    *, tenant: Tenant, rows: Sequence[V], held: Mapping[str, Held]
) -> tuple[dict[int, Priced], dict[int, FieldError]]:
    """Find each row's exchange rate. Shape: by row index, what could be priced and what could not, with why.

    A rate given with the row wins; else the table rate kept with what is held, if currency and day are the same;
    else the tenant's table at the row's day in the tenant's zone.
    """
    zone = ZoneInfo(tenant.timezone)
    unpriced = [row for row in rows if row.currency != tenant.currency and row.fx_rate is None]
    days = {row.index: row.dated_at.astimezone(zone).date() for row in unpriced}
    table = _read_rates(tenant, {(row.currency, days[row.index]) for row in unpriced})
    priced: dict[int, Priced] = {}
    errors: dict[int, FieldError] = {}
    for row in rows:
        rate = Decimal(1) if row.currency == tenant.currency else row.fx_rate
        given = row.fx_rate is not None
        if rate is None:
            day = days[row.index]
            rate = _kept_rate(held.get(row.external_id), row, day, zone) or table.get((row.currency, day))
            if rate is None:
                errors[row.index] = _missing(row.currency, day)
                continue
        base = convert(row.amount_minor, currency=row.currency, rate=rate, to=tenant.currency)
        if base > MAX_MINOR or (given and row.currency == tenant.currency and row.fx_rate != 1):
            errors[row.index] = FieldError("/fx_rate", "out_of_range", _("This rate cannot be used for this amount."))
        else:
            priced[row.index] = Priced(rate, given, base)
    return priced, errors


def _read_rates(tenant: Tenant, wanted: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Decimal]:
    pairs = sorted(wanted)
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            READ_RATES,
            {"tenant_id": tenant.pk, "currencies": [p[0] for p in pairs], "dates": [p[1] for p in pairs]},
        )
        return {(currency, day): rate for currency, day, rate in cursor.fetchall()}


def _kept_rate(held: Held | None, row: OrderVersion | RefundVersion, day: date, zone: ZoneInfo) -> Decimal | None:
    if held is None or held.table_rate is None or held.currency != row.currency:
        return None
    return held.table_rate if held.dated_at.astimezone(zone).date() == day else None


def _missing(currency: str, day: date) -> FieldError:
    told = {"currency": currency, "date": day.isoformat()}
    return FieldError("/currency", "missing_rate", _("No exchange rate for %(currency)s on %(date)s.") % told)
