"""Making SOPs and saving their drafts; a version that was published is never changed."""

import unicodedata
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contacts.models import Attribute
from segments.models import Segment
from sop.drafts import DraftIsInvalid, StepPlan, read_steps
from sop.incoming import VersionBody
from sop.models import Sop, SopVersion, Step
from sop.services.living import living_sop
from tenants.models import Tenant
from tenants.results import FieldError

_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


class DraftHasChanged(Exception):
    """Somebody has saved another draft since: `newest`."""

    def __init__(self, newest: SopVersion) -> None:
        super().__init__(newest.pk)
        self.newest = newest


def create_sop(
    *, tenant: Tenant, name: str, description: str = "", draft: VersionBody | None = None, actor: str, at: datetime
) -> Sop:
    """Make an SOP, with its first draft where one is given.

    Raises: DraftIsInvalid
    """
    sop = Sop(tenant=tenant, name=_named(name), description=description, created_by=actor, created_at=at, updated_at=at)
    _write_once(sop, force_insert=True)
    if draft is not None:
        _pointed("/version", tenant, sop, draft, actor=actor, at=at)
    return sop


def edit_sop(
    *, tenant: Tenant, sop_id: int, name: str | None = None, description: str | None = None, at: datetime
) -> Sop:
    """Rename or describe an SOP, whatever its state.

    Raises: Sop.DoesNotExist, DraftIsInvalid
    """
    sop: Sop = Sop.objects.for_tenant(tenant).select_for_update(no_key=True).get(pk=sop_id)
    sop.name = sop.name if name is None else _named(name)
    sop.description = sop.description if description is None else description
    sop.updated_at = at
    _write_once(sop, update_fields=["name", "description", "updated_at"])
    return sop


def save_draft(
    *, tenant: Tenant, sop_id: int, draft: VersionBody, after_id: int | None = None, actor: str, at: datetime
) -> SopVersion:
    """Keep a draft: in the place of the one there is, else as the next version.

    `after_id`: the version that was looked at; where another is the newest by now, nothing is kept.

    Raises: Sop.DoesNotExist, SopIsArchived, DraftIsInvalid, DraftHasChanged
    """
    sop = living_sop(tenant=tenant, sop_id=sop_id)
    if after_id is not None:
        newest = _newest(tenant, sop)
        if newest is not None and newest.pk != after_id:
            raise DraftHasChanged(newest)
    return _save(tenant, sop, draft, actor=actor, at=at)


def _save(tenant: Tenant, sop: Sop, draft: VersionBody, *, actor: str, at: datetime) -> SopVersion:
    known = Attribute.objects.for_tenant(tenant).values_list("key", flat=True)
    steps = read_steps(draft.steps, attributes=set(known))
    _refuse_segment(tenant, draft.segment)
    newest = _newest(tenant, sop)
    number = 1 if newest is None else newest.number + 1
    if newest is not None and newest.published_at is None:
        SopVersion.objects.for_tenant(tenant).filter(pk=newest.pk).delete()
        number = newest.number
    version: SopVersion = SopVersion.objects.create(
        tenant=tenant,
        sop=sop,
        number=number,
        segment_id=draft.segment,
        exits_on_leaving=draft.exits_on_leaving,
        exits_on_order=draft.exits_on_order,
        may_reenter=draft.may_reenter,
        created_by=actor,
        created_at=at,
    )
    Step.objects.bulk_create([_step(tenant, version, position, step) for position, step in enumerate(steps, start=1)])
    Sop.objects.for_tenant(tenant).filter(pk=sop.pk).update(updated_at=at)
    return version


def _newest(tenant: Tenant, sop: Sop) -> SopVersion | None:
    newest: SopVersion | None = SopVersion.objects.for_tenant(tenant).filter(sop=sop).order_by("-number").first()
    return newest


def _pointed(pointer: str, tenant: Tenant, sop: Sop, draft: VersionBody, *, actor: str, at: datetime) -> None:
    """Save a draft that lies deeper in a body."""
    try:
        _save(tenant, sop, draft, actor=actor, at=at)
    except DraftIsInvalid as invalid:
        errors = [FieldError(f"{pointer}{one.pointer}", one.code, one.detail) for one in invalid.errors]
        raise DraftIsInvalid(*errors) from None


def _step(tenant: Tenant, version: SopVersion, position: int, plan: StepPlan) -> Step:
    is_after = plan.timing.after_minutes is not None
    return Step(
        tenant=tenant,
        version=version,
        position=position,
        timing=Step.Timing.AFTER if is_after else Step.Timing.DAY_AT,
        day=plan.timing.day,
        at_time=plan.timing.at_time,
        after_minutes=plan.timing.after_minutes,
        late_after_minutes=plan.late_after_minutes,
        touch_kind=plan.touch_kind,
        content=plan.content,
        compiled=plan.compiled,
    )


def _refuse_segment(tenant: Tenant, segment_id: int) -> None:
    segments = Segment.objects.for_tenant(tenant).filter(pk=segment_id).exclude(state=Segment.State.ARCHIVED)
    if not segments.exists():
        raise DraftIsInvalid(FieldError("/segment", "unknown", _("There is no such segment.")))


def _named(name: str) -> str:
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= 100 or not _is_legible(cleaned):
        raise DraftIsInvalid(
            FieldError("/name", "invalid_name", _("Give a name of 1 to 100 characters that can be seen."))
        )
    return cleaned


def _is_legible(name: str) -> bool:
    """Whether there is something to be seen, in the order in which it is written."""
    is_seen = any(unicodedata.category(letter)[0] in "LNPS" for letter in name)
    return is_seen and not any(unicodedata.bidirectional(letter) in _DIRECTIONS for letter in name)


def _write_once(sop: Sop, **how: object) -> None:
    try:
        with transaction.atomic():
            sop.save(**how)  # type: ignore[arg-type]
    except IntegrityError as error:
        if "sop_sop_one_per_name" not in str(error):
            raise
        raise DraftIsInvalid(FieldError("/name", "taken", _("An SOP of this name exists."))) from None
