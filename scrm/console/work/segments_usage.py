"""Where tags, attributes and segments are used: in rules that are live, and by SOPs that run."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import F

from segments.models import Segment, SegmentVersion
from sop.models import Sop, SopVersion
from tenants.models import Tenant

# the field of a rule's node that names a thing of this kind, by the node's type
_NAMED_BY = {"tag": "tags", "attribute": "attribute"}


def rules_naming(*, tenant: Tenant, kind: str) -> dict[int, list[str]]:
    """By tag, or by attribute (`kind`), the names of the published segments whose live rules name it, sorted."""
    live = SegmentVersion.objects.for_tenant(tenant).filter(
        number=F("segment__live_number"), segment__state=Segment.State.PUBLISHED
    )
    found: dict[int, set[str]] = {}
    for name, rule in live.values_list("segment__name", "rule"):
        for pk in _named(rule, kind):
            found.setdefault(pk, set()).add(name)
    return {pk: sorted(names) for pk, names in found.items()}


def sops_by_segment(*, tenant: Tenant, segment_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """By segment, the ids and names of the SOPs, published or paused, whose audience it is, by name."""
    running = (Sop.State.PUBLISHED, Sop.State.PAUSED)
    live = SopVersion.objects.for_tenant(tenant).filter(
        segment_id__in=list(segment_ids), number=F("sop__live_number"), sop__state__in=running
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for segment_id, sop_id, name in live.order_by("sop__name").values_list("segment_id", "sop_id", "sop__name"):
        found.setdefault(segment_id, []).append((sop_id, name))
    return found


def _named(node: Any, kind: str) -> Iterator[Any]:
    """The ids that a kept rule names; one that is not understood names none."""
    todo = [node]
    while todo:
        each = todo.pop()
        if not isinstance(each, Mapping):
            continue
        inner = each.get("of")
        todo += inner if isinstance(inner, list) else [inner]
        if each.get("type") == kind:
            named = each.get(_NAMED_BY[kind])
            yield from named if isinstance(named, list) else [named]
