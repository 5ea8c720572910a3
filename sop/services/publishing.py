"""A draft goes out: its version is frozen, and entries count for it from now on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from segments.models import Segment, SegmentTransition
from sop.models import Sop, SopVersion, Step
from sop.selectors.outlook import cautions_of
from sop.services.due import note_due
from sop.services.enrolling import Run, take_members
from sop.services.exits import exit_ordered
from sop.services.living import living_sop
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.services.audit import record_act


class CannotPublish(Exception):
    """The draft is not ready; `errors` say why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Published:
    """What went out: `members` who are taken along (the first at once, the rest by the tick), what to know of it."""

    version: SopVersion
    members: int
    warnings: list[FieldError]


def publish_sop(
    *, tenant: Tenant, sop_id: int, include_members: bool, version_id: int | None = None, actor: str, at: datetime
) -> Published:
    """Publish the draft; who is inside keeps her version. With `include_members` who is in the segment now starts too.

    A paused SOP stays paused. `version_id`: the draft that was looked at, no other.

    Raises: Sop.DoesNotExist, SopIsArchived, CannotPublish
    """
    sop = living_sop(tenant=tenant, sop_id=sop_id)
    version, warnings = _ready(tenant, sop, include_members, at, version_id)
    versions = SopVersion.objects.for_tenant(tenant)
    version.published_at, version.after_transition_id = at, _newest_transition(tenant)
    if include_members:
        versions.filter(sop=sop).update(members_taken_to=None)
        version.members_taken_to = 0
    version.save(update_fields=["published_at", "after_transition_id", "members_taken_to"])
    state = Sop.State.PUBLISHED if sop.state == Sop.State.DRAFT else sop.state
    Sop.objects.for_tenant(tenant).filter(pk=sop.pk).update(state=state, live_number=version.number, updated_at=at)
    if include_members:
        _take_first(tenant, version, at)
    if state == Sop.State.PUBLISHED:
        note_due(tenant=tenant, sop_ids=[sop.pk])
    record_act(tenant=tenant, at=at, actor=actor, act="sop.published", target=sop.name, version=version.number)
    return Published(version, version.segment.size if include_members else 0, warnings)


def _ready(
    tenant: Tenant, sop: Sop, include_members: bool, at: datetime, version_id: int | None
) -> tuple[SopVersion, list[FieldError]]:
    drafts = SopVersion.objects.for_tenant(tenant).filter(sop=sop, published_at__isnull=True)
    version = drafts.select_related("segment").order_by("-number").first()
    if version is None:
        raise CannotPublish(FieldError("", "no_draft", _("There is no draft: save one first.")))
    if version_id not in (None, version.pk):
        detail = _("Somebody has changed the draft meanwhile: look at it again.")
        raise CannotPublish(FieldError("", "changed", detail))
    # one that archives it waits for us, or we for it
    segments = Segment.objects.for_tenant(tenant).select_for_update(no_key=True)
    version.segment = segments.get(pk=version.segment_id)
    steps: Sequence[Step] = list(version.steps.order_by("position"))
    errors = []
    if not steps:
        errors.append(FieldError("/steps", "no_steps", _("Add a step first.")))
    if version.segment.state != Segment.State.PUBLISHED:
        detail = _("Publish the segment “%(name)s” first.") % {"name": version.segment.name}
        errors.append(FieldError("/segment", "not_published", detail))
    if errors:
        raise CannotPublish(*errors)
    entered_at = at if include_members else None
    return version, cautions_of(tenant=tenant, version=version, steps=steps, entered_at=entered_at)


def _newest_transition(tenant: Tenant) -> int:
    newest = SegmentTransition.objects.for_tenant(tenant).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def _take_first(tenant: Tenant, version: SopVersion, at: datetime) -> None:
    runs: list[Run] = take_members(tenant=tenant, version=version)
    if version.exits_on_order:
        exit_ordered(tenant=tenant, contact_ids={run.contact_id for run in runs}, at=at)
