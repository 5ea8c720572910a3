"""Which SOPs run for a segment."""

from collections.abc import Iterable

from django.db.models import F

from sop.models import Sop, SopVersion
from tenants.models import Tenant


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
