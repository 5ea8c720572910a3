"""Exact sums of a range of acquisition days by channel, and of channels together, at any as-of."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from analytics import periods
from analytics.ages import SLICE_DAYS, SLICES
from analytics.cells import ALL_CHANNELS, Boundary, CohortSums, Sums, Value, gather, joined
from analytics.cohorts import SliceName
from analytics.selectors.cohorts import truncated_start
from analytics.selectors.costs import Costs, costs_of
from analytics.selectors.scopes import ChannelFacts
from analytics.selectors.sums import Scope, boundaries_of, cutting_days, maturity_days, sums_of

# the keys of channels taken together, beside those of single ones
ALL, PAID = ALL_CHANNELS, -2
ONE_DAY = timedelta(days=1)

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSums:
    """Sums by group of channels: of everyone (`whole`), of the days that are over at as-of (`over`), and of the days
    complete at one age (`at_age`).

    `groups`: the channel keys of each group. `complete_before`: by slice, the first day that is not complete at it.
    `costs`: by group and slice, of the days complete at it; under None of all days. Months are first days.
    `truncated`: the groups with contacts acquired by orders in the month of the tenant's first purchase.
    """

    groups: Mapping[int, Sequence[int]]
    complete_before: Mapping[SliceName, date]
    whole: Mapping[int, CohortSums]
    over: Mapping[int, CohortSums]
    at_age: Mapping[int, CohortSums]
    costs: Counter[tuple[int, SliceName | None]]
    month_contacts: Counter[tuple[int, date]]
    month_costs: Counter[tuple[int, date]]
    truncated_month: date | None
    truncated: frozenset[int]
    is_fully_loaded: bool

    def everyone(self, key: int) -> CohortSums:
        """All contacts of a group acquired before as-of."""
        return self.whole.get(key) or CohortSums()

    def complete(self, key: int, name: SliceName) -> Value:
        """What a group's contacts of the days complete at a slice brought within it."""
        held = self.over.get(key)
        if held is None:
            return Value()
        return held.mature[name] if name in SLICE_DAYS else held.values()[name]


def channel_sums(*, scope: Scope, channels: Mapping[int, ChannelFacts], at: SliceName) -> ChannelSums:
    """Sum a split scope by channel; `at` is the age of `at_age`."""
    groups = _groups(channels)
    complete_before = _complete_before(scope)
    today = complete_before["to_date"]
    over = sums_of(replace(scope, before_date=today))
    is_open = replace(scope, from_date=today, before_date=clipped(scope, today + ONE_DAY))
    everyone = [*over, *sums_of(is_open)]
    costs = costs_of(
        tenant=scope.tenant,
        period="day",
        from_date=scope.from_date,
        before_date=scope.before_date,
        channel_key=None,
    )
    first_month = truncated_start(scope)
    cuts = cutting_days(scope)
    parts = {name: cuts.index(day) for name, day in maturity_days(scope).items()}
    truncated = {row.channel_key for row in everyone if row.start == first_month and row.order_contacts}
    limit = parts.get(at, len(cuts))
    aged = _by_channel([row for row in over if row.part <= limit], parts)
    younger = _by_channel([row for row in over if row.part > limit], parts)
    opened = _by_channel(everyone[len(over) :], parts, boundaries_of(scope))
    return ChannelSums(
        groups=groups,
        complete_before=complete_before,
        whole=_of_groups(groups, aged, younger, opened),
        over=_of_groups(groups, aged, younger),
        at_age=_of_groups(groups, aged),
        costs=_costs(groups, costs, complete_before),
        month_contacts=_counted(groups, ((row.channel_key, row.start, row.contacts) for row in everyone)),
        month_costs=_counted(
            groups, ((channel, day.replace(day=1), minor) for (day, channel), minor in costs.by_cohort.items())
        ),
        truncated_month=first_month,
        truncated=frozenset(key for key, members in groups.items() if not truncated.isdisjoint(members)),
        is_fully_loaded=costs.is_fully_loaded,
    )


def clipped(scope: Scope, day: date) -> date:
    """A day within the scope, or the first after it."""
    return min(max(day, scope.from_date), scope.before_date)


def _groups(channels: Mapping[int, ChannelFacts]) -> dict[int, list[int]]:
    paid = [key for key, channel in channels.items() if channel.is_paid]
    return {key: [key] for key in channels} | {ALL: list(channels), PAID: paid}


def _complete_before(scope: Scope) -> dict[SliceName, date]:
    """A day is complete at an age when its end has reached it: when it lies before the day of as-of less the age."""
    today = periods.local_date(scope.as_of, scope.tenant.timezone)
    days = maturity_days(scope)
    return {name: clipped(scope, days.get(name, today)) for name in SLICES}


def _by_channel(
    rows: Iterable[Sums], parts: Mapping[SliceName, int], boundaries: Iterable[Boundary] = ()
) -> dict[int, list[CohortSums]]:
    """The sums of each channel, month by month."""
    months: defaultdict[int, list[CohortSums]] = defaultdict(list)
    for (_, channel), sums in gather(sums=rows, boundaries=boundaries, mature_parts=parts).items():
        months[channel].append(sums)
    return months


def _of_groups(
    groups: Mapping[int, Sequence[int]], *parts: Mapping[int, Sequence[CohortSums]]
) -> dict[int, CohortSums]:
    """The sums of each group that has any, all parts and months together."""
    found = {
        key: [sums for channel in members for part in parts for sums in part.get(channel, ())]
        for key, members in groups.items()
    }
    return {key: joined(sums) for key, sums in found.items() if sums}


def _costs(
    groups: Mapping[int, Sequence[int]], costs: Costs, complete_before: Mapping[SliceName, date]
) -> Counter[tuple[int, SliceName | None]]:
    by_channel = Counter[tuple[int, SliceName | None]]()
    for (day, channel), minor in costs.by_cohort.items():
        by_channel[channel, None] += minor
        for name, before in complete_before.items():
            if day < before:
                by_channel[channel, name] += minor
    return _counted(groups, ((channel, name, minor) for (channel, name), minor in by_channel.items()))


def _counted(groups: Mapping[int, Sequence[int]], counts: Iterable[tuple[int, _K, int]]) -> Counter[tuple[int, _K]]:
    """What is counted by channel and something else, for every group that the channel is in."""
    by_channel = Counter[tuple[int, _K]]()
    for channel, key, count in counts:
        by_channel[channel, key] += count
    sums = Counter[tuple[int, _K]]()
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for group, members in groups.items():
        for channel in members:
            holders[channel].append(group)
    for (channel, key), count in by_channel.items():
        for group in holders[channel]:
            sums[group, key] += count
    return sums
