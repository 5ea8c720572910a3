"""Settle: write down what became of claimed touchpoints, and give back what they reserved in vain."""

import json
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from sop import ledger_sql
from sop.models import Touchpoint
from sop.services.claiming import Claim, Claimed
from sop.transports.base import Message, Outcome, Transport, Verdict
from tenants.models import Tenant

logger = logging.getLogger(__name__)

State, Reason = Touchpoint.State, Touchpoint.Reason
MOST_TRIES = 5
LONGEST_PAUSE_SECONDS = 1_800.0
# an outcome that is not known is first asked for after this long
FIRST_QUESTION_SECONDS = 2.0
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one touchpoint. A `run_at` of none leaves it; `keeps_cap`: its contact's day stays used."""

    id: int
    fence: int
    state: str
    reason: str = ""
    run_at: datetime | None = None
    provider_id: str = ""
    text: str = ""
    is_counted: bool = True
    keeps_cap: bool = True


def settle_claim(
    *,
    tenant: Tenant,
    claim: Claim,
    messages: Sequence[Message],
    outcomes: Sequence[Outcome],
    transport: Transport,
    at: datetime,
) -> set[int]:
    """Write the outcomes of a claim's messages, side by side, where the claim still holds; the ids that were written.

    One whose lease ended meanwhile is another's: nothing of it is changed.
    """
    rows = [
        _settled(one, message, outcome, transport, at)
        for one, message, outcome in zip(claim.touchpoints, messages, outcomes, strict=True)
    ]
    written = write_settled(tenant=tenant, rows=rows, held=State.CLAIMED, at=at)
    if len(written) < len(rows):
        logger.warning("%d touchpoints of tenant %s were no longer ours", len(rows) - len(written), tenant.pk)
    freed = {row.id for row in rows if not row.keeps_cap} & written
    uses = [(one.contact_id, claim.cap_date) for one in claim.touchpoints if one.id in freed]
    give_back(tenant=tenant, uses=uses)
    return written


def write_settled(*, tenant: Tenant, rows: Iterable[Settled], held: str, at: datetime) -> set[int]:
    """Change each touchpoint that still is in state `held` and of that fence; the ids that were changed."""
    told = [_as_told(row) for row in rows]
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "tenant_id": tenant.pk,
            "told": json.dumps(told, ensure_ascii=False),
            "held": held,
            "at": at,
        }
        cursor.execute(ledger_sql.SETTLE, parameters)
        return {row[0] for row in cursor.fetchall()}


def give_back(*, tenant: Tenant, uses: Sequence[tuple[int, date | None]]) -> None:
    """Return reservations that came to nothing, as (contact id, day); none is no reservation."""
    held = [(contact_id, day) for contact_id, day in uses if day is not None]
    if not held:
        return
    contact_ids, dates = zip(*held, strict=True)
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"tenant_id": tenant.pk, "contact_ids": list(contact_ids), "dates": list(dates)}
        cursor.execute(ledger_sql.GIVE_BACK, parameters)


def pause_after(*, tries: int, retry_after_seconds: float | None) -> timedelta:
    """How long to wait before the next try: four times longer each, spread over 40 %, never before the provider's."""
    seconds = min(settings.TOUCH_RETRY_SECONDS * 4 ** (tries - 1), LONGEST_PAUSE_SECONDS)
    return spread(max(seconds, retry_after_seconds or 0.0))


def spread(seconds: float) -> timedelta:
    """This long or up to 40 % longer: whoever waits for the same does not come back in step."""
    return timedelta(seconds=seconds * _dice.uniform(1.0, 1.4))


def _settled(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    return _RULES[outcome.verdict](one, message, outcome, transport, at)


def _sent(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    return Settled(one.id, one.fence, State.SENT, provider_id=outcome.provider_id, text=message.text)


def _refused(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    return Settled(one.id, one.fence, State.FAILED, Reason.REFUSED, text=outcome.said, keeps_cap=False)


def _again(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    if one.tries >= MOST_TRIES:
        return Settled(one.id, one.fence, State.FAILED, Reason.PROVIDER, text=outcome.said, keeps_cap=False)
    run_at = at + pause_after(tries=one.tries, retry_after_seconds=outcome.retry_after_seconds)
    return Settled(one.id, one.fence, State.PLANNED, run_at=run_at, text=outcome.said, keeps_cap=False)


def _held(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    run_at = at + spread(outcome.retry_after_seconds or 0.0)
    return Settled(one.id, one.fence, State.PLANNED, run_at=run_at, is_counted=False, keeps_cap=False)


def _lost(one: Claimed, message: Message, outcome: Outcome, transport: Transport, at: datetime) -> Settled:
    """It may have gone out: its day stays used, and it is sent again only where that does no harm."""
    if transport.honours_keys and not transport.tells_outcomes and one.tries < MOST_TRIES:
        run_at = at + pause_after(tries=one.tries, retry_after_seconds=None)
        return Settled(one.id, one.fence, State.PLANNED, run_at=run_at, text=outcome.said)
    run_at = at + spread(FIRST_QUESTION_SECONDS)
    return Settled(one.id, one.fence, State.UNKNOWN, run_at=run_at, text=message.text)


_RULES: dict[Verdict, Callable[[Claimed, Message, Outcome, Transport, datetime], Settled]] = {
    Verdict.SENT: _sent,
    Verdict.REFUSED: _refused,
    Verdict.RETRY: _again,
    Verdict.LOST: _lost,
    Verdict.HELD: _held,
}


def _as_told(row: Settled) -> dict[str, Any]:
    return {
        "id": row.id,
        "fence": row.fence,
        "state": row.state,
        "reason": row.reason,
        "run_at": row.run_at and row.run_at.isoformat(),
        "provider_id": _storable(row.provider_id)[:100],
        "text": _storable(row.text),
        "is_counted": row.is_counted,
        "keeps_cap": row.keeps_cap,
    }


def _storable(said: str) -> str:
    return said.replace("\x00", "")
