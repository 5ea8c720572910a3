"""The cohort table: the one function behind the API, the board and every export."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from analytics import cells, periods, ratios
from analytics.cells import ALL_CHANNELS, CohortSums
from analytics.cohorts import CohortQuery, CohortRow, CohortTable, Payback, SliceCell, SliceName
from analytics.models import TickCursor
from analytics.selectors.costs import Costs, costs_of
from analytics.selectors.paybacks import paybacks_of
from analytics.selectors.scopes import ChannelFacts, channel_key, channels_by_key, scope_of
from analytics.selectors.sums import Scope, boundaries_of, cutting_days, maturity_days, sums_of
from analytics.selectors.totals import totals_of
from orders.models import Order
from tenants.models import Tenant

Key = tuple[date, int]


class TooManyRows(ValueError):
    """The table could hold more rows than were asked for; `is_split_to_blame`: the whole cohorts would fit."""

    def __init__(self, *, is_split_to_blame: bool) -> None:
        super().__init__()
        self.is_split_to_blame = is_split_to_blame


def cohort_table(*, tenant: Tenant, query: CohortQuery) -> CohortTable:
    """Cost, value and payback by cohort, exactly by the definitions, at any as-of.

    Acquisition is what is known now (a touch that came late moves the contact); as-of cuts what happened.
    Raises: UnknownChannel, TooManyRows
    """
    channels = channels_by_key(tenant=tenant)
    key = channel_key(channels, query.channel)
    scope = scope_of(tenant=tenant, query=query, key=key)
    margin = tenant.margin if query.margin is None else query.margin
    if scope is not None:
        _refuse_excess(scope, channels=len(channels), max_rows=query.max_rows)
    costs = _costs(scope) if scope else Costs()
    rows = _rows(scope=scope, costs=costs, channels=channels, margin=margin) if scope else []
    return CohortTable(
        period=query.period,
        from_date=scope.from_date if scope else None,
        to_date=scope.before_date - timedelta(days=1) if scope else None,
        timezone=tenant.timezone,
        currency=tenant.currency,
        as_of=query.as_of,
        margin=margin,
        fresh_at=fresh_at(tenant=tenant),
        rows=tuple(rows),
        totals=totals_of(tenant=tenant, scope=scope, rows=rows, costs=costs, channels=channels),
    )


def _refuse_excess(scope: Scope, *, channels: int, max_rows: int | None) -> None:
    cohorts = periods.count_between(scope.from_date, scope.before_date, scope.period)
    is_split = scope.is_split and scope.channel_key is None
    if max_rows is not None and cohorts * (1 + channels * is_split) > max_rows:
        raise TooManyRows(is_split_to_blame=cohorts <= max_rows)


def fresh_at(*, tenant: Tenant) -> datetime | None:
    """When what boards read last held everything that had come in."""
    cursors = TickCursor.objects.for_tenant(tenant).filter(consumer=TickCursor.COHORTS)
    found: datetime | None = cursors.values_list("fresh_at", flat=True).first()
    return found


def _costs(scope: Scope) -> Costs:
    return costs_of(
        tenant=scope.tenant,
        period=scope.period,
        from_date=scope.from_date,
        before_date=scope.before_date,
        channel_key=scope.channel_key,
    )


def _rows(*, scope: Scope, costs: Costs, channels: Mapping[int, ChannelFacts], margin: Decimal) -> list[CohortRow]:
    whole = Counter[Key]()
    for (start, _), minor in costs.by_cohort.items():
        whole[start, ALL_CHANNELS] += minor
    rows = _level(scope=replace(scope, is_split=False), costs=whole, channels=channels, margin=margin)
    if scope.is_split and scope.channel_key is None:
        rows += _level(scope=scope, costs=costs.by_cohort, channels=channels, margin=margin)
    # each whole cohort before its channels
    return sorted(rows, key=lambda row: (row.cohort_date, row.channel or ""))


def _level(
    *, scope: Scope, costs: Mapping[Key, int], channels: Mapping[int, ChannelFacts], margin: Decimal
) -> list[CohortRow]:
    """The rows of whole cohorts, or those of their channels."""
    cuts = cutting_days(scope)
    cohorts = cells.gather(
        sums=sums_of(scope),
        boundaries=boundaries_of(scope),
        mature_parts={name: cuts.index(day) for name, day in maturity_days(scope).items()},
    )
    paybacks = paybacks_of(scope=scope, cohorts=cohorts, costs=costs, margin=margin)
    truncated = truncated_start(scope)
    label = channels.get(scope.channel_key) if scope.channel_key is not None else None
    kept = {key for key, sums in cohorts.items() if sums.contacts} | {key for key, cost in costs.items() if cost}
    return [
        _row(
            scope=scope,
            start=start,
            channel=label if key == ALL_CHANNELS else channels[key],
            sums=cohorts.get((start, key)) or CohortSums(),
            cost_minor=costs.get((start, key), 0),
            payback=paybacks[start, key],
            truncated=truncated,
        )
        for start, key in kept
    ]


def _row(
    *,
    scope: Scope,
    start: date,
    channel: ChannelFacts | None,
    sums: CohortSums,
    cost_minor: int,
    payback: Payback,
    truncated: date | None,
) -> CohortRow:
    return CohortRow(
        cohort_date=start,
        last_date=periods.next_period(start, scope.period) - timedelta(days=1),
        channel=channel.slug if channel else None,
        channel_name=channel.name if channel else "",
        contacts=sums.contacts,
        order_contacts=sums.order_contacts,
        buyers=sums.buyers,
        cost_minor=cost_minor,
        cac=ratios.per_contact(cost_minor, sums.contacts, scope.tenant.currency),
        is_left_truncated=start == truncated and sums.order_contacts > 0,
        slices=_slices(scope=scope, start=start, sums=sums, cost_minor=cost_minor),
        payback=payback,
    )


def _slices(*, scope: Scope, start: date, sums: CohortSums, cost_minor: int) -> Mapping[SliceName, SliceCell]:
    following = periods.next_period(start, scope.period)
    return cells.row_cells(
        sums=sums,
        cost_minor=cost_minor,
        period_end=periods.start_of_day(following, scope.tenant.timezone),
        as_of=scope.as_of,
        currency=scope.tenant.currency,
    )


def truncated_start(scope: Scope) -> date | None:
    """The period that holds the tenant's earliest purchase: who bought then may be an old customer."""
    purchases = Order.objects.for_tenant(scope.tenant).filter(
        status=Order.Status.PAID, amount_minor__gt=0, contact__isnull=False, paid_at__lt=scope.as_of
    )
    earliest = purchases.order_by("paid_at", "id").values_list("paid_at", flat=True).first()
    if earliest is None:
        return None
    return periods.period_start(periods.local_date(earliest, scope.tenant.timezone), scope.period)
