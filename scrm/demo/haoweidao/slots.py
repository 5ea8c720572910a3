"""The instants at which the played past looks around. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from scrm.demo.haoweidao.people import WINDOW_DAYS, ZONE

PLAYED_DAYS = 60
# the times at which steps are due, so that orders and entries until then are known when they go out
CLOCKS = (time(10), time(19, 30))
# a day before the end, for a few hours, more often: whoever came then gets a message a day later while one watches
DENSE_FOR, DENSE_EVERY = timedelta(hours=4), timedelta(minutes=30)
# on the day that was so many days before the last, nothing worked
OUTAGE_DAYS = 19
MONTH, WEEK = timedelta(days=30), timedelta(days=7)


def first_slot(*, last_date: date) -> datetime:
    """When the past begins to be played: SOPs were published then."""
    return datetime.combine(last_date - timedelta(days=PLAYED_DAYS), CLOCKS[0], ZONE)


def slots(*, last_date: date, end: datetime) -> Iterator[datetime]:
    """The instants after the first slot, in order; the last is the end."""
    first, day_before = first_slot(last_date=last_date), end - timedelta(days=1)
    days = (first.date() + timedelta(days=number) for number in range((end - first).days + 2))
    usual = {datetime.combine(day, clock, ZONE) for day in days for clock in CLOCKS if day != _outage(last_date)}
    dense = {day_before + number * DENSE_EVERY for number in range(DENSE_FOR // DENSE_EVERY)}
    yield from sorted(at for at in usual | dense if first < at < end)
    yield end


def had_outage(*, last_date: date, since: datetime, until: datetime) -> bool:
    """Whether nothing could be sent between two slots."""
    return since.date() < _outage(last_date) < until.date()


def learning_days(*, last_date: date) -> Iterator[datetime]:
    """When tags were put on people: every thirty days until the first slot, then every week."""
    first = first_slot(last_date=last_date)
    yield from (first - number * MONTH for number in range(WINDOW_DAYS // MONTH.days, 0, -1))
    yield from (first + number * WEEK for number in range(PLAYED_DAYS // WEEK.days + 1))


def _outage(last_date: date) -> date:
    return last_date - timedelta(days=OUTAGE_DAYS)
