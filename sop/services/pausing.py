"""An SOP is halted, goes on, or ends."""

from datetime import datetime

from sop.models import Sop
from sop.services.due import refresh_due
from sop.services.exits import exit_stopped
from sop.services.living import living_sop
from tenants.models import Tenant
from tenants.services.audit import record_act


class SopIsNotPublished(Exception):
    """Only what is published can be paused."""


class SopIsNotPaused(Exception):
    """Only what is paused can go on."""


def pause_sop(*, tenant: Tenant, sop_id: int, actor: str, at: datetime) -> Sop:
    """Send nothing more until it is resumed; people enter and leave meanwhile. What is being sent goes its way.

    Raises: Sop.DoesNotExist, SopIsArchived, SopIsNotPublished
    """
    sop = living_sop(tenant=tenant, sop_id=sop_id)
    if sop.state != Sop.State.PUBLISHED:
        raise SopIsNotPublished
    return _turn_to(Sop.State.PAUSED, "sop.paused", tenant=tenant, sop=sop, actor=actor, at=at)


def resume_sop(*, tenant: Tenant, sop_id: int, actor: str, at: datetime) -> Sop:
    """Go on: what is due is sent, what is too late by now is skipped.

    Raises: Sop.DoesNotExist, SopIsArchived, SopIsNotPaused
    """
    sop = living_sop(tenant=tenant, sop_id=sop_id)
    if sop.state != Sop.State.PAUSED:
        raise SopIsNotPaused
    return _turn_to(Sop.State.PUBLISHED, "sop.resumed", tenant=tenant, sop=sop, actor=actor, at=at)


def stop_sop(*, tenant: Tenant, sop_id: int, actor: str, at: datetime) -> Sop:
    """End it for good: nothing more is sent, runs end (the first at once, the rest by the tick), plans are cancelled.

    Raises: Sop.DoesNotExist, SopIsArchived
    """
    sop = living_sop(tenant=tenant, sop_id=sop_id)
    exit_stopped(tenant=tenant, sop=sop, at=at)
    return _turn_to(Sop.State.ARCHIVED, "sop.stopped", tenant=tenant, sop=sop, actor=actor, at=at)


def _turn_to(state: Sop.State, act: str, *, tenant: Tenant, sop: Sop, actor: str, at: datetime) -> Sop:
    sop.state, sop.updated_at = state, at
    sop.save(update_fields=["state", "updated_at"])
    refresh_due(tenant=tenant, sop_ids=[sop.pk])
    record_act(tenant=tenant, at=at, actor=actor, act=act, target=sop.name)
    return sop
