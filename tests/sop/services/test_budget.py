"""How often a contact may be reached is set, and the next claim obeys."""

from datetime import timedelta
from typing import Any

import pytest

from sop.selectors.budget import messages_per_day
from sop.services.budget import LimitIsOutOfRange, set_messages_per_day
from sop.services.claiming import claim_due
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.sop.ledger.floor import lay_sop, make_people

pytestmark = pytest.mark.django_db


def set_limit(tenant: Any, per_day: int) -> None:
    with tenant_transaction(tenant.pk):
        set_messages_per_day(tenant=tenant, per_day=per_day, actor="tests", at=AT)


def claimed(tenant: Any, laid: Any) -> int:
    with tenant_transaction(tenant.pk):
        at = AT + timedelta(minutes=1)
        return len(
            claim_due(tenant=tenant, sop_id=laid.sop.pk, at=at, most=9, lease_seconds=60, scripts={}).touchpoints
        )


def test_the_next_claim_obeys_the_limit_over_all_sops(acme: Any) -> None:
    people = make_people(acme, count=1)
    sops = [lay_sop(acme, people, name=f"SOP {number}") for number in range(4)]

    set_limit(acme, 1)
    first = [claimed(acme, laid) for laid in sops[:2]]
    set_limit(acme, 2)
    then = [claimed(acme, laid) for laid in sops[2:]]

    assert (first, then) == ([1, 0], [1, 0])
    assert [laid.states() for laid in sops] == [
        [("claimed", "")],
        [("skipped", "cap")],
        [("claimed", "")],
        [("skipped", "cap")],
    ]


@pytest.mark.parametrize("per_day", [0, 21])
def test_what_is_out_of_range_is_refused(acme: Any, per_day: int) -> None:
    with pytest.raises(LimitIsOutOfRange):
        set_limit(acme, per_day)

    with tenant_transaction(acme.pk):
        assert messages_per_day(tenant=acme) == 2
