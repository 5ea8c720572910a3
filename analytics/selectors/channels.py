"""The channel board: what each channel cost, and what the people it brought are worth at equal age.

A figure at an age is that of one cohort: the range's acquisition days for which that age has passed for everyone,
taken together, with their contacts and the whole cost of those days. So the range may end today; all channels are
compared over the same days at the same age; and nobody's unobserved future counts as nothing. The whole range as one
cohort would have no complete figure until its last day has aged, whole months would leave out up to a month of people
who are old enough, and adding up cohorts of one day would lose the cost of the days on which nobody came. The sums
are the cohort table's own (`channel_sums`): over a day, week or month alone, a complete figure is that table's cell.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from analytics import periods, ratios
from analytics.ages import SLICE_DAYS, SLICES
from analytics.cells import make_cell
from analytics.channels import ChannelBoard, ChannelMonth, ChannelQuery, ChannelRow, ranked
from analytics.cohorts import Incomplete, Payback, SliceCell, SliceName
from analytics.selectors.channel_sums import ALL, ONE_DAY, PAID, ChannelSums, channel_sums, clipped
from analytics.selectors.cohorts import fresh_at
from analytics.selectors.paybacks import paybacks_of_range
from analytics.selectors.scopes import ChannelFacts, channels_by_key, data_range
from analytics.selectors.sums import Scope
from tenants.models import Tenant

TREND_MONTHS = 24


def channel_board(*, tenant: Tenant, query: ChannelQuery) -> ChannelBoard:
    """Cost, value at equal age and payback of each channel that has contacts or a cost, ranked.

    Acquisition is what is known now; as-of cuts what happened, never a cost.
    """
    channels = channels_by_key(tenant=tenant)
    scope = _scope(tenant, query)
    sums = channel_sums(scope=scope, channels=channels, at=query.slice)
    margin = tenant.margin if query.margin is None else query.margin
    paybacks = _paybacks(scope, sums, query.slice, margin)
    months = _trend_months(scope, sums.complete_before["to_date"])
    rows = {
        key: _row(key, sums, channel=channels.get(key), payback=paybacks[key], months=months, query=query, scope=scope)
        for key in sums.groups
    }
    is_empty = scope.from_date == scope.before_date
    return ChannelBoard(
        query=query,
        from_date=None if is_empty else scope.from_date,
        to_date=None if is_empty else scope.before_date - ONE_DAY,
        timezone=tenant.timezone,
        currency=tenant.currency,
        margin=margin,
        fresh_at=fresh_at(tenant=tenant),
        is_fully_loaded=sums.is_fully_loaded,
        truncated_month=sums.truncated_month if sums.truncated else None,
        complete_to={
            name: before - ONE_DAY if before > scope.from_date else None
            for name, before in sums.complete_before.items()
        },
        rows=ranked((rows[key] for key in channels if rows[key].contacts or rows[key].cost_minor), query),
        blended=rows[ALL],
        paid=rows[PAID],
    )


def _scope(tenant: Tenant, query: ChannelQuery) -> Scope:
    """The days asked for that lie within the tenant's data, none where it has none; their sums come by month."""
    today = periods.local_date(query.as_of, tenant.timezone)
    first, last = data_range(tenant=tenant) or (today, today - ONE_DAY)
    first = first if query.from_date is None else max(first, query.from_date)
    last = last if query.to_date is None else min(last, query.to_date)
    return Scope(
        tenant=tenant,
        period="month",
        from_date=first,
        before_date=max(first, last + ONE_DAY),
        as_of=query.as_of,
        channel_key=None,
        is_split=True,
    )


def _paybacks(scope: Scope, sums: ChannelSums, name: SliceName, margin: Decimal) -> dict[int, Payback]:
    """Each group's payback over the days complete at a slice, taken as one period."""
    searched = paybacks_of_range(
        scope=replace(scope, before_date=sums.complete_before[name]),
        groups=sums.groups,
        sums=sums.at_age,
        costs={key: sums.costs[key, name] for key in sums.groups},
        margin=margin,
    )
    return {key: searched.get(key) or _unsearched(key, sums, name) for key in sums.groups}


def _unsearched(key: int, sums: ChannelSums, name: SliceName) -> Payback:
    if not sums.everyone(key).contacts:
        return Payback(status="no_customers")
    is_observed = sums.complete(key, name).contacts > 0
    return Payback(status="no_spend" if is_observed or not sums.costs[key, None] else "period_open")


def _trend_months(scope: Scope, before: date) -> list[date]:
    """The newest months of the range that had begun at as-of."""
    months = []
    month = periods.period_start(scope.from_date, "month")
    while month < clipped(scope, before + ONE_DAY):
        months.append(month)
        month = periods.next_period(month, "month")
    return months[-TREND_MONTHS:]


def _row(
    key: int,
    sums: ChannelSums,
    *,
    channel: ChannelFacts | None,
    payback: Payback,
    months: list[date],
    query: ChannelQuery,
    scope: Scope,
) -> ChannelRow:
    everyone, cost, currency = sums.everyone(key), sums.costs[key, None], scope.tenant.currency
    return ChannelRow(
        channel=channel.slug if channel else None,
        name=channel.name if channel else "",
        is_paid=channel.is_paid if channel else key == PAID,
        contacts=everyone.contacts,
        buyers=everyone.buyers,
        cost_minor=cost,
        cac=ratios.per_contact(cost, everyone.contacts, currency),
        is_left_truncated=key in sums.truncated,
        slices={name: _cell(key, sums, name, currency) for name in SLICES},
        payback=payback,
        cost_share=ratios.share_of(sums.costs[key, query.slice], sums.costs[ALL, query.slice]),
        value_share=ratios.share_of(_value(key, sums, query), _value(ALL, sums, query)),
        months=tuple(_month(key, sums, month, currency) for month in months),
    )


def _cell(key: int, sums: ChannelSums, name: SliceName, currency: str) -> SliceCell:
    everyone, complete = sums.everyone(key), sums.complete(key, name)
    so_far = everyone.values()[name]
    is_complete = complete.contacts > 0
    return make_cell(
        value=complete if is_complete else so_far,
        mature=everyone.mature.get(name, so_far),
        cost_minor=sums.costs[key, name if is_complete else None],
        incomplete="" if is_complete else _incomplete(everyone.contacts, name),
        complete_at=None,
        currency=currency,
    )


def _incomplete(contacts: int, name: SliceName) -> Incomplete:
    if not contacts:
        return "no_contacts"
    return "maturing" if name in SLICE_DAYS else "period_open"


def _value(key: int, sums: ChannelSums, query: ChannelQuery) -> int:
    value = sums.complete(key, query.slice)
    return value.gross_minor - (value.refund_minor if query.basis == "net" else 0)


def _month(key: int, sums: ChannelSums, month: date, currency: str) -> ChannelMonth:
    contacts, cost = sums.month_contacts[key, month], sums.month_costs[key, month]
    return ChannelMonth(
        month=month, contacts=contacts, cost_minor=cost, cac=ratios.per_contact(cost, contacts, currency)
    )
