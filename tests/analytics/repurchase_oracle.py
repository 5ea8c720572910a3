"""The repurchase board by its definitions alone: plain, slow, one person after the other."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass
class Human:
    """What is known of one person. `orders`: (paid at, status, amount); `touches`: (settled at, state); `words`: (said
    at, whether messages are welcome), in the order in which they were told.
    """

    came: datetime | None = None
    orders: list[tuple[datetime, str, str]] = field(default_factory=list)
    touches: list[tuple[datetime, str]] = field(default_factory=list)
    words: list[tuple[datetime, bool]] = field(default_factory=list)

    @property
    def paid(self) -> list[datetime]:
        """When what counts was paid."""
        return sorted(at for at, status, amount in self.orders if status == "paid" and Decimal(amount) > 0)

    @property
    def acquired(self) -> datetime | None:
        return self.came or min(self.paid, default=None)

    def times(self, before: datetime) -> list[datetime]:
        """Purchases before an instant: those of one second are one."""
        return sorted({at.replace(microsecond=0) for at in self.paid if at < before})

    def sent(self, start: datetime, before: datetime) -> int:
        return sum(state == "sent" and start <= at < before for at, state in self.touches)

    def says_no(self, start: datetime, before: datetime) -> bool:
        return any(not is_granted and start <= at < before for at, is_granted in self.words)

    def refuses(self, before: datetime) -> bool:
        said = [(at, number, is_granted) for number, (at, is_granted) in enumerate(self.words) if at < before]
        return bool(said) and not max(said)[2]


@dataclass
class Life:
    """A buyer from the first purchase on: whole days observed, and the day of the second purchase, from 1."""

    month: date
    observed: int
    again: int | None


def board(people: list[Human], *, zone: str, as_of: datetime, asked: dict[str, date | None]) -> dict[str, Any]:
    """Every figure of a board."""

    def start_of(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    today = as_of.astimezone(ZoneInfo(zone)).date()
    last = asked["to_date"] or max(today - DAY, asked["from_date"] or today - DAY)
    first = asked["from_date"] or last - 29 * DAY
    touch_to = min(last, today - 31 * DAY)
    spans = [touch_to - 29 * DAY, touch_to + DAY, touch_to + 31 * DAY]
    before = min(start_of(last + DAY), as_of)
    first_from = asked["first_from"] and start_of(asked["first_from"])
    lives = [
        life
        for human in people
        if (life := _life(human, zone=zone, as_of=as_of))
        and human.paid[0] < before
        and (not first_from or human.paid[0] >= first_from)
    ]
    pool = [human for human in people if human.acquired and human.acquired < before]
    start = start_of(first)
    return {
        "days": [first, last, spans[0], touch_to, spans[1], spans[2] - DAY],
        "reached": _share(pool, [human for human in pool if human.sent(start, before)]),
        "messages": sum(human.sent(start, before) for human in pool),
        "refused": _share(pool, [human for human in pool if human.refuses(before)]),
        "opted_out": _share(pool, [human for human in pool if human.says_no(start, before)]),
        "demand": _demand(people, before),
        "touches": _touches(people, [start_of(day) for day in spans]),
        "curve": _curve(lives),
        "months": _months(lives),
    }


def _life(human: Human, *, zone: str, as_of: datetime) -> Life | None:
    times = human.times(as_of)
    if not times:
        return None
    again = max(1, -(-((times[1] - times[0]) // SECOND) // 86_400)) if len(times) > 1 else None
    month = times[0].astimezone(ZoneInfo(zone)).date().replace(day=1)
    return Life(month, (as_of - times[0]) // DAY, again)


def _demand(people: list[Human], before: datetime) -> list[Any]:
    rhythms = []
    for human in people:
        times = human.times(before)
        gaps = [(later - at) // SECOND for at, later in pairwise(times)]
        if len(gaps) > 1:
            rhythms.append((Fraction((before - times[-1]) / SECOND), Fraction(median(map(Fraction, gaps)))))
    due = [one for one in rhythms if one[0] > one[1]]
    return [_share(rhythms, due), _share(rhythms, [one for one in rhythms if one[0] > 2 * one[1]])]


def _touches(people: list[Human], spans: list[datetime]) -> list[Any]:
    touch_from, after_from, after_before = spans
    rows = []
    for count in range(5):
        row = [
            human
            for human in people
            if human.paid and human.paid[0] < touch_from and min(human.sent(touch_from, after_from), 4) == count
        ]
        bought = [human for human in row if any(after_from <= at < after_before for at in human.paid)]
        left = [human for human in row if human.says_no(touch_from, after_before)]
        rows.append((count, _share(row, bought), _share(row, left)))
    return rows


def _curve(lives: list[Life]) -> list[Any]:
    points, staying = [], Fraction(1)
    for day in range(1, 366):
        followed = [life for life in lives if life.observed >= day and not (life.again and life.again < day)]
        if not followed:
            break
        bought = sum(life.again == day for life in followed)
        staying *= 1 - Fraction(bought, len(followed))
        points.append((day, len(followed), bought, _decimal(1 - staying)))
    return points


def _months(lives: list[Life]) -> list[Any]:
    rows = []
    for month in sorted({life.month for life in lives})[-24:]:
        own = [life for life in lives if life.month == month]
        within = {}
        for days in (30, 60, 90, 180):
            seen = [life for life in own if life.observed >= days]
            within[days] = _share(seen, [life for life in seen if life.again and life.again <= days])
        rows.append((month, _share(own, [life for life in own if life.again]), within))
    return rows


def _share(people: list[Any], found: list[Any]) -> tuple[Any, ...]:
    n, k = len(people), len(found)
    if not n:
        return 0, 0, None, None
    # the two solutions of (k/n - p)^2 = z^2 p (1 - p) / n
    z = Decimal("1.959964")
    p = Decimal(k) / n
    root = (p * (1 - p) / n + z**2 / (4 * n**2)).sqrt()
    middle, scale = p + z**2 / (2 * n), 1 + z**2 / n
    ends = (_decimal((middle - z * root) / scale), _decimal((middle + z * root) / scale))
    return n, k, _decimal(Fraction(k, n)), ends


def _decimal(value: Decimal | Fraction) -> Decimal:
    if isinstance(value, Fraction):
        scaled = value * 10**6
        return Decimal((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)).scaleb(-6)
    return abs(value.quantize(Decimal("0.000001"), ROUND_HALF_UP))
