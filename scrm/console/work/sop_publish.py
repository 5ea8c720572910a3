"""A draft goes out: what that does, to whom, and what to mind."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.console.work.sop_page import STOPPED, sop_or_404, step_lines
from segments.models import Segment
from sop.models import Sop, SopVersion
from sop.selectors import sops as selectors
from sop.selectors.outlook import publish_outlook
from sop.services.living import SopIsArchived
from sop.services.publishing import CannotPublish, publish_sop
from tenants.access import EDITORS
from tenants.models import Tenant
from tenants.results import FieldError


@console_view(roles=EDITORS)
def sop_publish(request: ConsoleRequest, sop_id: int) -> HttpResponse:
    """What publishing the draft would do; and to do it."""
    found = sop_or_404(request.tenant, sop_id)
    if request.method == "POST" and _publish(request, found):
        return redirect("sop", sop_id)
    outlook = publish_outlook(tenant=request.tenant, sop_id=sop_id, at=timezone.now())
    if outlook is None or found.state == Sop.State.ARCHIVED:
        messages.error(request, _("There is no draft to publish."))
        return redirect("sop", sop_id)
    return page(
        request, "console/sop_publish.html", title=_("Publish"), parent_title=found.name,
        parent_link=reverse("sop", args=[sop_id]), sop=found, outlook=outlook, warnings=_numbered(outlook.warnings),
        days=step_lines(list(outlook.version.steps.all()), {}),
        changes=_changes(request.tenant, found, outlook.version),
        needs_segment=outlook.version.segment.state != Segment.State.PUBLISHED,
    )  # fmt: skip


def _publish(request: ConsoleRequest, found: Sop) -> bool:
    """Publish the draft that was shown; whether there is nothing more to look at here."""
    include_members, shown = "include_members" in request.POST, request.POST.get("version", "")
    version_id = int(shown) if shown.isdecimal() and len(shown) < 19 else 0
    try:
        published = publish_sop(**by(request), sop_id=found.pk, include_members=include_members, version_id=version_id)
    except CannotPublish as refused:
        for error in refused.errors:
            messages.error(request, error.detail)
        return False
    except SopIsArchived:
        messages.error(request, STOPPED)
        return True
    told = _("Version %(number)d is published: who enters the segment from now on starts it.")
    if include_members:
        told = _("Version %(number)d is published: who is in the segment starts within seconds, who enters it then.")
    if found.state == Sop.State.PAUSED:
        told = _("Version %(number)d is published; nothing goes out before the SOP is resumed.")
    messages.success(request, told % {"number": published.version.number})
    return True


def _numbered(warnings: Sequence[FieldError]) -> list[tuple[int | None, str]]:
    """Each warning with the number of the step that it is about."""
    places = [(warning.pointer.split("/"), warning.detail) for warning in warnings]
    return [(int(place[2]) + 1 if place[1:2] == ["steps"] else None, detail) for place, detail in places]


def _changes(tenant: Tenant, found: Sop, draft: SopVersion) -> dict[str, int] | None:
    """How many steps the draft has anew, as they were, and no more; None before a first version."""
    live = selectors.shown_versions(tenant=tenant, sops=[found]).get(found.pk)
    if found.live_number is None or live is None:
        return None
    before, after = selectors.version_body(live).steps, selectors.version_body(draft).steps
    kept = [step for step in after if step in before]
    return {"added": len(after) - len(kept), "kept": len(kept), "dropped": sum(step not in after for step in before)}
