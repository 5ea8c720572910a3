"""The normal form of a tree: groups of leaves, with every "not" pushed down to the leaves it turns. Pure."""

from dataclasses import dataclass
from itertools import chain

from segments.rules.tree import All, Any_, Leaf, Node, Not


@dataclass(frozen=True, slots=True)
class Test:
    """A leaf, or what is true exactly when the leaf is not."""

    leaf: Leaf
    is_true: bool


@dataclass(frozen=True, slots=True)
class Both:
    """True when all of its parts are (at least two, none of them a `Both`)."""

    parts: tuple["Normal", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True when one of its parts is (at least two, none of them an `Either`)."""

    parts: tuple["Normal", ...]


Normal = Test | Both | Either


def normalise(node: Node, *, is_true: bool = True) -> Normal:
    """The normal form of a node, or of its opposite."""
    if isinstance(node, Not):
        return normalise(node.of, is_true=not is_true)
    if not isinstance(node, All | Any_):
        return Test(node, is_true)
    parts = tuple(dict.fromkeys(normalise(child, is_true=is_true) for child in node.of))
    kind = Both if isinstance(node, All) == is_true else Either
    flat = tuple(chain.from_iterable(part.parts if isinstance(part, kind) else (part,) for part in parts))
    return flat[0] if len(flat) == 1 else kind(flat)
