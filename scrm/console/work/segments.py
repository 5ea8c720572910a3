"""The list of segments: what each is, how large, who comes and goes, whether it is up to date."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.address import query_without
from scrm.console.work.paging import newest_first
from scrm.console.work.segments_spark import Spark, spark
from scrm.console.work.segments_starters import STARTERS
from segments.models import Segment, SegmentCursor
from segments.selectors import segments as selectors
from segments.selectors.segments import SegmentLine
from segments.services.editing import SegmentIsUsed
from sop.selectors.audiences import sops_by_segment
from sop.services.audiences import AudienceIsInUse, archive_audience
from tenants.access import BOARD_READERS, EDITORS
from tenants.models import Tenant

# so long after the last look at the news a worker must be missing
LATE_AFTER = timedelta(minutes=5)


class SegmentFilterForm(forms.Form):
    """What the list is narrowed to; archived ones are shown when asked for."""

    IN_USE = "used"
    q = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=100)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("All kinds")), *Segment.Kind.choices]
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("all but archived")), *Segment.State.choices],
    )


@dataclass(frozen=True)
class Line:
    """One segment of the list, with its drawing and the SOPs whose audience it is."""

    told: SegmentLine
    spark: Spark
    sops: list[tuple[int, str]]


@console_view(roles=BOARD_READERS)
def segments(request: ConsoleRequest) -> HttpResponse:
    """Segments, changed last first."""
    form, now = SegmentFilterForm(request.GET), timezone.now()
    form.is_valid()
    asked = form.cleaned_data
    kind, state = asked.get("kind") or None, asked.get("state") or None
    rows = selectors.segments(tenant=request.tenant, kind=kind, state=state, name_contains=asked.get("q") or "")
    if state is None:
        rows = rows.exclude(state=Segment.State.ARCHIVED)
    found = newest_first(rows, field="updated_at", after=request.GET.get("after", ""))
    return page(
        request, "console/segments.html", title=_("Segments"), form=form, after=found.after,
        lines=_lines(request.tenant, found.rows, at=now), query=query_without(request, "after"),
        followed_at=(followed_at := last_followed(tenant=request.tenant)), is_late=is_late(followed_at, now=now),
        starters=STARTERS, may_edit=request.membership.role in EDITORS,
    )  # fmt: skip


@require_POST
@console_view(roles=EDITORS)
def segment_archive(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Take a segment out of use; not one whose people an SOP or another segment takes."""
    try:
        archive_audience(tenant=request.tenant, segment_id=segment_id, at=timezone.now())
    except Segment.DoesNotExist:
        raise Http404 from None
    except AudienceIsInUse as sops:
        messages.error(request, _("SOPs run for it: %(names)s. Stop them first.") % {"names": sops})
    except SegmentIsUsed as used:
        messages.error(request, _("Published segments name it in their rules: %(names)s.") % {"names": used})
    else:
        messages.success(request, _("Archived: its people stay as they are, nobody enters or leaves any more."))
    return redirect("segment", segment_id)


def last_followed(*, tenant: Tenant) -> datetime | None:
    """Up to when the segments have followed the tenant's news and the clock; None before the first look."""
    rows = SegmentCursor.objects.for_tenant(tenant)
    scanned_at: datetime | None = rows.values_list("scanned_at", flat=True).first()
    return scanned_at


def is_late(followed_at: datetime | None, *, now: datetime) -> bool:
    """Whether the worker must be missing."""
    return followed_at is not None and followed_at < now - LATE_AFTER


def _lines(tenant: Tenant, rows: list[Segment], *, at: datetime) -> list[Line]:
    sops = sops_by_segment(tenant=tenant, segment_ids=[row.pk for row in rows])
    told = selectors.segment_lines(tenant=tenant, found=rows, at=at)
    return [Line(line, spark(line.days), sops.get(line.segment.pk, [])) for line in told]
