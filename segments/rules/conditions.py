"""A test as one fact: the contact has, or has not, a row in some source of which something is true. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from segments.rules.normal import Test
from segments.rules.sources import CONTACTS, STATS, SUMS, Sources
from segments.rules.tree import (
    AcquiredLeaf,
    AttributeLeaf,
    ChannelLeaf,
    DatedLeaf,
    FirstOrderLeaf,
    LastOrderLeaf,
    OrdersLeaf,
    SegmentLeaf,
    TagLeaf,
)
from segments.rules.values import MisfitValue, minor_units, typed_values

_DATES = {
    AcquiredLeaf: (CONTACTS, "acquired_at"),
    LastOrderLeaf: (STATS, "last_purchase_at"),
    FirstOrderLeaf: (STATS, "first_purchase_at"),
}
# the comparison, its opposite, and whether it is true of 0
_COMPARISONS: Mapping[str, tuple[str, str, Callable[[int], bool]]] = {
    "eq": ("=", "<>", lambda value: value == 0),
    "lt": ("<", ">=", lambda value: value > 0),
    "lte": ("<=", ">", lambda value: value >= 0),
    "gt": (">", "<=", lambda value: value < 0),
    "gte": (">=", "<", lambda value: value <= 0),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Whether the contact has a row in a source for which `sql` is true: `has_row` says which answer is asked for.

    Without a source nothing is read, and the answer is that there is none. `needs` is what the purchases in a window,
    and so those to date, sum up to before anything is taken back, of whoever has such a row in it; empty if that may be
    nothing.
    """

    source: str | None
    sql: str
    has_row: bool
    needs: str = ""


def fact(test: Test, sources: Sources) -> Fact:
    """The fact that makes a test true."""
    found = _MAKE[type(test.leaf)](test.leaf, sources)
    return found if test.is_true else replace(found, has_row=not found.has_row)


def holds_of_none(leaf: OrdersLeaf, currency: str) -> bool:
    """Whether it is true of a contact that has bought nothing, whose number and sum are 0."""
    try:
        return _COMPARISONS[leaf.op][2](minor_units(leaf, currency))
    except MisfitValue:
        return False


def _dated(leaf: DatedLeaf, sources: Sources) -> Fact:
    source, column = _DATES[type(leaf)]
    name = f"{source}.{column}"
    if getattr(leaf, "never", None):
        return Fact(source, f"{name} IS NOT NULL", has_row=False)
    return Fact(source, _span(leaf, name, sources), has_row=True)


def _span(leaf: DatedLeaf, name: str, sources: Sources) -> str:
    if leaf.within_days is not None:
        return f"{name} > {sources.edge(leaf.within_days)}"
    if leaf.before_days is not None:
        return f"{name} <= {sources.edge(leaf.before_days)}"
    ends = [f"{name} >= {sources.add(leaf.from_)}"] if leaf.from_ else []
    return " AND ".join([*ends, f"{name} < {sources.add(leaf.until)}"] if leaf.until else ends)


def _channel(leaf: ChannelLeaf, sources: Sources) -> Fact:
    name = f"{CONTACTS}.channel_id"
    ids = sorted({pk for pk in leaf.channels if pk is not None})
    ways = [f"{name} = ANY({sources.add(ids)}::bigint[])"] if ids else []
    ways += [f"{name} IS NULL"] if None in leaf.channels else []
    return Fact(CONTACTS, " OR ".join(ways), has_row=True)


def _orders(leaf: OrdersLeaf, sources: Sources) -> Fact:
    """Where 0 will do, whoever has no row of the opposite."""
    try:
        value = minor_units(leaf, sources.rule.currency)
    except MisfitValue:
        return _NOBODY
    same, opposite, holds_of = _COMPARISONS[leaf.op]
    has_row = not holds_of(value)
    op, asked = same if has_row else opposite, sources.add(value)
    column = "purchases" if leaf.measure == "count" else "net"
    if leaf.days is None:
        return Fact(STATS, f"{STATS}.{column} {op} {asked}", has_row)
    source = sources.window(leaf.days)
    return Fact(source, f"{source}.{column} {op} {asked}", has_row, _needs(leaf, op, value, asked))


def _needs(leaf: OrdersLeaf, op: str, value: int, asked: str) -> str:
    """Nobody has more purchases, or a higher net sum, than all purchases make: of the window, and so of all days."""
    if op not in (">", ">=") and (op != "=" or value < 0):
        return ""
    return f"{SUMS}.{'purchases' if leaf.measure == 'count' else 'gross'} {'>' if op == '>' else '>='} {asked}"


def _attribute(leaf: AttributeLeaf, sources: Sources) -> Fact:
    kind = sources.rule.kinds.get(leaf.attribute)
    if kind is None:
        return _NOBODY
    try:
        return _has_row(sources.values(leaf, kind, typed_values(leaf, kind)))
    except MisfitValue:
        return _NOBODY


def _tag(leaf: TagLeaf, sources: Sources) -> Fact:
    return _has_row(sources.tags(leaf))


def _segment(leaf: SegmentLeaf, sources: Sources) -> Fact:
    return _has_row(sources.segment(leaf))


def _has_row(source: str) -> Fact:
    return Fact(source, f"{source}.contact_id IS NOT NULL", has_row=True)


# what the leaf means is gone since it was kept
_NOBODY = Fact(None, "", has_row=True)
_MAKE: Mapping[Any, Callable[[Any, Sources], Fact]] = {
    TagLeaf: _tag,
    AttributeLeaf: _attribute,
    ChannelLeaf: _channel,
    AcquiredLeaf: _dated,
    LastOrderLeaf: _dated,
    FirstOrderLeaf: _dated,
    OrdersLeaf: _orders,
    SegmentLeaf: _segment,
}
