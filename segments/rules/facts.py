"""Which news can change who matches a rule. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segments.rules.conditions import holds_of_none
from segments.rules.edges import edges_of
from segments.rules.normal import Both, Normal, Test, normalise
from segments.rules.tree import (
    AcquiredLeaf,
    AttributeLeaf,
    ChannelLeaf,
    FirstOrderLeaf,
    LastOrderLeaf,
    Leaf,
    OrdersLeaf,
    Rule,
    SegmentLeaf,
    TagLeaf,
    nodes_of,
)

# by `contacts.Change.Reason`; a contact's first order can be what acquires it
_REASONS: Mapping[type, set[str]] = {
    TagLeaf: {"tag"},
    AttributeLeaf: {"profile"},
    ChannelLeaf: {"touch", "profile"},
    AcquiredLeaf: {"touch", "order"},
    LastOrderLeaf: {"order"},
    FirstOrderLeaf: {"order"},
    OrdersLeaf: {"order"},
    SegmentLeaf: set[str](),
}
# what tells of every new contact
_NEW = {"identity", "profile"}


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`reasons` of change rows, ids of segments whose members it reads, and whether the passing of time alone can."""

    reasons: frozenset[str]
    segment_ids: frozenset[int]
    has_time: bool


def depends_on(rule: Rule) -> Dependencies:
    """What a contact must be looked at again for."""
    leaves: list[Any] = [node for _, node in nodes_of(rule) if type(node) in _REASONS]
    reasons = set().union(*(_REASONS[type(leaf)] for leaf in leaves))
    if any(isinstance(leaf, OrdersLeaf) and leaf.measure == "net" for leaf in leaves):
        reasons.add("refund")
    if _holds(normalise(rule.root), rule):
        reasons |= _NEW
    segment_ids = frozenset(leaf.segment for leaf in leaves if isinstance(leaf, SegmentLeaf))
    return Dependencies(frozenset(reasons), segment_ids, bool(edges_of(rule)))


def _holds(normal: Normal, rule: Rule) -> bool:
    """Whether a rule is true of a contact of whom nothing is known."""
    if isinstance(normal, Test):
        return _is_true_of_nobody(normal.leaf, rule) == normal.is_true
    parts = (_holds(part, rule) for part in normal.parts)
    return all(parts) if isinstance(normal, Both) else any(parts)


def _is_true_of_nobody(leaf: Leaf, rule: Rule) -> bool:
    if isinstance(leaf, OrdersLeaf):
        return holds_of_none(leaf, rule.currency)
    if isinstance(leaf, ChannelLeaf):
        return None in leaf.channels
    return bool(getattr(leaf, "never", False))
