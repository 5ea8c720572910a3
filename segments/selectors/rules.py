"""The rules that are live, in the order in which they are evaluated; what they name; who names a segment."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

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
    read_rule,
)
from tenants.models import Tenant

logger = logging.getLogger(__name__)


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
    for segment_id, number, value in _live(tenant, segment__build=Segment.Build.IDLE):
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
    for found_id, number, value in _live(tenant, segment_id=segment_id):
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
    names = dict(Segment.objects.for_tenant(tenant).values_list("pk", "name"))
    users: dict[int, list[Named]] = {}
    for segment_id, named in _graph(tenant).items():
        for named_id in named:
            users.setdefault(named_id, []).append(Named(segment_id, names[segment_id]))
    return {segment_id: sorted(found, key=lambda user: user.name) for segment_id, found in users.items()}


def ring_through(*, tenant: Tenant, segment_id: int, rule: Rule) -> list[str]:
    """The names along a ring that this rule of a segment would close, from the segment round to it; empty if none."""
    try:
        TopologicalSorter({**_graph(tenant), segment_id: _segments_in(rule)}).prepare()
    except CycleError as error:
        along: list[int] = error.args[1][:0:-1]
        place = along.index(segment_id)
        ring = [*along[place:], *along[:place], segment_id]
        names = dict(Segment.objects.for_tenant(tenant).filter(pk__in=ring).values_list("pk", "name"))
        return [names.get(each, f"#{each}") for each in ring]
    return []


def _live(tenant: Tenant, **conditions: Any) -> Iterable[tuple[int, int, Any]]:
    live: QuerySet[SegmentVersion] = SegmentVersion.objects.for_tenant(tenant).filter(
        segment__tenant_id=tenant.pk,
        segment__kind=Segment.Kind.RULE,
        segment__state=Segment.State.PUBLISHED,
        number=F("segment__live_number"),
        **conditions,
    )
    return live.order_by("segment_id").values_list("segment_id", "number", "rule")


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
    known, graph = _kinds(tenant), {}
    for segment_id, _, value in _live(tenant):
        try:
            graph[segment_id] = _segments_in(read_rule(value, known=known))
        except InvalidRule:
            continue
    return graph


def _segments_in(rule: Rule) -> frozenset[int]:
    return depends_on(rule).segment_ids


def _kinds(tenant: Tenant) -> KnownNames:
    attributes = {
        attribute.pk: KnownAttribute(attribute.label, attribute.kind, tuple(attribute.choices))
        for attribute in Attribute.objects.for_tenant(tenant)
    }
    return KnownNames(currency=tenant.currency, attributes=attributes)
