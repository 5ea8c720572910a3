"""Send and settle: every answer of a provider has its place in the ledger."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sop.models import CapUse, Sop
from sop.services import running
from sop.services.running import Run, run_batch, run_sop
from sop.services.settling import MOST_TRIES, pause_after
from sop.transports.base import Message, Outcome, Verdict
from tenants.context import current_tenant_id, tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop.ledger.floor import Laid, lay_sop, make_people
from tests.sop.ledger.provider import Answer, Provider, accept, lose_after_taking

LATER = AT + timedelta(minutes=5)


def go(laid: Laid, provider: Provider, *, at: datetime = LATER) -> bool:
    return run_sop(tenant=laid.tenant, sop_id=laid.sop.pk, transport=provider, clock=lambda: at)


def always(verdict: Verdict, **told: Any) -> Answer:
    return lambda message: Outcome(verdict, **told)


def used(tenant: Tenant) -> int:
    with tenant_transaction(tenant.pk):
        return sum(CapUse.objects.for_tenant(tenant).values_list("used", flat=True))


def test_what_was_sent_is_settled_with_its_text_and_the_providers_id(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=2)), Provider()

    is_more = go(laid, provider)

    first, second = provider.calls[0]
    assert [(row.state, row.text, row.provider_id, row.settled_at, row.lease_until) for row in laid.rows()] == [
        ("sent", "Hello Person 0 of Acme Ltd", f"p-{first.key[:8]}", LATER, None),
        ("sent", "Hello Person 1 of Acme Ltd", f"p-{second.key[:8]}", LATER, None),
    ]
    assert (is_more, laid.due_at(), used(acme)) == (False, None, 2)


def test_no_transaction_is_open_while_the_provider_is_spoken_to(acme: Tenant) -> None:
    from django.db import connection

    seen: list[object] = []
    provider = Provider(during_send=lambda: seen.append((current_tenant_id(), connection.in_atomic_block)))

    go(lay_sop(acme, make_people(acme, count=1)), provider)

    assert seen == [(None, False)]


def test_the_key_is_the_touchpoints_whatever_the_attempt(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=2)), Provider(answer=always(Verdict.RETRY))

    go(laid, provider)
    go(laid, provider, at=LATER + timedelta(minutes=1))

    first, second = ([message.key for message in call] for call in provider.calls)
    assert (first, len(set(first)), {len(key) for key in first}) == (second, 2, {64})


def test_what_is_refused_has_failed_and_gives_its_day_back(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    go(laid, Provider(answer=always(Verdict.REFUSED, said="Not a friend")))

    row = laid.rows()[0]
    assert (row.state, row.reason, row.text, row.cap_date) == ("failed", "refused", "Not a friend", None)
    assert (used(acme), laid.due_at()) == (0, None)


def test_what_was_not_taken_is_tried_again_later_and_gives_its_day_back(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    go(laid, Provider(answer=always(Verdict.RETRY, said="HTTP 500")))

    row = laid.rows()[0]
    assert (row.state, row.tries, row.text, row.cap_date, row.settled_at) == ("planned", 1, "HTTP 500", None, None)
    assert timedelta(seconds=30) <= row.run_at - LATER <= timedelta(seconds=42)
    assert (used(acme), laid.due_at()) == (0, row.run_at)


def test_a_providers_own_pause_is_obeyed(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    go(laid, Provider(answer=always(Verdict.RETRY, retry_after_seconds=600)))

    assert timedelta(seconds=600) <= laid.rows()[0].run_at - LATER <= timedelta(seconds=840)


def test_pauses_grow_and_are_spread() -> None:
    pauses = [
        [pause_after(tries=tries, retry_after_seconds=None).total_seconds() for _ in range(200)]
        for tries in (1, 2, 3, 4)
    ]

    for seconds, shortest in zip(pauses, (30, 120, 480, 1800), strict=True):
        assert shortest <= min(seconds) and max(seconds) <= shortest * 1.4
        assert max(seconds) - min(seconds) > shortest * 0.2


def test_the_last_try_fails_for_good(acme: Tenant) -> None:
    laid, at, provider = lay_sop(acme, make_people(acme, count=1), late_after=timedelta(days=2)), LATER, Provider()
    provider.answer = always(Verdict.RETRY, said="HTTP 500")

    for _ in range(MOST_TRIES):
        go(laid, provider, at=at)
        at = max(at, laid.rows()[0].run_at)

    row = laid.rows()[0]
    assert (row.state, row.reason, row.tries, used(acme)) == ("failed", "provider", MOST_TRIES, 0)
    assert provider.sent == MOST_TRIES


def test_a_provider_in_trouble_sees_a_few_messages_and_the_others_wait_uncounted(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=100))
    provider = Provider(answer=always(Verdict.RETRY, retry_after_seconds=60))

    is_more = go(laid, provider)

    rows = laid.rows()
    assert (provider.sent, is_more) == (running.FIRST_CALL, False)
    assert sorted({(row.state, row.tries) for row in rows}) == [("planned", 0), ("planned", 1)]
    assert sum(row.tries for row in rows) == running.FIRST_CALL
    assert min(row.run_at for row in rows) >= LATER + timedelta(seconds=60)
    assert used(acme) == 0


def test_a_provider_that_answers_gets_all_of_a_batch(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=100)), Provider()

    go(laid, provider)

    assert [len(call) for call in provider.calls] == [running.FIRST_CALL, 100 - running.FIRST_CALL]
    assert {state for state, _ in laid.states()} == {"sent"}


@pytest.mark.parametrize(
    ("honours_keys", "tells_outcomes", "state"),
    [(True, True, "unknown"), (False, True, "unknown"), (True, False, "planned"), (False, False, "unknown")],
)
def test_a_lost_answer_is_never_guessed(acme: Tenant, honours_keys: bool, tells_outcomes: bool, state: str) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    provider = Provider(honours_keys=honours_keys, tells_outcomes=tells_outcomes)
    provider.answer = lose_after_taking(provider)

    go(laid, provider)

    row = laid.rows()[0]
    assert (row.state, row.cap_date, used(acme), row.run_at > LATER) == (state, AT.date(), 1, True)
    assert laid.due_at() == row.run_at


def test_a_settle_after_the_lease_went_to_another_changes_nothing(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=2))
    row = laid.touchpoint_ids[0]

    def overtake() -> None:
        laid.change(0, fence=7, cap_date=None)

    provider = Provider(answer=always(Verdict.REFUSED), during_send=overtake)
    with_run = Run(acme, laid.sop.pk, provider)
    run_batch(with_run, lambda: LATER)

    states = {one.pk: (one.state, one.fence) for one in laid.rows()}
    assert states[row] == ("claimed", 7)
    assert states[laid.touchpoint_ids[1]] == ("failed", 1)
    assert used(acme) == 1


def test_opt_out_during_the_send_stops_the_next(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    def pause() -> None:
        with tenant_transaction(acme.pk):
            Sop.objects.for_tenant(acme).update(state="paused")

    go(laid, Provider(answer=always(Verdict.RETRY), during_send=pause))
    go(laid, Provider(answer=accept), at=LATER + timedelta(hours=1))

    assert (laid.states(), laid.due_at()) == ([("planned", "")], None)


def test_a_message_said_by_the_provider_may_hold_anything(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1), compiled=["a\"b\\c\n{}'%s 你好😀"])

    go(laid, Provider(answer=lambda _: Outcome(Verdict.SENT, provider_id="\x00x" * 90)))

    row = laid.rows()[0]
    assert (row.text, row.provider_id) == ("a\"b\\c\n{}'%s 你好😀", "x" * 90)


def test_caps_used_are_the_touchpoints_that_went_out_or_may_have(acme: Tenant) -> None:
    """Whatever the provider answers, the cap table counts what holds a day."""
    laid = lay_sop(acme, make_people(acme, count=60))
    verdicts = [Verdict.SENT, Verdict.REFUSED, Verdict.RETRY, Verdict.LOST]
    told: Callable[[Message], Outcome] = lambda message: Outcome(verdicts[int(message.to) % 4])  # noqa: E731

    go(laid, Provider(answer=told))

    holding = [row for row in laid.rows() if row.cap_date is not None]
    assert {row.state for row in holding} == {"sent", "unknown"}
    assert (len(holding), used(acme)) == (30, 30)
