"""When steps are due, in every zone of the world, across every change of its clocks and every midnight."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import settings

from sop.timing import Timing, due_at, entry_date, first_instant

IS_LONG = settings().max_examples >= 500
YEARS = range(1970, 2038) if IS_LONG else range(2026, 2028)
ZONES = sorted(available_timezones())
NEAR = [timedelta(seconds=n) for n in (-7_200, -3_600, -1_800, -60, -1, 0, 1, 60, 1_799, 1_800, 3_600, 7_200)]

FIRST_DAY, DAY_AFTER_LAST = datetime(YEARS.start - 1, 12, 1, tzinfo=UTC), datetime(YEARS.stop, 2, 1, tzinfo=UTC)
DAYS = [FIRST_DAY + timedelta(days=n) for n in range((DAY_AFTER_LAST - FIRST_DAY).days + 1)]
PLAIN_MIDNIGHT = datetime.combine(date(YEARS.start, 12, 31), time())

# a zone's offsets, each from an instant on, oldest first
Pieces = list[tuple[datetime, timedelta]]


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def pieces_of(zone: ZoneInfo) -> Pieces:
    """Found by looking at the zone once a day and halving between two days that differ."""
    seen = [day.astimezone(zone).utcoffset() for day in DAYS]
    changed = [n for n in range(1, len(DAYS)) if seen[n] != seen[n - 1]]
    return [
        (DAYS[0] - timedelta(days=3_000), offset(zone, DAYS[0])),
        *((changed_between(zone, DAYS[n - 1], DAYS[n]), offset(zone, DAYS[n])) for n in changed),
    ]


def changed_between(zone: ZoneInfo, at: datetime, later: datetime) -> datetime:
    before = offset(zone, at)
    while later - at > timedelta(seconds=1):
        middle = at + timedelta(seconds=(later - at) // timedelta(seconds=2))
        at, later = (middle, later) if offset(zone, middle) == before else (at, middle)
    return later


def first_reading(pieces: Pieces, wall: datetime) -> datetime:
    """The oracle: walk the pieces, and take the first instant at which the clock reads `wall` or later."""
    ends: list[datetime | None] = [start for start, _ in pieces[1:]] + [None]
    in_utc = wall.replace(tzinfo=UTC)
    for (start, east), end in zip(pieces, ends, strict=True):
        instant = max(start, in_utc - east)
        if end is None or instant < end:
            return instant
    raise AssertionError("the last piece has no end")


def walls_near(changes: Pieces) -> Iterator[datetime]:
    """Clock times about each change, in both offsets, and the midnights about it."""
    for (_, before), (instant, after) in pairwise(changes):
        for east in (before, after):
            shown = (instant + east).replace(tzinfo=None)
            yield from (shown + near for near in NEAR)
            midnight = datetime.combine(shown.date(), time())
            yield from (midnight + timedelta(days=n) + near for n in (0, 1) for near in NEAR)


@pytest.mark.parametrize("letter", sorted({name[0] for name in ZONES}))
def test_steps_are_due_when_the_clock_first_shows_their_time(letter: str) -> None:
    faults, cases = [], 0
    for name in (name for name in ZONES if name[0] == letter):
        zone = ZoneInfo(name)
        pieces = pieces_of(zone)
        for wall in {*walls_near(pieces), PLAIN_MIDNIGHT, PLAIN_MIDNIGHT - timedelta(minutes=1)}:
            cases += 1
            if first_instant(wall, zone=zone) != first_reading(pieces, wall):
                faults.append((name, wall))

    assert faults == []
    assert cases >= 2


@pytest.mark.parametrize("letter", sorted({name[0] for name in ZONES}))
def test_days_are_counted_on_the_wall_from_the_day_of_entry(letter: str) -> None:
    faults = []
    for name in (name for name in ZONES if name[0] == letter):
        zone = ZoneInfo(name)
        pieces = pieces_of(zone)
        for instant, east in pieces[1:][-4:]:
            for entered_at in (instant - timedelta(seconds=1), instant, instant + timedelta(hours=5)):
                shown = entered_at + (east if entered_at >= instant else pieces[pieces.index((instant, east)) - 1][1])
                for day, clock in ((1, time()), (1, time(23, 59)), (2, time(2, 30)), (8, time(0, 30))):
                    wall = datetime.combine(shown.date() + timedelta(days=day - 1), clock)
                    due = due_at(Timing(day=day, at_time=clock), entered_at=entered_at, zone=zone)
                    if due != first_reading(pieces, wall):
                        faults.append((name, entered_at, day, clock))

    assert faults == []


SHANGHAI, BERLIN, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# zone, wall clock, the instant in UTC
SAID = [
    (SHANGHAI, "2026-11-23T07:00", "2026-11-22T23:00"),  # a Monday there, a Sunday in UTC
    (BERLIN, "2026-03-29T01:59", "2026-03-29T00:59"),
    (BERLIN, "2026-03-29T02:00", "2026-03-29T01:00"),  # left out: the instant of the change
    (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00"),
    (BERLIN, "2026-03-29T03:00", "2026-03-29T01:00"),
    (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30"),  # shown twice: the first time
    (BERLIN, "2026-10-25T03:00", "2026-10-25T02:00"),
    (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:00"),
    (ZoneInfo("America/Sao_Paulo"), "2018-11-04T00:00", "2018-11-04T03:00"),  # midnight was left out
    (ZoneInfo("America/Havana"), "2026-11-01T00:30", "2026-11-01T04:30"),  # half past midnight came twice
    (ZoneInfo("Australia/Lord_Howe"), "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour left out
    (ZoneInfo("Pacific/Apia"), "2011-12-30T10:00", "2011-12-30T10:00"),  # a day left out
    (ZoneInfo("Africa/Casablanca"), "2026-02-15T02:30", "2026-02-15T01:30"),
    (ZoneInfo("Asia/Kathmandu"), "2026-01-01T00:00", "2025-12-31T18:15"),
]


@pytest.mark.parametrize(("zone", "wall", "instant"), SAID)
def test_clocks_that_are_changed_are_answered_as_said(zone: ZoneInfo, wall: str, instant: str) -> None:
    assert first_instant(datetime.fromisoformat(wall), zone=zone) == datetime.fromisoformat(f"{instant}+00:00")


def test_day_one_is_the_day_of_entry_where_the_tenant_is() -> None:
    late_evening = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # half past midnight on the 23rd in Shanghai
    ten = time(10)

    assert entry_date(late_evening, zone=SHANGHAI) == date(2026, 11, 23)
    dues = [due_at(Timing(day=day, at_time=ten), entered_at=late_evening, zone=SHANGHAI) for day in (1, 2)]
    assert dues == [datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC)]


def test_a_time_of_day_one_may_be_over_at_entry() -> None:
    afternoon = datetime(2026, 11, 23, 6, tzinfo=UTC)

    assert due_at(Timing(day=1, at_time=time(10)), entered_at=afternoon, zone=SHANGHAI) < afternoon


def test_minutes_after_entry_know_no_clock() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)

    assert due_at(Timing(after_minutes=90), entered_at=before.astimezone(BERLIN), zone=BERLIN) == before + timedelta(
        minutes=90
    )
    assert due_at(Timing(after_minutes=0), entered_at=before, zone=BERLIN) == before


def test_leap_days_are_days() -> None:
    entered = datetime(2028, 2, 28, 12, tzinfo=UTC)

    dues = [due_at(Timing(day=day, at_time=time(9)), entered_at=entered, zone=ZoneInfo("UTC")).date() for day in (2, 3)]

    assert dues == [date(2028, 2, 29), date(2028, 3, 1)]
