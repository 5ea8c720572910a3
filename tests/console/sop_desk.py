"""An operator at the desk of SOPs: drafts as the editor posts them, and what was kept."""

import json
from typing import Any

from segments.models import Segment
from sop.incoming import VersionBody
from sop.models import Sop
from sop.selectors.sops import version_body, versions_of
from tenants.context import tenant_transaction
from tests.console.segment_desk import get, post

SOON = {"content": "{{ contact.name|friend }}: hello", "after_minutes": 10}
NEXT_DAY = {"content": "How is it?", "day": 2, "at": "10:00", "late_after_minutes": 60}


def draft_of(segment: Segment | None, *steps: Any, **fields: Any) -> str:
    return json.dumps({"segment": segment and segment.pk, "steps": list(steps), **fields})


def named(tenant: Any, name: str) -> Any:
    with tenant_transaction(tenant.pk):
        return Sop.objects.for_tenant(tenant).filter(name=name).first()


def kept(tenant: Any, sop: Any) -> list[VersionBody]:
    """What each version says, in order of their numbers."""
    with tenant_transaction(tenant.pk):
        rows = versions_of(tenant=tenant, sop_id=sop.pk).order_by("number")
        return [version_body(row) for row in rows]


def publish_shown(user: Any, sop: Any, **fields: Any) -> Any:
    """Publish the draft that the page shows."""
    shown = get(user, f"sops/{sop.pk}/publish/").context["outlook"].version.pk
    return post(user, f"sops/{sop.pk}/publish/", version=shown, **fields)
