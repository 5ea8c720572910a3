"""Exact sums of a range of acquisition days by channel, and of channels together, at any as-of."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from analytics import periods
from analytics.ages import SLICE_DAYS, SLICES
from analytics.cells import ALL_CHANNELS, Boundary, CohortSums, Sums, Value, gather
from analytics.cohorts import SliceName
from analytics.selectors.cohorts import truncated_start
from analytics.selectors.costs import Costs, costs_of
from analytics.selectors.scopes import ChannelFacts
from analytics.selectors.sums import Scope, boundaries_of, cutting_days, maturity_days, sums_of

# the keys of channels taken together, beside those of single ones
ALL, PAID = ALL_CHANNELS, -2
ONE_DAY = timedelta(days=1)

_Row = TypeVar("_Row", Sums, Boundary)
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
    over = _by_group(groups, sums_of(replace(scope, before_date=today)))
    is_open = replace(scope, from_date=today, before_date=clipped(scope, today + ONE_DAY))
    everyone = [*over, *_by_group(groups, sums_of(is_open))]
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
    at_age = [row for row in over if row.part <= parts.get(at, len(cuts))]
    return ChannelSums(
        groups=groups,
        complete_before=complete_before,
        whole=_gathered(everyone, parts, _by_group(groups, boundaries_of(scope))),
        over=_gathered(over, parts),
        at_age=_gathered(at_age, parts),
        costs=_costs(groups, costs, complete_before),
        month_contacts=_counted(((row.channel_key, row.start), row.contacts) for row in everyone),
        month_costs=_month_costs(groups, costs),
        truncated_month=first_month,
        truncated=frozenset(row.channel_key for row in everyone if row.start == first_month and row.order_contacts),
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


def _by_group(groups: Mapping[int, Sequence[int]], rows: Iterable[_Row]) -> list[_Row]:
    """Each row once for every group that its channel is in."""
    keys = _keys(groups)
    return [row._replace(channel_key=key) for row in rows for key in keys[row.channel_key]]


def _keys(groups: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """The groups that each channel is in."""
    keys: dict[int, list[int]] = {}
    for key, members in groups.items():
        for channel in members:
            keys.setdefault(channel, []).append(key)
    return keys


def _gathered(
    rows: Iterable[Sums], parts: Mapping[SliceName, int], boundaries: Iterable[Boundary] = ()
) -> dict[int, CohortSums]:
    """The sums of each group, all its months together."""
    gathered = gather(
        sums=[row._replace(start=date.min) for row in rows],
        boundaries=[row._replace(start=date.min) for row in boundaries],
        mature_parts=parts,
    )
    return {key: sums for (_, key), sums in gathered.items()}


def _costs(
    groups: Mapping[int, Sequence[int]], costs: Costs, complete_before: Mapping[SliceName, date]
) -> Counter[tuple[int, SliceName | None]]:
    by_channel = Counter[tuple[int, SliceName | None]]()
    for (day, channel), minor in costs.by_cohort.items():
        by_channel[channel, None] += minor
        for name, before in complete_before.items():
            if day < before:
                by_channel[channel, name] += minor
    keys = _keys(groups)
    return _counted(((key, name), minor) for (channel, name), minor in by_channel.items() for key in keys[channel])


def _month_costs(groups: Mapping[int, Sequence[int]], costs: Costs) -> Counter[tuple[int, date]]:
    keys = _keys(groups)
    return _counted(
        ((key, day.replace(day=1)), minor) for (day, channel), minor in costs.by_cohort.items() for key in keys[channel]
    )


def _counted(pairs: Iterable[tuple[_K, int]]) -> Counter[_K]:
    sums = Counter[_K]()
    for key, amount in pairs:
        sums[key] += amount
    return sums
