"""What will happen: to whom a draft would go, what a pause holds back, what a stop cancels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from contacts.models import Consent
from segments.models import SegmentMember
from sop.drafts import StepPlan, cautions, past_steps
from sop.models import Enrollment, SopVersion, Step, Touchpoint
from sop.selectors.budget import messages_per_day
from sop.timing import Timing
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.timezones import zone

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PublishOutlook:
    """What publishing a draft does. People: in the segment now, inside an older version and staying there, and those
    who would start at once if the segment's people were taken along, with their touchpoints; how many of them refuse
    such messages, and would get none.
    """

    version: SopVersion
    steps: int
    members: int
    inside: int
    starting: int
    touchpoints: int
    refusing: int
    warnings: list[FieldError]


@dataclass(frozen=True, slots=True)
class ActOutlook:
    """What a pause, a resume or a stop meets. Touchpoints: planned, of them due within a day, due already and too late
    already; being sent or of unknown outcome, which no act stops.
    """

    inside: int
    planned: int
    due_next_day: int
    due_now: int
    too_late: int
    in_flight: int


def publish_outlook(*, tenant: Tenant, sop_id: int, at: datetime) -> PublishOutlook | None:
    """What publishing the draft would do; None where there is no draft."""
    drafts = SopVersion.objects.for_tenant(tenant).filter(sop_id=sop_id, published_at__isnull=True)
    version = drafts.select_related("segment").order_by("-number").first()
    if version is None:
        return None
    steps = list(Step.objects.for_tenant(tenant).filter(version=version).order_by("position"))
    runs = Enrollment.objects.for_tenant(tenant).filter(sop_id=sop_id)
    inside = runs.filter(state=Enrollment.State.ACTIVE)
    hers = (inside if version.may_reenter else runs).filter(contact_id=OuterRef("contact_id"))
    members = SegmentMember.objects.for_tenant(tenant).filter(segment_id=version.segment_id)
    refusals = Consent.objects.for_tenant(tenant).filter(
        contact_id=OuterRef("contact_id"), touch_kind__in={step.touch_kind for step in steps}, is_granted=False
    )
    found = members.filter(~Exists(hers)).aggregate(
        starting=Count("contact_id"), refusing=Count("contact_id", filter=Exists(refusals))
    )
    return PublishOutlook(
        version=version,
        steps=len(steps),
        members=version.segment.size,
        inside=inside.count(),
        touchpoints=found["starting"] * len(steps),
        **found,
        warnings=cautions_of(tenant=tenant, version=version, steps=steps, entered_at=at),
    )


def act_outlook(*, tenant: Tenant, sop_id: int, at: datetime) -> ActOutlook:
    """What a pause, a resume or a stop would meet now."""
    states = Touchpoint.State
    touchpoints = Touchpoint.objects.for_tenant(tenant).filter(sop_id=sop_id)
    counts = touchpoints.filter(state=states.PLANNED).aggregate(
        planned=Count("pk"),
        due_next_day=Count("pk", filter=Q(run_at__lte=at + DAY)),
        due_now=Count("pk", filter=Q(run_at__lte=at)),
        too_late=Count("pk", filter=Q(late_at__lt=at)),
    )
    inside = Enrollment.objects.for_tenant(tenant).filter(sop_id=sop_id, state=Enrollment.State.ACTIVE).count()
    in_flight = touchpoints.filter(state__in=(states.CLAIMED, states.UNKNOWN)).count()
    return ActOutlook(inside=inside, in_flight=in_flight, **counts)


def cautions_of(
    *, tenant: Tenant, version: SopVersion, steps: Sequence[Step], entered_at: datetime | None
) -> list[FieldError]:
    """What one should know before a version goes out; `entered_at`: when people of the segment would be taken along.

    Shape: pointers as in `incoming.VersionBody`, codes: empty, same_moment, no_fallback, over_cap, is_over.
    """
    plans = [_plan(step) for step in steps]
    found = cautions(plans, per_day=messages_per_day(tenant=tenant))
    if entered_at is not None:
        found += past_steps(plans, entered_at=entered_at, zone=zone(tenant.timezone))
    if not version.segment.size:
        found.insert(0, FieldError("/segment", "empty", _("Nobody is in this segment now.")))
    return found


def _plan(step: Step) -> StepPlan:
    return StepPlan(
        timing=Timing(day=step.day, at_time=step.at_time, after_minutes=step.after_minutes),
        late_after_minutes=step.late_after_minutes,
        touch_kind=step.touch_kind,
        content=step.content,
        compiled=step.compiled,
    )
