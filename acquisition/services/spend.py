"""Spend as other systems tell it: kept as told, converted once at its date's rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from acquisition.incoming import IncomingSpend
from acquisition.models import Channel, Spend
from acquisition.services.channels import ReservedSlug, channel_ids, edit_channel, refuse_reserved
from tenants.context import lock_tenant_writes
from tenants.incoming import Row
from tenants.models import FxRate, Tenant
from tenants.money import MAX_MINOR, TooManyDecimals, convert, to_minor
from tenants.results import FieldError, RowResult

# parameters: tenant, at, rows; columns: external id, id
_WRITE = """
INSERT INTO acquisition_spend (tenant_id, external_id, channel_id, period, date, kind, amount_minor, currency,
                               base_amount_minor, created_at, updated_at)
SELECT %(tenant)s, r.external_id, r.channel, r.period, r.date, r.kind, r.amount, r.currency, r.base,
       %(at)s, %(at)s
FROM json_to_recordset(%(rows)s::json)
    AS r(external_id text, channel bigint, period text, date date, kind text, amount bigint, currency text,
         base bigint)
ON CONFLICT (tenant_id, external_id) DO UPDATE
SET channel_id = excluded.channel_id, period = excluded.period, date = excluded.date, kind = excluded.kind,
    amount_minor = excluded.amount_minor, currency = excluded.currency,
    base_amount_minor = excluded.base_amount_minor, updated_at = excluded.updated_at
RETURNING external_id, id
"""
Rates = Mapping[tuple[str, date], Decimal]


class CannotConvert(Exception):
    """A row whose amount cannot be kept; `field` and `code` say why."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class EnteredSpend:
    """What became of one cost told by hand, and what its channel had been called before; None: it is new."""

    result: RowResult
    known_as: str | None


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a row says, in comparable form."""

    slug: str
    period: str
    first_day: date
    kind: str
    amount_minor: int
    currency: str

    @property
    def money(self) -> tuple[date, int, str]:
        return self.first_day, self.amount_minor, self.currency


@dataclass(frozen=True, slots=True)
class _Held:
    """What is kept under an external id."""

    id: int
    cost: _Cost
    base_minor: int


def sync_spend(*, tenant: Tenant, rows: Sequence[Row], at: datetime) -> list[RowResult]:
    """Upsert spend by external id; the last of two rows of one call wins, the other is stale.

    Another currency is converted at its date's rate (of a month: its first day's); without one, the row is an
    error.

    Shape: one result per row, in order.
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    held = _held(tenant, {row.item.external_id for row in rows})
    rates = _rates(tenant, rows)
    results: dict[int, RowResult] = {}
    wanted: dict[str, tuple[int, _Cost, int]] = {}
    for row in rows:
        try:
            cost, base = _read(row.item, held.get(row.item.external_id), tenant, rates)
        except CannotConvert as error:
            results[row.index] = _error(row, error)
            continue
        if beaten := wanted.get(row.item.external_id):
            results[beaten[0]] = RowResult(beaten[0], row.item.external_id, "stale")
        wanted[row.item.external_id] = (row.index, cost, base)
    results |= _write(tenant, wanted, held, at)
    return [results[row.index] for row in rows]


def enter_spend(*, tenant: Tenant, item: IncomingSpend, channel_name: str, at: datetime) -> EnteredSpend:
    """Keep one cost told by hand; a channel that it makes is called `channel_name`, one that exists keeps its name."""
    lock_tenant_writes(tenant_id=tenant.pk)
    channel = Channel.objects.for_tenant(tenant).filter(slug=item.channel)
    held = channel.first()
    (result,) = sync_spend(tenant=tenant, rows=[Row(0, item)], at=at)
    if held is None and result.status == "created":
        edit_channel(tenant=tenant, channel_id=channel.get().pk, name=channel_name)
    return EnteredSpend(result, held and (held.name or held.slug))


