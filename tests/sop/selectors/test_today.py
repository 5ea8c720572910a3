"""The day of the ledger by the tenant's own hours, and what waits though it is due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sop.models import Sop
from sop.selectors.today import HourCount, Overdue, overdue_sops, touchpoints_by_hour
from tenants.context import tenant_transaction
from tests.sop.ledger.floor import Laid, lay_sop, make_people

pytestmark = pytest.mark.django_db

# 2024-06-01 in Shanghai
DAY_BEGINS = datetime(2024, 5, 31, 16, tzinfo=UTC)
DAY_ENDS = DAY_BEGINS + timedelta(days=1)


@pytest.fixture
def laid(acme: Any) -> Laid:
    """Five touchpoints: the last second of the day before, the first hour, two at nine, the day after."""
    acme.timezone = "Asia/Shanghai"
    acme.save(update_fields=["timezone"])
    laid = lay_sop(acme, make_people(acme, count=5), name="Welcome", due_at=DAY_BEGINS)
    laid.change(0, due_at=DAY_BEGINS - timedelta(seconds=1))
    laid.change(2, due_at=DAY_BEGINS + timedelta(hours=9), state="sent")
    laid.change(3, due_at=DAY_BEGINS + timedelta(hours=9, minutes=59), state="skipped", reason="cap")
    laid.change(4, due_at=DAY_ENDS)
    return laid


def test_touchpoints_are_counted_by_hour_of_the_tenants_day(laid: Laid) -> None:
    with tenant_transaction(laid.tenant.pk):
        found = touchpoints_by_hour(tenant=laid.tenant, due_from=DAY_BEGINS, due_before=DAY_ENDS)

    assert found == [HourCount(0, "planned", "", 1), HourCount(9, "sent", "", 1), HourCount(9, "skipped", "cap", 1)]


def test_an_sop_with_planned_touchpoints_in_the_past_is_overdue(laid: Laid) -> None:
    at = DAY_BEGINS + timedelta(hours=1)
    with tenant_transaction(laid.tenant.pk):
        Sop.objects.for_tenant(laid.tenant).update(state="paused")
        found = overdue_sops(tenant=laid.tenant, before=at)
        before_any = overdue_sops(tenant=laid.tenant, before=DAY_BEGINS)

    assert found == [Overdue(laid.sop.pk, "Welcome", "paused", 3, DAY_BEGINS)]
    assert before_any == []


def test_another_tenants_day_is_not_told(laid: Laid, globex: Any) -> None:
    with tenant_transaction(globex.pk):
        found = touchpoints_by_hour(tenant=globex, due_from=DAY_BEGINS, due_before=DAY_ENDS)
        overdue = overdue_sops(tenant=globex, before=DAY_ENDS)

    assert (found, overdue) == ([], [])
