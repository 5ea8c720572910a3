"""Reconcile: what became of touchpoints of unknown outcome is asked of the provider, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from sop import ledger_sql
from sop.models import Touchpoint
from sop.services.settling import FIRST_QUESTION_SECONDS, Settled, give_back, spread, write_settled
from sop.transports.base import Delivery
from tenants.models import Tenant

LONGEST_PAUSE_SECONDS = 3_600.0
State = Touchpoint.State


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A touchpoint that may have gone out. `since`: of unknown outcome from then on."""

    id: int
    fence: int
    contact_id: int
    enrollment_id: int
    step_id: int
    occurrence: int
    cap_date: date | None
    since: datetime
    text: str


def take_uncertain(*, tenant: Tenant, sop_id: int, at: datetime, most: int, others_wait: timedelta) -> list[Uncertain]:
    """Take those whose turn it is to be asked for; no other takes them for as long as `others_wait`."""
    parameters: dict[str, Any] = {
        "tenant_id": tenant.pk,
        "sop_id": sop_id,
        "at": at,
        "most": most,
        "again_at": at + others_wait,
    }
    with connection.cursor() as cursor:
        cursor.execute(ledger_sql.TAKE_UNKNOWN, parameters)
        return [Uncertain(*row) for row in cursor.fetchall()]


def settle_uncertain(
    *,
    tenant: Tenant,
    uncertain: Sequence[Uncertain],
    keys: Sequence[str],
    deliveries: Mapping[str, Delivery],
    patience_seconds: float,
    at: datetime,
) -> None:
    """Write down what the provider said; `keys` stand beside `uncertain`.

    What it has was sent. What it has not is planned again, as if it had not been tried, once `patience_seconds` have
    passed in which a call could still be under way there; before that it is asked again.
    """
    found = {one.id: deliveries[key] for one, key in zip(uncertain, keys, strict=True) if key in deliveries}
    overdue_at = at - timedelta(seconds=patience_seconds)
    missing = {one.id: one for one in uncertain if one.id not in found and one.since <= overdue_at}
    rows = [
        Settled(one.id, one.fence, State.SENT, provider_id=held.provider_id, text=held.text or one.text)
        for one in uncertain
        if (held := found.get(one.id))
    ]
    rows += [
        Settled(one.id, one.fence, State.PLANNED, run_at=at, is_counted=False, keeps_cap=False)
        for one in missing.values()
    ]
    written = write_settled(tenant=tenant, rows=rows, held=State.UNKNOWN, at=at)
    give_back(tenant=tenant, uses=[(one.contact_id, one.cap_date) for one in missing.values() if one.id in written])
    ask_again(tenant=tenant, uncertain=[one for one in uncertain if one.id not in found | missing], at=at)


def ask_again(*, tenant: Tenant, uncertain: Sequence[Uncertain], at: datetime) -> None:
    """Ask for these later: after as long as they have been uncertain already, at most an hour."""
    if not uncertain:
        return
    waits = [
        min(max((at - one.since).total_seconds(), FIRST_QUESTION_SECONDS), LONGEST_PAUSE_SECONDS) for one in uncertain
    ]
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "tenant_id": tenant.pk,
            "ids": [one.id for one in uncertain],
            "run_ats": [at + spread(seconds) for seconds in waits],
        }
        cursor.execute(ledger_sql.ASK_AGAIN, parameters)
