"""Rules evaluated in plain Python over what is known of people; written apart from the compiler."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Value = str | float | bool | date


@dataclass
class Purchase:
    """A paid order of more than nothing; minor units."""

    paid_at: datetime
    minor: int


@dataclass
class Return:
    """A refund that counts; minor units."""

    refunded_at: datetime
    minor: int


@dataclass
class Person:
    """What is known of one contact; tags, attributes, channels and segments by their ids in rules."""

    tags: set[int] = field(default_factory=set)
    values: dict[int, Value] = field(default_factory=dict)
    channel: int | None = None
    first_touch_at: datetime | None = None
    purchases: list[Purchase] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    segments: set[int] = field(default_factory=set)


def matches(rule: Any, person: Person, at: datetime) -> bool:
    """Whether a rule, as JSON, is true of a person at an instant."""
    return bool(globals()[f"_{rule['type']}"](rule, person, at))


def _all(rule: Any, person: Person, at: datetime) -> bool:
    return all(matches(inner, person, at) for inner in rule["of"])


def _any(rule: Any, person: Person, at: datetime) -> bool:
    return any(matches(inner, person, at) for inner in rule["of"])


def _not(rule: Any, person: Person, at: datetime) -> bool:
    return not matches(rule["of"], person, at)


def _tag(rule: Any, person: Person, at: datetime) -> bool:
    carried = [tag in person.tags for tag in rule["tags"]]
    return all(carried) if rule.get("match") == "all" else any(carried)


def _segment(rule: Any, person: Person, at: datetime) -> bool:
    return rule["segment"] in person.segments


def _channel(rule: Any, person: Person, at: datetime) -> bool:
    return person.channel in rule["channels"]


def _attribute(rule: Any, person: Person, at: datetime) -> bool:
    if rule["attribute"] not in person.values:
        return False
    has: Any = person.values[rule["attribute"]]
    asked = rule.get("value")
    if isinstance(has, date):
        asked = [date.fromisoformat(each) for each in asked] if isinstance(asked, list) else asked
        asked = date.fromisoformat(asked) if isinstance(asked, str) else asked
    answers: dict[str, Callable[[], Any]] = {
        "is_set": lambda: True,
        "eq": lambda: has == asked,
        "in": lambda: has in asked,
        "lt": lambda: has < asked,
        "lte": lambda: has <= asked,
        "gt": lambda: has > asked,
        "gte": lambda: has >= asked,
        "between": lambda: asked[0] <= has <= asked[1],
    }
    return bool(answers[rule["op"]]())


def _acquired(rule: Any, person: Person, at: datetime) -> bool:
    first = min((purchase.paid_at for purchase in person.purchases), default=None)
    return _is_in_span(rule, person.first_touch_at or first, at)


def _last_order(rule: Any, person: Person, at: datetime) -> bool:
    return _is_in_span(rule, max((purchase.paid_at for purchase in person.purchases), default=None), at)


def _first_order(rule: Any, person: Person, at: datetime) -> bool:
    return _is_in_span(rule, min((purchase.paid_at for purchase in person.purchases), default=None), at)


def _is_in_span(rule: Any, instant: datetime | None, at: datetime) -> bool:
    if rule.get("never"):
        return instant is None
    if instant is None:
        return False
    if "within_days" in rule:
        return at - instant < timedelta(seconds=86_400 * rule["within_days"])
    if "before_days" in rule:
        return at - instant >= timedelta(seconds=86_400 * rule["before_days"])
    is_late_enough = "from" not in rule or instant >= datetime.fromisoformat(rule["from"])
    return is_late_enough and ("until" not in rule or instant < datetime.fromisoformat(rule["until"]))


def _orders(rule: Any, person: Person, at: datetime) -> bool:
    days = rule.get("days")
    bought = [each.minor for each in person.purchases if _is_recent(each.paid_at, days, at)]
    returned = [each.minor for each in person.returns if _is_recent(each.refunded_at, days, at)]
    has = Decimal(len(bought)) if rule["measure"] == "count" else Decimal(sum(bought) - sum(returned)) / 100
    asked = Decimal(rule["value"])
    answers = {"eq": has == asked, "lt": has < asked, "lte": has <= asked, "gt": has > asked, "gte": has >= asked}
    return answers[rule["op"]]


def _is_recent(instant: datetime, days: int | None, at: datetime) -> bool:
    return days is None or at - instant < timedelta(seconds=86_400 * days)