def _read(item: IncomingSpend, held: _Held | None, tenant: Tenant, rates: Rates) -> tuple[_Cost, int]:
    if (item.date is None) == (item.month is None):
        raise CannotConvert("date", "date_or_month", _("Send either a date or a month."))
    try:
        refuse_reserved(item.channel)
    except ReservedSlug as error:
        raise CannotConvert("channel", error.code, str(error)) from error
    try:
        amount = to_minor(item.amount, item.currency)
    except TooManyDecimals as error:
        raise CannotConvert("amount", "too_many_decimals", str(error)) from error
    period = Spend.Period.DAY if item.month is None else Spend.Period.MONTH
    cost = _Cost(item.channel, period, item.first_day, item.kind, amount, item.currency)
    if held is not None and held.cost.money == cost.money:
        return cost, held.base_minor
    return cost, _base_amount(cost, tenant, rates)


def _base_amount(cost: _Cost, tenant: Tenant, rates: Rates) -> int:
    if cost.currency == tenant.currency:
        return cost.amount_minor
    rate = rates.get((cost.currency, cost.first_day))
    if rate is None:
        detail = _("There is no rate of %(currency)s on %(date)s.") % {
            "currency": cost.currency,
            "date": cost.first_day,
        }
        raise CannotConvert("currency", "missing_rate", detail)
    base = convert(cost.amount_minor, currency=cost.currency, rate=rate, to=tenant.currency)
    if base > MAX_MINOR:
        raise CannotConvert("amount", "too_large", _("The converted amount is too large."))
    return base


def _rates(tenant: Tenant, rows: Sequence[Row]) -> Rates:
    items: list[IncomingSpend] = [row.item for row in rows]
    foreign = [item for item in items if item.currency != tenant.currency and (item.date or item.month)]
    if not foreign:
        return {}
    found = FxRate.objects.for_tenant(tenant).filter(
        currency__in={item.currency for item in foreign}, date__in={item.first_day for item in foreign}
    )
    return {(currency, day): rate for currency, day, rate in found.values_list("currency", "date", "rate")}


def _held(tenant: Tenant, external_ids: set[str]) -> dict[str, _Held]:
    rows = Spend.objects.for_tenant(tenant).filter(external_id__in=external_ids).select_related("channel")
    return {row.external_id: _Held(row.pk, _cost(row), row.base_amount_minor) for row in rows}


def _cost(row: Spend) -> _Cost:
    return _Cost(row.channel.slug, row.period, row.date, row.kind, row.amount_minor, row.currency)


def _write(
    tenant: Tenant, wanted: Mapping[str, tuple[int, _Cost, int]], held: Mapping[str, _Held], at: datetime
) -> dict[int, RowResult]:
    changed = {
        external_id: (cost, base)
        for external_id, (_index, cost, base) in wanted.items()
        if external_id not in held or held[external_id].cost != cost
    }
    ids = {external_id: row.id for external_id, row in held.items()} | _upsert(tenant, changed, at)
    return {
        index: RowResult(
            index,
            external_id,
            "unchanged" if external_id not in changed else "updated" if external_id in held else "created",
            ids[external_id],
        )
        for external_id, (index, _cost, _base) in wanted.items()
    }


def _upsert(tenant: Tenant, changed: Mapping[str, tuple[_Cost, int]], at: datetime) -> dict[str, int]:
    if not changed:
        return {}
    channels = channel_ids(tenant=tenant, slugs={cost.slug for cost, _base in changed.values()})
    rows = [
        {
            "external_id": external_id,
            "channel": channels[cost.slug],
            "period": str(cost.period),
            "date": cost.first_day,
            "kind": cost.kind,
            "amount": cost.amount_minor,
            "currency": cost.currency,
            "base": base,
        }
        for external_id, (cost, base) in sorted(changed.items())
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"tenant": tenant.pk, "at": at, "rows": msgspec.json.encode(rows).decode()})
        return dict(cursor.fetchall())


def _error(row: Row, error: CannotConvert) -> RowResult:
    pointer = f"/spend/{row.index}/{error.field}"
    return RowResult(row.index, row.item.external_id, "error", errors=(FieldError(pointer, error.code, str(error)),))
