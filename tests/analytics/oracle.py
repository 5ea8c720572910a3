"""Cohorts by the definitions alone: plain, slow, from raw rows; it shares nothing with the product's code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
DAYS = {"first": 0, "7d": 7, "30d": 30, "60d": 60, "90d": 90, "180d": 180, "365d": 365, "to_date": 0}
PERIODS = ["day", "week", "month"]

Rows = dict[tuple[date, str | None], dict[str, Any]]


@dataclass
class Person:
    id: int
    channel: str
    touches: list[datetime] = field(default_factory=list)
    purchases: list[tuple[datetime, int]] = field(default_factory=list)
    refunds: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def acquired(self) -> datetime | None:
        return min(self.touches or [at for at, _ in self.purchases], default=None)

    def happened(self, as_of: datetime) -> list[tuple[datetime, int]]:
        signed = self.purchases + [(at, -minor) for at, minor in self.refunds]
        return [(at, minor) for at, minor in signed if self.acquired and self.acquired <= at < as_of]

    def in_slice(self, name: str, as_of: datetime) -> list[int]:
        assert self.acquired
        found = self.happened(as_of)
        if name == "to_date":
            return [minor for _, minor in found]
        if name == "first":
            times = [at for at, _ in self.purchases if at >= self.acquired]
            second = min(times).replace(microsecond=0) if times else None
            return [minor for at, minor in found if at.replace(microsecond=0) == second]
        limit = DAYS[name] * 86_400
        return [minor for at, minor in found if (at - self.acquired) // SECOND <= limit]

    def is_mature(self, name: str, as_of: datetime) -> bool:
        return self.acquired is not None and self.acquired + timedelta(days=DAYS[name]) < as_of

    def brought(self, name: str, as_of: datetime) -> tuple[Any, ...]:
        """Id, channel, acquired at, purchases, net, gross and maturity, as a cell's list shows them."""
        found = self.in_slice(name, as_of)
        bought = [minor for minor in found if minor > 0]
        mature = self.is_mature(name, as_of)
        return self.id, self.channel, self.acquired, len(bought), sum(found), sum(bought), mature


@dataclass
class World:
    """A tenant's raw rows. `spend`: (is a month, first day, channel, minor)."""

    people: list[Person]
    spend: list[tuple[bool, date, str, int]]
    zone: str

    def day(self, at: datetime) -> date:
        return _day(at, self.zone)

    def instant(self, day: date) -> datetime:
        return _instant(day, self.zone)

    def costs(self) -> Iterable[tuple[date, str, int]]:
        for is_month, first, channel, minor in self.spend:
            if not is_month:
                yield first, channel, minor
                continue
            days = [first + timedelta(days=i) for i in range(31) if (first + timedelta(days=i)).month == first.month]
            for number, day in enumerate(days):
                yield day, channel, minor // len(days) + (1 if number < minor % len(days) else 0)


def start_of(day: date, period: str) -> date:
    if period == "month":
        return date(day.year, day.month, 1)
    return date.fromisocalendar(*day.isocalendar()[:2], 1) if period == "week" else day


def end_of(start: date, period: str) -> date:
    day = start
    while start_of(day, period) == start:
        day += timedelta(days=1)
    return day


def period_end(at: datetime, period: str, zone: str) -> datetime:
    """The first instant after the period that holds an instant."""
    return _instant(end_of(start_of(_day(at, zone), period), period), zone)


def table(
    world: World,
    *,
    period: str,
    as_of: datetime,
    margin: Fraction,
    channel: str | None,
    split: bool,
    from_date: date | None = None,
    to_date: date | None = None,
) -> Rows:
    """All rows by (cohort, channel); the channel is None for a whole cohort."""
    rows: Rows = {}
    for group in [channel, *(_channels(world) if split and channel is None else [])]:
        for start, members, cost in _cohorts(world, period=period, as_of=as_of, channel=group):
            is_asked = _is_in_range(start, period, from_date, to_date)
            if is_asked and (members or cost):
                rows[start, group] = _row(world, start, members, cost, period=period, as_of=as_of, margin=margin)
    return rows


def people_of_cell(
    world: World, *, start: date, name: str, period: str, channel: str | None, as_of: datetime
) -> list[tuple[Any, ...]]:
    """The members of one cohort with what each brought in a slice, the dearest first."""
    for found, members, _ in _cohorts(world, period=period, as_of=as_of, channel=channel):
        if found == start:
            return sorted((person.brought(name, as_of) for person in members), key=lambda one: (-one[4], one[0]))
    return []


