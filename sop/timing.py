"""When a step is due: "day N at hh:mm" on the wall clock of the tenant's zone, or minutes after entry. Pure.

Day 1 is the day of entry. A wall clock that is put forward leaves times out: what is due at one of them is due at the
instant of the change. A wall clock that is put back shows times twice: what is due then is due the first time. Both in
one sentence: due is the first instant at which the clock shows that day and time or later.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MAX_DAY = 730
MAX_AFTER_MINUTES = MAX_DAY * 24 * 60
MAX_LATE_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Timing:
    """When a step is due: a day and its time, or minutes after entry."""

    day: int | None = None
    at_time: time | None = None
    after_minutes: int | None = None


def due_at(timing: Timing, *, entered_at: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which a step is due for somebody who entered then. In UTC; it may lie before the entry."""
    if timing.after_minutes is not None:
        return entered_at.astimezone(UTC) + timedelta(minutes=timing.after_minutes)
    return due_on(timing, entered_on=entry_date(entered_at, zone=zone), zone=zone)


def entry_date(entered_at: datetime, *, zone: ZoneInfo) -> date:
    """The day 1 of somebody who entered at this instant."""
    return entered_at.astimezone(zone).date()


def due_on(timing: Timing, *, entered_on: date, zone: ZoneInfo) -> datetime:
    """The instant at which a step with a day and a time is due for those whose day 1 is this date. In UTC."""
    assert timing.day is not None and timing.at_time is not None
    return first_instant(datetime.combine(entered_on + timedelta(days=timing.day - 1), timing.at_time), zone=zone)


def first_instant(wall: datetime, *, zone: ZoneInfo) -> datetime:
    """The first instant at which a zone's wall clock shows this naive time or later. In UTC.

    Source: PEP 495: of a time that is left out, `fold=1` and `fold=0` lie before and after the change.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _shown(first, zone) == wall:
        return first
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_between(before, first, zone=zone)


def _change_between(before: datetime, after: datetime, *, zone: ZoneInfo) -> datetime:
    """The instant at which the offset changes, once between these two; changes fall on whole seconds."""
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    offset = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
