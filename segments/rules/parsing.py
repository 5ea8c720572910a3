"""A rule as JSON values to a checked `Rule`, with an error at each node that cannot be meant. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from segments.rules.tree import (
    MAX_DEPTH,
    MAX_NODES,
    TYPES,
    AcquiredLeaf,
    All,
    Any_,
    AttributeLeaf,
    ChannelLeaf,
    DatedLeaf,
    FirstOrderLeaf,
    LastOrderLeaf,
    Node,
    Not,
    OrdersLeaf,
    Rule,
    SegmentLeaf,
    TagLeaf,
)
from segments.rules.values import MisfitValue, minor_units, typed_values
from tenants import incoming_errors
from tenants.results import FieldError as RuleError
from tenants.strict_json import BodyIsInvalid, escape

__all__ = ["InvalidRule", "KnownAttribute", "KnownNames", "RuleError", "parse_rule", "read_rule"]

_PLACEHOLDER = TagLeaf(tags=(1,))


class InvalidRule(BodyIsInvalid):
    """A rule that cannot be used; `errors` point at its nodes."""


@dataclass(frozen=True, slots=True)
class KnownAttribute:
    """An attribute that the tenant has; `kind` as `contacts.Attribute.Kind`."""

    label: str
    kind: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a tenant has that rules can name, by id, and its currency."""

    currency: str
    tags: Mapping[int, str] = field(default_factory=dict)
    attributes: Mapping[int, KnownAttribute] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)


def parse_rule(value: object, *, known: KnownNames, pointer: str = "/rule") -> Rule:
    """Check what a client sent: its shape, its size, and that all it names is there.

    Shape: errors' pointers start with `pointer`, where the rule stands in the body.
    Raises: InvalidRule
    """
    reader = _Reader(known)
    root = reader.read(value, pointer, 1)
    if reader.errors:
        raise InvalidRule(*reader.errors)
    return _rule(root, known)


def read_rule(value: object, *, known: KnownNames) -> Rule:
    """A rule that was checked when it was kept; only `known.attributes` and `known.currency` are needed.

    Raises: InvalidRule when it was never checked.
    """
    reader = _Reader(None)
    root = reader.read(value, "", 1)
    if reader.errors:
        raise InvalidRule(*reader.errors)
    return _rule(root, known)


def _rule(root: Node, known: KnownNames) -> Rule:
    kinds = {pk: attribute.kind for pk, attribute in known.attributes.items()}
    return Rule(root, kinds, known.currency)


