"""A tenant that is not live is left alone by whatever runs by itself."""

from typing import Any

import pytest

from sop.services.due import Hint, take_due
from tenants.services.live import set_live
from tenants.tasks import visit_tenants
from tests.cast import AT
from tests.sop.ledger.floor import lay_sop, make_people

pytestmark = pytest.mark.django_db(transaction=True)


def visited(**how: bool) -> list[str]:
    slugs: list[str] = []

    def note(tenant: Any) -> bool:
        slugs.append(tenant.slug)
        return False

    visit_tenants("tests.visit", note, **how)
    return slugs


def test_no_tick_that_goes_by_the_clock_visits_a_tenant_that_is_not_live(acme: Any, globex: Any) -> None:
    set_live(tenant=acme, is_live=False)
    aside, without_clock = visited(), visited(only_live=False)
    set_live(tenant=acme, is_live=True)

    assert (aside, without_clock, visited()) == (["globex"], ["acme", "globex"], ["acme", "globex"])


def test_no_worker_is_told_of_a_tenant_that_is_not_live(acme: Any, globex: Any) -> None:
    laid = [lay_sop(tenant, make_people(tenant, count=1)) for tenant in (acme, globex)]
    set_live(tenant=acme, is_live=False)
    aside = take_due(at=AT, hint_seconds=10)
    set_live(tenant=acme, is_live=True)

    assert aside == [Hint(globex.pk, laid[1].sop.pk)]
    assert take_due(at=AT, hint_seconds=10) == [Hint(acme.pk, laid[0].sop.pk)]
