"""What a dead worker or a lost answer leaves behind: taken back, asked for, never guessed."""

from datetime import timedelta

import pytest

from sop.models import CapUse, Sop
from sop.services.claiming import claim_due
from sop.services.due import refresh_due
from sop.services.running import account_of, key_of, run_sop
from sop.transports.base import Message
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop.ledger.floor import Laid, lay_sop, make_people
from tests.sop.ledger.provider import Provider

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(minutes=5)
FEW_SECONDS, LONG = timedelta(seconds=10), timedelta(minutes=1)


def die_after_claiming(laid: Laid, *, lease_seconds: float = 0) -> None:
    """A worker claims and is gone; its lease is over at once."""
    with tenant_transaction(laid.tenant.pk):
        claim_due(tenant=laid.tenant, sop_id=laid.sop.pk, at=LATER, most=500, lease_seconds=lease_seconds, scripts={})
        refresh_due(tenant=laid.tenant, sop_ids=[laid.sop.pk])


def took(laid: Laid, provider: Provider, position: int) -> None:
    """The provider has this one, whoever sent it."""
    row = laid.rows()[position]
    key = key_of(account_of(laid.tenant), row.enrollment_id, row.step_id, row.occurrence)
    provider.taken[key] = Message(key, "a", str(row.contact_id), "private_chat", "as it went out")


def used(tenant: Tenant) -> int:
    with tenant_transaction(tenant.pk):
        return sum(CapUse.objects.for_tenant(tenant).values_list("used", flat=True))


def test_a_lease_that_runs_is_left_alone(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=1)), Provider()
    die_after_claiming(laid, lease_seconds=600)

    run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda: LATER)

    assert (laid.states(), provider.calls) == ([("claimed", "")], [])
    assert laid.due_at() == laid.rows()[0].lease_until


def test_what_the_provider_has_was_sent_and_what_it_has_not_is_sent_after_its_patience(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=2)), Provider()
    die_after_claiming(laid)
    took(laid, provider, 0)

    moments = []
    for at in (LATER, LATER + FEW_SECONDS, LATER + LONG):
        run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda at=at: at)  # type: ignore[misc]
        moments.append([state for state, _ in laid.states()])

    first, second = laid.rows()
    assert moments == [["sent", "unknown"], ["sent", "unknown"], ["sent", "sent"]]
    assert (first.text, first.fence, second.fence, second.tries) == ("as it went out", 1, 2, 1)
    assert (provider.sent, used(acme), laid.due_at()) == (1, 2, None)


def test_what_went_out_is_kept_and_not_what_the_provider_said_to_an_earlier_try(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=1)), Provider()
    laid.change(0, tries=1, text="HTTP 429")
    die_after_claiming(laid)
    took(laid, provider, 0)

    run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda: LATER)

    assert [(row.state, row.text) for row in laid.rows()] == [("sent", "as it went out")]


def test_a_provider_that_cannot_be_asked_is_asked_later_and_nothing_is_resent(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=1)), Provider(is_reachable=False)
    die_after_claiming(laid)

    for at in (LATER, LATER + timedelta(hours=1)):
        run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda at=at: at)  # type: ignore[misc]

    row = laid.rows()[0]
    assert (row.state, provider.calls, used(acme)) == ("unknown", [], 1)
    assert row.run_at >= LATER + timedelta(hours=2)  # pauses grow with the uncertainty
    assert laid.due_at() == row.run_at


@pytest.mark.parametrize(("honours_keys", "state", "calls"), [(True, "sent", 1), (False, "unknown", 0)])
def test_where_nothing_can_be_asked_only_an_honoured_key_is_sent_again(
    acme: Tenant, honours_keys: bool, state: str, calls: int
) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    provider = Provider(honours_keys=honours_keys, tells_outcomes=False)
    die_after_claiming(laid)

    run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda: LATER)

    assert ([one for one, _ in laid.states()], len(provider.calls), used(acme)) == ([state], calls, 1)


@pytest.mark.parametrize("state", ["paused", "archived"])
def test_outcomes_are_asked_for_whatever_became_of_the_sop(acme: Tenant, state: str) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=1)), Provider()
    die_after_claiming(laid)
    took(laid, provider, 0)
    with tenant_transaction(acme.pk):
        Sop.objects.for_tenant(acme).update(state=state)

    run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda: LATER)

    assert laid.states() == [("sent", "")]


def test_a_crash_that_repeats_wears_no_tries_out(acme: Tenant) -> None:
    laid, provider = lay_sop(acme, make_people(acme, count=1), late_after=timedelta(days=1)), Provider()
    at = LATER
    for _ in range(7):
        die_after_claiming(laid)
        run_sop(tenant=acme, sop_id=laid.sop.pk, transport=Provider(is_reachable=False), clock=lambda: at)
        laid.change(run_at=AT)
        empty = Provider(patience_seconds=0)
        with tenant_transaction(acme.pk):
            assert laid.rows_unopened()[0].state == "unknown"
        reconcile_only(laid, empty)

    run_sop(tenant=acme, sop_id=laid.sop.pk, transport=provider, clock=lambda: at)

    row = laid.rows()[0]
    assert (row.state, row.tries, row.fence, used(acme)) == ("sent", 1, 8, 1)


def reconcile_only(laid: Laid, provider: Provider) -> None:
    """The provider says that it has none of it; nothing is claimed."""
    from sop.services.running import Run, resolve_uncertain

    resolve_uncertain(Run(laid.tenant, laid.sop.pk, provider), lambda: LATER)