def totals(world: World, rows: Rows, *, question: dict[str, Any]) -> dict[str, Any]:
    """What stands under a table of these rows."""
    kept = [row for (_, channel), row in rows.items() if channel == question["channel"]]
    whole = table(world, **{**question, "split": True}) if question["channel"] is None else rows
    groups: dict[str, list[dict[str, Any]]] = {}
    for (_, channel), row in whole.items():
        if channel is not None:
            groups.setdefault(channel, []).append(row)
    by_channel = {channel: _contacts_and_cost(found) for channel, found in groups.items()}
    paid = {spent[2] for spent in world.spend} - {"organic"}
    return {
        "all": (*_contacts_and_cost(kept), sum(row["buyers"] for row in kept)),
        "paid": _contacts_and_cost([row for channel, found in groups.items() if channel in paid for row in found]),
        "channels": by_channel,
        "slices": {name: _total_slice(kept, name) for name in DAYS},
    }


def _channels(world: World) -> list[str]:
    return sorted({person.channel for person in world.people} | {spent[2] for spent in world.spend})


def _is_in_range(start: date, period: str, from_date: date | None, to_date: date | None) -> bool:
    is_late_enough = from_date is None or start >= start_of(from_date, period)
    return is_late_enough and (to_date is None or start <= start_of(to_date, period))


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _instant(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _cohorts(
    world: World, *, period: str, as_of: datetime, channel: str | None
) -> Iterable[tuple[date, list[Person], int]]:
    members: dict[date, list[Person]] = {}
    costs: dict[date, int] = {}
    for person in world.people:
        if person.acquired and person.acquired < as_of and channel in (None, person.channel):
            members.setdefault(start_of(world.day(person.acquired), period), []).append(person)
    for day, spent_on, minor in world.costs():
        if channel in (None, spent_on):
            costs[start_of(day, period)] = costs.get(start_of(day, period), 0) + minor
    for start in sorted(set(members) | set(costs)):
        yield start, members.get(start, []), costs.get(start, 0)


def _row(
    world: World, start: date, members: list[Person], cost: int, *, period: str, as_of: datetime, margin: Fraction
) -> dict[str, Any]:
    ending = world.instant(end_of(start, period))
    earliest = [at for person in world.people for at, _ in person.purchases if at < as_of]
    by_orders = [person for person in members if not person.touches]
    return {
        "contacts": len(members),
        "order_contacts": len(by_orders),
        "buyers": sum(any(minor > 0 for _, minor in person.happened(as_of)) for person in members),
        "cost": cost,
        "slices": {name: _slice(members, name, ending=ending, as_of=as_of) for name in DAYS},
        "truncated": bool(by_orders) and start_of(world.day(min(earliest)), period) == start,
        "payback": _payback(members, cost, ending=ending, as_of=as_of, margin=margin),
    }


def _slice(members: list[Person], name: str, *, ending: datetime, as_of: datetime) -> dict[str, Any]:
    brought = [minor for person in members for minor in person.in_slice(name, as_of)]
    mature = [person for person in members if person.is_mature(name, as_of)]
    incomplete = "" if ending + timedelta(days=DAYS[name]) <= as_of else "maturing"
    return {
        "net": sum(brought),
        "gross": sum(minor for minor in brought if minor > 0),
        "incomplete": "no_contacts" if not members else "period_open" if ending > as_of else incomplete,
        "mature": len(mature),
        "mature_net": sum(minor for person in mature for minor in person.in_slice(name, as_of)),
    }


def _contacts_and_cost(rows: Sequence[dict[str, Any]]) -> tuple[int, int]:
    return sum(row["contacts"] for row in rows), sum(row["cost"] for row in rows)


def _total_slice(rows: list[dict[str, Any]], name: str) -> tuple[int, ...]:
    """Contacts, cost, net and gross of the complete rows; mature contacts and their net of all."""
    complete = [row for row in rows if row["slices"][name]["incomplete"] == ""]
    sums = [sum(row["slices"][name][key] for row in complete) for key in ("net", "gross")]
    mature = [sum(row["slices"][name][key] for row in rows) for key in ("mature", "mature_net")]
    return (*_contacts_and_cost(complete), *sums, *mature)


def _payback(
    members: list[Person], cost: int, *, ending: datetime, as_of: datetime, margin: Fraction
) -> tuple[str, int | None, int | None, int | None]:
    """Status, first second, sustained second, observed seconds."""
    if not members:
        return "no_customers", None, None, None
    if not cost:
        return "no_spend", None, None, None
    if ending > as_of:
        return "period_open", None, None, None
    observed = (as_of - ending) // SECOND
    seconds: dict[int, int] = {}
    for person in members:
        for at, minor in person.happened(as_of):
            assert person.acquired
            elapsed = (at - person.acquired) // SECOND
            if elapsed <= observed:
                seconds[elapsed] = seconds.get(elapsed, 0) + minor
    covered: list[tuple[int, bool]] = []
    total = 0
    for elapsed in sorted(seconds):
        total += seconds[elapsed]
        covered.append((elapsed, total * margin >= cost))
    first = next((elapsed for elapsed, is_covered in covered if is_covered), None)
    sustained = None
    for elapsed, is_covered in reversed(covered):
        if not is_covered:
            break
        sustained = elapsed
    return "not_reached" if first is None else "reached", first, sustained, observed


def channels(
    world: World,
    *,
    as_of: datetime,
    margin: Fraction,
    name: str,
    from_date: date | None,
    to_date: date | None,
) -> dict[str, dict[str, Any]]:
    """The rows of a channel board by channel, `all` and `paid`; `name` is the slice that paybacks are of."""
    known = [world.day(person.acquired) for person in world.people if person.acquired]
    for is_month, first, _, minor in world.spend:
        if minor:
            known += [first, end_of(first, "month") - timedelta(days=1)] if is_month else [first]
    if not known:
        return {}
    from_date = max(min(known), from_date or date.min)
    to_date = min(max(known), to_date or date.max)
    days = [from_date + timedelta(days=i) for i in range((to_date - from_date).days + 1)]
    paid = {spent[2] for spent in world.spend} - {"organic"}
    groups = {channel: {channel} for channel in _channels(world)} | {"all": set(_channels(world)), "paid": paid}
    return {
        group: _channel_row(world, days, members, as_of=as_of, margin=margin, name=name)
        for group, members in groups.items()
    }


def _channel_row(
    world: World, days: Sequence[date], channels: set[str], *, as_of: datetime, margin: Fraction, name: str
) -> dict[str, Any]:
    people = [person for person in world.people if person.channel in channels and person.acquired]
    found = [person for person in people if person.acquired < as_of and world.day(person.acquired) in days]  # type: ignore[operator, arg-type]
    spent = [(day, minor) for day, channel, minor in world.costs() if channel in channels and day in days]
    return {
        "contacts": len(found),
        "buyers": sum(any(minor > 0 for _, minor in person.happened(as_of)) for person in found),
        "cost": sum(minor for _, minor in spent),
        "slices": {each: _channel_cell(world, days, found, spent, name=each, as_of=as_of) for each in DAYS},
        "payback": _channel_payback(world, days, found, spent, name=name, as_of=as_of, margin=margin),
    }


def _complete(world: World, days: Sequence[date], name: str, as_of: datetime) -> list[date]:
    """The days whose end has reached an age."""
    return [day for day in days if world.instant(day + timedelta(days=1)) + timedelta(days=DAYS[name]) <= as_of]


def _channel_cell(
    world: World,
    days: Sequence[date],
    found: list[Person],
    spent: list[tuple[date, int]],
    *,
    name: str,
    as_of: datetime,
) -> tuple[Any, ...]:
    """Whether it is complete; contacts, cost, net and gross; mature contacts and their net."""
    held = _complete(world, days, name, as_of)
    complete = [person for person in found if world.day(person.acquired) in held]  # type: ignore[arg-type]
    cost = sum(minor for day, minor in spent if not complete or day in held)
    brought = [minor for person in complete or found for minor in person.in_slice(name, as_of)]
    mature = [person for person in found if person.is_mature(name, as_of)]
    mature_net = sum(minor for person in mature for minor in person.in_slice(name, as_of))
    sums = cost, sum(brought), sum(minor for minor in brought if minor > 0)
    return bool(complete), len(complete or found), *sums, len(mature), mature_net


def _channel_payback(
    world: World,
    days: Sequence[date],
    found: list[Person],
    spent: list[tuple[date, int]],
    *,
    name: str,
    as_of: datetime,
    margin: Fraction,
) -> tuple[str, int | None, int | None, int | None]:
    """Of the complete days as one period."""
    held = _complete(world, days, name, as_of)
    complete = [person for person in found if world.day(person.acquired) in held]  # type: ignore[arg-type]
    if complete:
        cost = sum(minor for day, minor in spent if day in held)
        ending = world.instant(held[-1] + timedelta(days=1))
        return _payback(complete, cost, ending=ending, as_of=as_of, margin=margin)
    if not found:
        return "no_customers", None, None, None
    return ("period_open" if sum(minor for _, minor in spent) else "no_spend"), None, None, None
