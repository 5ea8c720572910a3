"""`/fx-rates`: exchange rates to the tenant's currency."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import QuerySet

from tenants.api.bulk import BulkView
from tenants.api.queries import PageQuery
from tenants.api.views import ListView
from tenants.incoming import Currency, Day, Incoming, Rate, Row
from tenants.models import FxRate, Tenant
from tenants.results import FieldError, RowResult
from tenants.services.fx import DayRate, save_rates


class FxRateIn(Incoming, frozen=True, kw_only=True):
    """One day's rate: what one unit of the currency is worth in the tenant's currency."""

    date: Day
    currency: Currency
    rate: Rate


class FxRatesIn(Incoming, frozen=True, kw_only=True):
    """Rates to set."""

    rates: list[FxRateIn]


class FxRateRow(msgspec.Struct, frozen=True):
    """One day's rate."""

    id: int
    date: date
    currency: str
    rate: Decimal


class FxRateQuery(PageQuery, frozen=True, kw_only=True):
    """Filters of the list."""

    currency: Currency | None = None
    date_from: Day | None = None
    date_to: Day | None = None


class FxRateBulkView(BulkView):
    """Set exchange rates; a rate of the same day and currency is replaced."""

    scopes = {"POST": "orders:write"}
    envelope = FxRatesIn
    items = "rates"

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        last = {(row.item.currency, row.item.date): row.index for row in rows}
        rates = {
            row.index: DayRate(row.item.date, row.item.currency, Decimal(row.item.rate))
            for row in rows
            if row.item.currency != tenant.currency and last[row.item.currency, row.item.date] == row.index
        }
        saved = save_rates(tenant=tenant, rates=list(rates.values()))
        return [_result(row, rates.get(row.index), saved, tenant) for row in rows]


class FxRateListView(ListView):
    """The tenant's exchange rates, newest day first."""

    scopes = {"GET": "orders:read"}
    row = FxRateRow
    query = FxRateQuery
    ordering = ("-date", "-id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        filters = {"currency": query.currency, "date__gte": query.date_from, "date__lte": query.date_to}
        given = {name: value for name, value in filters.items() if value is not None}
        found: QuerySet[Any] = FxRate.objects.for_tenant(tenant).filter(**given)
        return found

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [FxRateRow(rate.pk, rate.date, rate.currency, rate.rate) for rate in found]


def _result(row: Row, rate: DayRate | None, saved: Any, tenant: Tenant) -> RowResult:
    if rate is not None:
        pk, status = saved[rate.key]
        return RowResult(row.index, None, status, pk)
    if row.item.currency == tenant.currency:
        detail = f"{tenant.currency} is the tenant's own currency; it needs no rate."
        error = FieldError(f"/rates/{row.index}/currency", "own_currency", detail)
        return RowResult(row.index, None, "error", errors=(error,))
    return RowResult(row.index, None, "stale", saved[row.item.currency, row.item.date][0])
