"""The nodes of a rule: one Struct per kind, the same for decoding, for each field's limits and for the schema. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from tenants.incoming import Id, Incoming, Instant, limit

MAX_DEPTH = 10
MAX_NODES = 100
MAX_DAYS = 36_500

Days = Annotated[int, limit("invalid_days", f"Send whole days, 1 to {MAX_DAYS}.", ge=1, le=MAX_DAYS)]
Ids = Annotated[tuple[Id, ...], limit("invalid_ids", "Send 1 to 100 ids.", min_length=1, max_length=100)]
ChannelIds = Annotated[
    tuple[Id | None, ...],
    limit("invalid_ids", "Send 1 to 100 ids; null is no channel.", min_length=1, max_length=100),
]
Scalar = bool | int | float | str
Values = Annotated[
    tuple[Scalar, ...],
    limit("invalid_value", "Send a value, or for `in` and `between` a list of 1 to 100.", min_length=1, max_length=100),
]
AttributeOp = Annotated[
    Literal["eq", "in", "lt", "lte", "gt", "gte", "between", "is_set"],
    limit("invalid_op", "Send one of eq, in, lt, lte, gt, gte, between, is_set."),
]
OrdersOp = Annotated[Literal["eq", "lt", "lte", "gt", "gte"], limit("invalid_op", "Send one of eq, lt, lte, gt, gte.")]
Measure = Annotated[Literal["count", "net"], limit("invalid_measure", "Send count or net.")]
OrdersValue = Annotated[
    int | str, limit("invalid_value", 'Send an integer for a count, a decimal string such as "300.00" for a net sum.')
]
Never = Annotated[Literal[True], limit("invalid_value", "Send true, or leave it out.")]
Match = Annotated[Literal["any", "all"], limit("invalid_match", "Send any or all.")]
Of = Annotated[tuple["Node", ...], limit("empty_group", "Put at least one condition here.", min_length=1)]


class _Node(Incoming, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all nodes."""


class All(_Node, frozen=True, tag="all"):
    """True when all of its nodes are."""

    of: Of


class Any_(_Node, frozen=True, tag="any"):  # noqa: N801  (`Any` is the word, and taken)
    """True when one of its nodes is."""

    of: Of


class Not(_Node, frozen=True, tag="not"):
    """True when its node is not."""

    of: "Node"


class TagLeaf(_Node, frozen=True, tag="tag"):
    """Carries any, or all, of these tags."""

    tags: Ids
    match: Match = "any"


class AttributeLeaf(_Node, frozen=True, tag="attribute"):
    """A typed attribute's value compares so. A contact without a value matches no comparison.

    `in` takes a list, `between` a list of the lowest and the highest, both included; `is_set` takes no value.
    """

    attribute: Id
    op: AttributeOp
    value: Scalar | Values | None = None


class ChannelLeaf(_Node, frozen=True, tag="channel"):
    """Came by one of these channels; null is no channel."""

    channels: ChannelIds


class _Dated(_Node, frozen=True):
    """An instant of the contact in one span of time. A contact without the instant is in no span.

    `within_days`: later than `at` less N × 86,400 s, however far ahead; `before_days`: not so. `from` is included,
    `until` is not.
    """

    within_days: Days | None = None
    before_days: Days | None = None
    from_: Instant | None = msgspec.field(name="from", default=None)
    until: Instant | None = None


class AcquiredLeaf(_Dated, frozen=True, tag="acquired"):
    """When the contact was acquired."""


class LastOrderLeaf(_Dated, frozen=True, tag="last_order"):
    """When the contact's last purchase was; `never`: the contact has bought nothing."""

    never: Never | None = None


class FirstOrderLeaf(_Dated, frozen=True, tag="first_order"):
    """When the contact's first purchase was; `never`: the contact has bought nothing."""

    never: Never | None = None


class OrdersLeaf(_Node, frozen=True, tag="orders"):
    """The number of purchases, or their net sum, ever or within `days` of now.

    Net is a decimal string in the tenant's currency: purchases of the window less refunds of the window.
    """

    measure: Measure
    op: OrdersOp
    value: OrdersValue
    days: Days | None = None


class SegmentLeaf(_Node, frozen=True, tag="segment"):
    """Is in another segment."""

    segment: Id


DatedLeaf = AcquiredLeaf | LastOrderLeaf | FirstOrderLeaf
Leaf = TagLeaf | AttributeLeaf | ChannelLeaf | AcquiredLeaf | LastOrderLeaf | FirstOrderLeaf | OrdersLeaf | SegmentLeaf
Group = All | Any_
Node = All | Any_ | Not | Leaf
TYPES: Mapping[str, type[_Node]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        All,
        Any_,
        Not,
        TagLeaf,
        AttributeLeaf,
        ChannelLeaf,
        AcquiredLeaf,
        LastOrderLeaf,
        FirstOrderLeaf,
        OrdersLeaf,
        SegmentLeaf,
    )
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked tree, with what its values mean: the kind of each attribute by id, and the tenant's currency."""

    root: Node
    kinds: Mapping[int, str]
    currency: str


def nodes_of(rule: Rule) -> Iterator[tuple[str, Node]]:
    """Every node, root first, with its JSON pointer within the rule: `""`, `/of/0`, `/of/0/of`."""
    return _nodes("", rule.root)


def _nodes(place: str, node: Node) -> Iterator[tuple[str, Node]]:
    yield place, node
    if isinstance(node, All | Any_):
        for index, child in enumerate(node.of):
            yield from _nodes(f"{place}/of/{index}", child)
    elif isinstance(node, Not):
        yield from _nodes(f"{place}/of", node.of)


def rule_value(rule: Rule) -> dict[str, Any]:
    """The rule as JSON values, in its one form."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rule.root))
    return value


def rule_schema() -> dict[str, Any]:
    """The JSON schema of a rule, to be published."""
    return msgspec.json.schema(Node)
