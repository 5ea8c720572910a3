"""The totals under a cohort table: blended and paid cost, and each slice's complete rows."""

from collections import Counter
from collections.abc import Mapping, Sequence

from analytics import cells, ratios
from analytics.cohorts import ChannelTotal, CohortRow, CohortTotals
from analytics.selectors.costs import Costs
from analytics.selectors.scopes import ChannelFacts
from analytics.selectors.sums import Scope, contacts_by_channel
from tenants.models import Tenant


def totals_of(
    *,
    tenant: Tenant,
    scope: Scope | None,
    rows: Sequence[CohortRow],
    costs: Costs,
    channels: Mapping[int, ChannelFacts],
) -> CohortTotals:
    """Total the whole cohorts of a table; CAC over all of its contacts and cost, incomplete or not."""
    kept = [row for row in rows if row.channel is None or (scope is not None and scope.channel_key is not None)]
    by_channel = _by_channel(scope=scope, rows=rows, costs=costs, channels=channels, currency=tenant.currency)
    contacts, cost = sum(row.contacts for row in kept), sum(row.cost_minor for row in kept)
    paid_contacts = sum(channel.contacts for channel in by_channel if channel.is_paid)
    paid_cost = sum(channel.cost_minor for channel in by_channel if channel.is_paid)
    return CohortTotals(
        contacts=contacts,
        buyers=sum(row.buyers for row in kept),
        cost_minor=cost,
        cac=ratios.per_contact(cost, contacts, tenant.currency),
        paid_contacts=paid_contacts,
        paid_cost_minor=paid_cost,
        paid_cac=ratios.per_contact(paid_cost, paid_contacts, tenant.currency),
        is_fully_loaded=costs.is_fully_loaded,
        slices=cells.total_cells(rows=[row.slices for row in kept], currency=tenant.currency),
        channels=by_channel,
    )


def _contacts(scope: Scope, rows: Sequence[CohortRow], channels: Mapping[int, ChannelFacts]) -> Counter[int]:
    """Contacts by channel key: summed from the table's rows where they are split."""
    if not scope.is_split:
        return contacts_by_channel(scope)
    keys = {channel.slug: channel.key for channel in channels.values()}
    found = Counter[int]()
    for row in rows:
        if row.channel is not None:
            found[keys[row.channel]] += row.contacts
    return found


def _by_channel(
    *,
    scope: Scope | None,
    rows: Sequence[CohortRow],
    costs: Costs,
    channels: Mapping[int, ChannelFacts],
    currency: str,
) -> tuple[ChannelTotal, ...]:
    if scope is None:
        return ()
    contacts = _contacts(scope, rows, channels)
    spent = Counter[int]()
    for (_, key), minor in costs.by_cohort.items():
        spent[key] += minor
    return tuple(
        ChannelTotal(
            channel=channel.slug,
            name=channel.name,
            is_paid=channel.is_paid,
            contacts=contacts[channel.key],
            cost_minor=spent[channel.key],
            cac=ratios.per_contact(spent[channel.key], contacts[channel.key], currency),
        )
        for channel in channels.values()
        if contacts[channel.key] or spent[channel.key]
    )
