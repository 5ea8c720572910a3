"""Run one SOP's due touchpoints: reap, reconcile, then batch by batch claim, send, settle.

Each step is a short transaction of the tenant; none is open while the provider is spoken to. Wherever a run is cut off,
the rows say what is to be done: leases end, unknown outcomes are asked for, and the due row brings another run.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from sop.services.claiming import Claim, Script, claim_due
from sop.services.due import refresh_due
from sop.services.reaping import reap_expired
from sop.services.reconciling import ask_again, settle_uncertain, take_uncertain
from sop.services.settling import settle_claim
from sop.templates import BRAND_NAME, render
from sop.transports.base import Message, Outcome, Transport, Unreachable, Verdict
from tenants.context import tenant_transaction
from tenants.models import Tenant

BATCHES_PER_RUN = 4
# so many go out first; only when the provider gave one of them a definite answer the others follow
FIRST_CALL = 25
# how long a run leaves an SOP alone whose provider gave no Retry-After
HOLD_SECONDS = 10.0
# until when a run that will go on is not given to another
HINT_SECONDS = 10.0


@dataclass(slots=True)
class Run:
    """One worker's run of one SOP."""

    tenant: Tenant
    sop_id: int
    transport: Transport
    # step id → what it says, learned on the way
    scripts: dict[int, Script] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim and its sending came to."""

    claim: Claim
    # the provider is not well: come back after this long
    hold_seconds: float | None = None


def run_sop(*, tenant: Tenant, sop_id: int, transport: Transport, clock: Callable[[], datetime]) -> bool:
    """Do what is due of an SOP, BATCHES_PER_RUN batches at most; say whether more is due now.

    Opens its own transactions: call it outside any. Any number may run at once.
    """
    run = Run(tenant, sop_id, transport)
    resolve_uncertain(run, clock)
    is_more, hold_seconds = True, None
    for _ in range(BATCHES_PER_RUN):
        batch = run_batch(run, clock)
        is_more, hold_seconds = batch.claim.is_more, batch.hold_seconds
        if not is_more or hold_seconds is not None:
            break
    hint_seconds = hold_seconds if hold_seconds is not None else HINT_SECONDS if is_more else None
    with tenant_transaction(tenant.pk):
        hinted_until = None if hint_seconds is None else clock() + timedelta(seconds=hint_seconds)
        refresh_due(tenant=tenant, sop_ids=[sop_id], hinted_until=hinted_until)
    return is_more and hold_seconds is None


def run_batch(run: Run, clock: Callable[[], datetime]) -> Batch:
    """Claim a batch, send it, settle it."""
    with tenant_transaction(run.tenant.pk):
        claim = claim_due(
            tenant=run.tenant,
            sop_id=run.sop_id,
            at=clock(),
            most=settings.TOUCH_BATCH,
            lease_seconds=settings.TOUCH_LEASE_SECONDS,
            scripts=run.scripts,
        )
    if not claim.touchpoints:
        return Batch(claim)
    messages = write_messages(run, claim)
    outcomes, hold_seconds = send_carefully(run.transport, messages)
    with tenant_transaction(run.tenant.pk):
        settle_claim(
            tenant=run.tenant,
            claim=claim,
            messages=messages,
            outcomes=outcomes,
            transport=run.transport,
            at=clock(),
        )
    return Batch(claim, hold_seconds)


def resolve_uncertain(run: Run, clock: Callable[[], datetime]) -> None:
    """Take back what died with its worker, and ask the provider for what may have gone out."""
    tenant, sop_id, transport = run.tenant, run.sop_id, run.transport
    most, wait = settings.TOUCH_BATCH, timedelta(seconds=settings.TOUCH_LEASE_SECONDS)
    with tenant_transaction(tenant.pk):
        reap_expired(tenant=tenant, sop_id=sop_id, transport=transport, at=clock(), most=most)
        uncertain = take_uncertain(tenant=tenant, sop_id=sop_id, at=clock(), most=most, others_wait=wait)
    if not uncertain:
        return
    account = account_of(tenant)
    keys = [key_of(account, one.enrollment_id, one.step_id, one.occurrence) for one in uncertain]
    try:
        if not transport.tells_outcomes:
            raise Unreachable
        deliveries = transport.deliveries(account=account, keys=keys)
    except Unreachable:
        with tenant_transaction(tenant.pk):
            ask_again(tenant=tenant, uncertain=uncertain, at=clock())
        return
    with tenant_transaction(tenant.pk):
        settle_uncertain(
            tenant=tenant,
            uncertain=uncertain,
            keys=keys,
            deliveries=deliveries,
            patience_seconds=transport.patience_seconds,
            at=clock(),
        )


def write_messages(run: Run, claim: Claim) -> list[Message]:
    """Say each claimed touchpoint's text to its contact."""
    account, brand = account_of(run.tenant), {BRAND_NAME: run.tenant.name}
    messages = []
    for one in claim.touchpoints:
        script = run.scripts[one.step_id]
        text = render(script.compiled, brand | claim.values.get(one.contact_id, {}))
        key = key_of(account, one.enrollment_id, one.step_id, one.occurrence)
        messages.append(Message(key, account, str(one.contact_id), script.touch_kind, text))
    return messages


def send_carefully(transport: Transport, messages: Sequence[Message]) -> tuple[list[Outcome], float | None]:
    """Send the first few, and the others when those were answered; else hold the others back, and say how long (s).

    A provider that is down for an hour so sees a few calls a minute, not every message again and again.
    """
    outcomes: list[Outcome] = []
    for part in (messages[:FIRST_CALL], messages[FIRST_CALL:]):
        if not part:
            continue
        answered = transport.send(part)
        outcomes += answered
        if all(one.verdict in (Verdict.RETRY, Verdict.LOST) for one in answered):
            hold_seconds = max([HOLD_SECONDS, *(one.retry_after_seconds or 0.0 for one in answered)])
            held = Outcome(Verdict.HELD, retry_after_seconds=hold_seconds)
            return outcomes + [held] * (len(messages) - len(outcomes)), hold_seconds
    return outcomes, None


def account_of(tenant: Tenant) -> str:
    """The brand's name towards providers: never that of another installation's tenant of the same number."""
    return f"{tenant.pk}-{int(tenant.created_at.timestamp())}"


def key_of(account: str, enrollment_id: int, step_id: int, occurrence: int) -> str:
    """The key of a touchpoint towards providers: the same for every attempt."""
    return hashlib.sha256(f"{account}/{enrollment_id}/{step_id}/{occurrence}".encode()).hexdigest()
