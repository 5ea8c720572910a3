"""The rules that are live, in the order in which they are evaluated; what they name; who names a segment."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from typing import Any, Literal

from django.db.models import F, QuerySet

from acquisition.models import Channel
from contacts.models import Attribute, Tag
from segments.models import Segment, SegmentVersion
from segments.rules import (
    Edge,
    InvalidRule,
    KnownAttribute,
    KnownNames,
    Rule,
    depends_on,
    edges_of,
    nodes_of,
    read_rule,
)
from segments.rules.tree import AttributeLeaf, SegmentLeaf, TagLeaf
from tenants.models import Tenant

logger = logging.getLogger(__name__)
Kind = Literal["tag", "attribute", "segment"]
# the leaf that names a thing of a kind, and in which field
_NAMING: Mapping[Kind, tuple[type, str]] = {
    "tag": (TagLeaf, "tags"),
    "attribute": (AttributeLeaf, "attribute"),
    "segment": (SegmentLeaf, "segment"),
}
_OF_LIVE = ("segment_id", "number", "rule")


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A version of a segment that its people follow, and on what news it depends."""

    segment_id: int
    version_number: int
    tree: Rule
    reasons: frozenset[str]
    segments: frozenset[int]
    edges: frozenset[Edge]


@dataclass(frozen=True, slots=True)
class Named:
    """A segment by id and name."""

    id: int
    name: str


def live_rules(*, tenant: Tenant) -> list[LiveRule]:
    """The published rules whose people are up to date, each after those that it names.

    One that waits for a full build is not among them: that evaluates everybody.
    """
    known = _kinds(tenant)
    rules = {}
    for segment_id, number, value in _live(tenant, segment__build=Segment.Build.IDLE).values_list(*_OF_LIVE):
        try:
            rules[segment_id] = _live_rule(segment_id, number, value, known)
        except InvalidRule:
            logger.exception("segment %s of tenant %s has a rule that cannot be read", segment_id, tenant.pk)
    order = TopologicalSorter({rule.segment_id: rule.segments for rule in rules.values()}).static_order()
    return [rules[segment_id] for segment_id in order if segment_id in rules]


def live_rule(*, tenant: Tenant, segment_id: int) -> LiveRule | None:
    """The rule that a published segment's people follow, whatever the state of its build.

    Raises: InvalidRule
    """
    for found_id, number, value in _live(tenant, segment_id=segment_id).values_list(*_OF_LIVE):
        return _live_rule(found_id, number, value, _kinds(tenant))
    return None


def rule_of(*, tenant: Tenant, version: SegmentVersion) -> Rule:
    """The rule of a version.

    Raises: InvalidRule when it was never checked
    """
    return read_rule(version.rule, known=_kinds(tenant))


def known_names(*, tenant: Tenant) -> KnownNames:
    """What rules of the tenant can name."""
    tags = Tag.objects.for_tenant(tenant).select_related("group")
    segments = Segment.objects.for_tenant(tenant).filter(state=Segment.State.PUBLISHED)
    return KnownNames(
        currency=tenant.currency,
        tags={tag.pk: str(tag) for tag in tags},
        attributes=_kinds(tenant).attributes,
        channels={channel.pk: str(channel) for channel in Channel.objects.for_tenant(tenant)},
        segments=dict(segments.values_list("pk", "name")),
    )


def used_by(*, tenant: Tenant) -> Mapping[int, list[Named]]:
    """By segment, the published segments whose rules name it, by name."""
    return _naming(tenant, "segment")


def rules_naming(*, tenant: Tenant, kind: Literal["tag", "attribute"]) -> Mapping[int, list[Named]]:
    """By tag, or by attribute, the published segments whose rules name it, by name."""
    return _naming(tenant, kind)


def ring_through(*, tenant: Tenant, segment_id: int, rule: Rule) -> list[str]:
    """The names along a ring that this rule of a segment would close, from the segment round to it; empty if none."""
    try:
        TopologicalSorter({**_graph(tenant), segment_id: _named_in(rule, "segment")}).prepare()
    except CycleError as error:
        along: list[int] = error.args[1][:0:-1]
        place = along.index(segment_id)
        ring = [*along[place:], *along[:place], segment_id]
        names = dict(Segment.objects.for_tenant(tenant).filter(pk__in=ring).values_list("pk", "name"))
        return [names.get(each, f"#{each}") for each in ring]
    return []


def _live(tenant: Tenant, **conditions: Any) -> QuerySet[SegmentVersion]:
    """The versions that published segments follow."""
    live: QuerySet[SegmentVersion] = SegmentVersion.objects.for_tenant(tenant).filter(
        segment__tenant_id=tenant.pk,
        segment__kind=Segment.Kind.RULE,
        segment__state=Segment.State.PUBLISHED,
        number=F("segment__live_number"),
        **conditions,
    )
    return live.order_by("segment_id")


def _live_rule(segment_id: int, number: int, value: Any, known: KnownNames) -> LiveRule:
    tree = read_rule(value, known=known)
    facts = depends_on(tree)
    return LiveRule(
        segment_id=segment_id,
        version_number=number,
        tree=tree,
        reasons=facts.reasons,
        segments=facts.segment_ids,
        edges=edges_of(tree),
    )


def _graph(tenant: Tenant) -> dict[int, frozenset[int]]:
    """What each published rule names."""
    return {user.id: _named_in(rule, "segment") for user, rule in _readable(tenant)}


def _naming(tenant: Tenant, kind: Kind) -> dict[int, list[Named]]:
    """By what rules can name, the published segments that do, by name."""
    found: dict[int, list[Named]] = {}
    for user, rule in _readable(tenant):
        for pk in _named_in(rule, kind):
            found.setdefault(pk, []).append(user)
    return {pk: sorted(users, key=lambda user: user.name) for pk, users in found.items()}


def _readable(tenant: Tenant) -> Iterator[tuple[Named, Rule]]:
    """The published rules for what they name, but for those that cannot be read any more."""
    for segment_id, name, value in _live(tenant).values_list("segment_id", "segment__name", "rule"):
        try:
            yield Named(segment_id, name), read_rule(value, known=KnownNames(currency=tenant.currency))
        except InvalidRule:
            continue


def _named_in(rule: Rule, kind: Kind) -> frozenset[int]:
    leaf, field = _NAMING[kind]
    ids = (getattr(node, field) for _, node in nodes_of(rule) if isinstance(node, leaf))
    return frozenset(chain.from_iterable(pk if isinstance(pk, tuple) else (pk,) for pk in ids))


def _kinds(tenant: Tenant) -> KnownNames:
    attributes = {
        attribute.pk: KnownAttribute(attribute.label, attribute.kind, tuple(attribute.choices))
        for attribute in Attribute.objects.for_tenant(tenant)
    }
    return KnownNames(currency=tenant.currency, attributes=attributes)