class _Reader:
    """Reads a tree node by node and gathers what is wrong; `known` is None where names need no check."""

    def __init__(self, known: KnownNames | None) -> None:
        self.known = known
        self.errors: list[RuleError] = []
        self.nodes = 0

    def read(self, value: object, place: str, depth: int) -> Node:
        """The node at a place, or a placeholder for one that is in error."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            if self.nodes == MAX_NODES + 1:
                self._fail(place, "too_many_nodes", _("A rule has at most %d conditions and groups.") % MAX_NODES)
            return _PLACEHOLDER
        if depth > MAX_DEPTH:
            return self._fail(place, "too_deep", _("Nest groups at most %d deep.") % MAX_DEPTH)
        kind = self._kind(value, place)
        if kind is None:
            return _PLACEHOLDER
        assert isinstance(value, dict)
        if kind in (All, Any_):
            return self._group(kind, value, place, depth)
        return self._not(value, place, depth) if kind is Not else self._leaf(kind, value, place)

    def _fail(self, place: str, code: str, detail: str) -> Node:
        self.errors.append(RuleError(place, code, detail))
        return _PLACEHOLDER

    def _kind(self, value: object, place: str) -> Any:
        if not isinstance(value, dict):
            self._fail(place, "invalid", _('Send an object with a "type".'))
        elif not isinstance(name := value.get("type"), str) or name not in TYPES:
            self._fail(f"{place}/type", "unknown_type", _("Send one of %s.") % ", ".join(TYPES))
        else:
            return TYPES[name]
        return None

    def _group(self, kind: type[All] | type[Any_], value: dict[str, Any], place: str, depth: int) -> Node:
        inner = value.get("of")
        if not self._has_only_of(value, place):
            return _PLACEHOLDER
        if not isinstance(inner, list | tuple):
            return self._fail(f"{place}/of", "invalid", _("Send a list of conditions."))
        if not inner:
            return self._fail(f"{place}/of", "empty_group", _("Put at least one condition here."))
        nodes = [self.read(each, f"{place}/of/{index}", depth + 1) for index, each in enumerate(inner[:MAX_NODES])]
        if len(inner) > MAX_NODES:
            self._fail(f"{place}/of", "too_many_nodes", _("A rule has at most %d conditions and groups.") % MAX_NODES)
        return kind(of=tuple(nodes))

    def _not(self, value: dict[str, Any], place: str, depth: int) -> Node:
        if not self._has_only_of(value, place):
            return _PLACEHOLDER
        return Not(of=self.read(value["of"], f"{place}/of", depth + 1))

    def _has_only_of(self, value: dict[str, Any], place: str) -> bool:
        if unknown := next((name for name in value if name not in ("type", "of")), None):
            self._fail(f"{place}/{escape(str(unknown))}", "unknown_field", _("No such field."))
        elif "of" not in value:
            self._fail(f"{place}/of", "required", _("Send this field."))
        else:
            return True
        return False

    def _leaf(self, kind: Any, value: dict[str, Any], place: str) -> Node:
        try:
            leaf: Any = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self.errors.append(incoming_errors.explain(error, kind, pointer=place))
            return _PLACEHOLDER
        errors = [
            RuleError(error.pointer.removesuffix("_"), error.code, error.detail)
            for error in incoming_errors.bad_times(leaf, pointer=place)
        ]
        errors += [RuleError(place + step, code, detail) for step, code, detail in _CHECKS[kind](leaf, self.known)]
        self.errors += errors
        return _PLACEHOLDER if errors else leaf


_Faults = Iterator[tuple[str, str, str]]


def _tag_faults(leaf: TagLeaf, known: KnownNames | None) -> _Faults:
    if known is not None:
        yield from _unknown("/tags", leaf.tags, known.tags, "unknown_tag", _("There is no such tag."))


def _channel_faults(leaf: ChannelLeaf, known: KnownNames | None) -> _Faults:
    if known is not None:
        ids = (pk if pk is not None else 0 for pk in leaf.channels)
        there = {0, *known.channels}
        yield from _unknown("/channels", ids, there, "unknown_channel", _("There is no such channel."))


def _unknown(step: str, ids: Iterable[int], there: Iterable[int], code: str, detail: str) -> _Faults:
    yield from ((f"{step}/{index}", code, detail) for index, pk in enumerate(ids) if pk not in there)


def _segment_faults(leaf: SegmentLeaf, known: KnownNames | None) -> _Faults:
    if known is not None and leaf.segment not in known.segments:
        yield "/segment", "unknown_segment", _("There is no such segment, or it is not published.")


def _attribute_faults(leaf: AttributeLeaf, known: KnownNames | None) -> _Faults:
    if known is None:
        return
    attribute = known.attributes.get(leaf.attribute)
    if attribute is None:
        yield "/attribute", "unknown_attribute", _("There is no such attribute.")
        return
    try:
        values = typed_values(leaf, attribute.kind)
    except MisfitValue as misfit:
        yield misfit.step, misfit.code, str(misfit)
        return
    if attribute.kind == "choice":
        is_list = isinstance(leaf.value, tuple)
        for index, value in enumerate(values):
            if value not in attribute.choices:
                yield f"/value/{index}" if is_list else "/value", "unknown_choice", _("There is no such choice.")


def _orders_faults(leaf: OrdersLeaf, known: KnownNames | None) -> _Faults:
    if known is not None:
        try:
            minor_units(leaf, known.currency)
        except MisfitValue as misfit:
            yield misfit.step, misfit.code, str(misfit)


def _dated_faults(leaf: DatedLeaf, known: KnownNames | None) -> _Faults:
    spans = [leaf.within_days, leaf.before_days, leaf.from_ or leaf.until, getattr(leaf, "never", None)]
    if sum(span is not None for span in spans) != 1:
        if isinstance(leaf, AcquiredLeaf):
            yield "", "one_span", _("Send one of within_days, before_days, or from and until.")
        else:
            yield "", "one_span", _("Send one of within_days, before_days, never, or from and until.")
    elif leaf.from_ and leaf.until and leaf.from_ >= leaf.until:
        yield "/until", "invalid_range", _("Send an end after the beginning.")


_CHECKS: Mapping[Any, Callable[[Any, KnownNames | None], _Faults]] = {
    TagLeaf: _tag_faults,
    AttributeLeaf: _attribute_faults,
    ChannelLeaf: _channel_faults,
    AcquiredLeaf: _dated_faults,
    LastOrderLeaf: _dated_faults,
    FirstOrderLeaf: _dated_faults,
    OrdersLeaf: _orders_faults,
    SegmentLeaf: _segment_faults,
}
