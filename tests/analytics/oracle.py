"""Cohorts by the definitions alone: plain, slow, from raw rows; it shares nothing with the product's code."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
DAYS = {"first": 0, "7d": 7, "30d": 30, "60d": 60, "90d": 90, "180d": 180, "365d": 365, "to_date": 0}


@dataclass
class Person:
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


@dataclass
class World:
    """A tenant's raw rows. `spend`: (is a month, first day, channel, minor)."""

    people: list[Person]
    spend: list[tuple[bool, date, str, int]]
    zone: str

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def instant(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

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


def table(
    world: World, *, period: str, as_of: datetime, margin: Fraction, channel: str | None, split: bool
) -> dict[tuple[date, str | None], dict[str, Any]]:
    """All rows by (cohort, channel); the channel is None for a whole cohort."""
    rows: dict[tuple[date, str | None], dict[str, Any]] = {}
    groups: list[str | None] = [channel]
    if split and channel is None:
        groups += sorted({person.channel for person in world.people} | {spent[2] for spent in world.spend})
    for group in groups:
        for start, members, cost in _cohorts(world, period=period, as_of=as_of, channel=group):
            if members or cost:
                rows[start, group] = _row(world, start, members, cost, period=period, as_of=as_of, margin=margin)
    return rows


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
    slices = {}
    for name, days in DAYS.items():
        brought = [minor for person in members for minor in person.in_slice(name, as_of)]
        mature = [person for person in members if person.acquired and person.acquired + timedelta(days=days) < as_of]
        slices[name] = {
            "net": sum(brought),
            "gross": sum(minor for minor in brought if minor > 0),
            "complete": bool(members) and ending + timedelta(days=days) <= as_of,
            "mature": len(mature),
            "mature_net": sum(minor for person in mature for minor in person.in_slice(name, as_of)),
        }
    earliest = [at for person in world.people for at, _ in person.purchases if at < as_of]
    by_orders = [person for person in members if not person.touches]
    return {
        "contacts": len(members),
        "buyers": sum(any(minor > 0 for _, minor in person.happened(as_of)) for person in members),
        "cost": cost,
        "slices": slices,
        "truncated": bool(by_orders) and start_of(world.day(min(earliest)), period) == start,
        "payback": _payback(members, cost, ending=ending, as_of=as_of, margin=margin),
    }


def _payback(
    members: list[Person], cost: int, *, ending: datetime, as_of: datetime, margin: Fraction
) -> tuple[str, int | None, int | None]:
    """Status, first second, sustained second."""
    if not members:
        return "no_customers", None, None
    if not cost:
        return "no_spend", None, None
    if ending > as_of:
        return "period_open", None, None
    seconds: dict[int, int] = {}
    for person in members:
        for at, minor in person.happened(as_of):
            assert person.acquired
            elapsed = (at - person.acquired) // SECOND
            if elapsed <= (as_of - ending) // SECOND:
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
    return ("not_reached" if first is None else "reached"), first, sustained
