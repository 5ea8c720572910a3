"""When people come and buy: sales, seasons, weekdays and hours, on the wall clock of the brand's zone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

# how busy each hour of a day is
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 11, 13, 12, 12, 10, 9, 9, 9, 10, 12, 15, 18, 17, 12, 6)
WEEKDAYS = (0.96, 0.94, 0.95, 0.97, 1.04, 1.1, 1.08)


@dataclass(frozen=True)
class Sale:
    """A yearly sale, both days included; `lift` times as many people come."""

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    lift: float


SALES = (
    Sale("年货节", (1, 8), (2, 4), 1.5),
    Sale("618", (6, 10), (6, 20), 1.7),
    Sale("双11", (11, 5), (11, 11), 2.2),
)
# the summer dip: fewer people want snacks by post
SUMMER = ((7, 1), (8, 20), 0.72)


def arrival_weight(day: date) -> float:
    """How many people come on a day, beside an ordinary one."""
    weight = WEEKDAYS[day.weekday()]
    place = (day.month, day.day)
    if SUMMER[0] <= place <= SUMMER[1]:
        weight *= SUMMER[2]
    sale = sale_of(day)
    return weight * (sale.lift if sale else 1.0)


@lru_cache(maxsize=2048)
def sale_of(day: date) -> Sale | None:
    """The sale that is on."""
    place = (day.month, day.day)
    return next((sale for sale in SALES if sale.first <= place <= sale.last), None)


def sales_between(*, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The first and the last day of each sale, as far as they lie between two days."""
    for year in range(first.year, last.year + 1):
        for sale in SALES:
            begin, end = max(first, date(year, *sale.first)), min(last, date(year, *sale.last))
            if begin <= end:
                yield begin, end
