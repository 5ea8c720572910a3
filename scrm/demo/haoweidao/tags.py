"""What the brand learns of its people: tastes from what they bought and from what they answered. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scrm.demo.haoweidao.orders import Order
from scrm.demo.haoweidao.people import Person

# of so many last orders at least half have the taste
LAST_ORDERS = 6
FEWEST = 2
AVOIDS = ("少糖", "坚果过敏", "不吃辣", "乳糖不耐")


@dataclass(frozen=True, slots=True)
class Learned:
    """A tag for a person, and what shows that it is right. `is_answer`: she said so herself."""

    number: int
    tag: str
    evidence: str
    is_answer: bool


def learned(person: Person, orders: Sequence[Order], *, since: datetime | None, until: datetime) -> Iterator[Learned]:
    """What came to be known of a person after one instant and up to another; `orders` are hers, oldest first."""
    known = {one.tag for one in _all(person, orders, since)} if since else set()
    yield from (one for one in _all(person, orders, until) if one.tag not in known)


def _all(person: Person, orders: Sequence[Order], until: datetime) -> Iterator[Learned]:
    answered = list(_answers(person, until))
    told = {one.tag for one in answered}
    yield from answered
    yield from (one for one in _tastes(person, orders, until) if one.tag not in told)


def _answers(person: Person, until: datetime) -> Iterator[Learned]:
    if person.answered_at is None or person.answered_at > until:
        return
    taste = person.favourite
    yield Learned(person.number, f"口味/{taste}", f"回答问卷：最常买的口味是“{taste}”", True)
    thrown = person.dice("answers")
    if thrown.random() < 0.25:
        avoids = thrown.choice(AVOIDS[:2] if taste == "辣" else AVOIDS)
        yield Learned(person.number, f"忌口/{avoids}", f"回答问卷：家里有人{avoids}", True)


def _tastes(person: Person, orders: Sequence[Order], until: datetime) -> Iterator[Learned]:
    last = [one for one in orders if one.at <= until and not one.is_cancelled][-LAST_ORDERS:]
    held = Counter(taste for one in last for taste in {line.product.taste for line in one.lines})
    for taste, many in sorted(held.items()):
        if many >= FEWEST and 2 * many >= len(last):
            yield Learned(person.number, f"口味/{taste}", f"最近 {len(last)} 单里有 {many} 单买了“{taste}”", False)
