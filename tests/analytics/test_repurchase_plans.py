"""The repurchase board's plans: no table is read once for each row of another, whatever the statistics know."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.selectors import repurchase_sql
from analytics.services.refresh import refresh_cohorts
from tenants.context import tenant_transaction
from tests.cast import AT as TODAY
from tests.orders.shop import order_body, post_orders
from tests.orders.test_plans import analyze, plan

AT = datetime(2024, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
PARAMETERS: dict[str, Any] = {
    "start": AT - MONTH,
    "before": AT,
    "touch_kind": "private_chat",
    "touch_from": AT - 2 * MONTH,
    "after_from": AT - MONTH,
    "after_before": AT,
    "most": 4,
    "as_of": AT,
    "first_from": None,
    "first_before": AT,
    "zone": "UTC",
}


TABLES = (
    "contacts_contact",
    "orders_order",
    "orders_contactstats",
    "sop_touchpoint",
    "contacts_consentmove",
    "analytics_buyerlife",
)


# how many loops there are: over those who bought after the instant asked about
LOOPS = [("EXPOSURE", 0, 0), ("TOUCHES", 0, 1), ("LIVES", 1, 0)]


@pytest.mark.parametrize(("statement", "loops", "probes"), LOOPS)
def test_a_tenant_unknown_to_the_statistics_is_read_in_whole_sets(
    acme: Any, globex: Any, statement: str, loops: int, probes: int
) -> None:
    bodies = [order_body(f"o{n}", currency="CNY", buyer={"shop_buyer_id": str(n)}) for n in range(1000)]
    post_orders(globex, *bodies)
    follow(globex)
    analyze(*TABLES)
    post_orders(acme, order_body())
    follow(acme)

    told = plan(acme, getattr(repurchase_sql, statement), **PARAMETERS)

    assert told.count("Nested Loop") == loops
    assert len(re.findall(r"^ *SubPlan", told, re.MULTILINE)) == probes
    assert "Scan on orders_order" not in told
    assert set(re.findall(r"Scan using (\w+) on orders_order", told)) <= {"orders_order_by_contact"}
    assert all("contact_id = " in line for line in told.splitlines() if "Index Cond" in line and "paid_at" in line)


def follow(tenant: Any) -> None:
    with tenant_transaction(tenant.pk):
        refresh_cohorts(tenant=tenant, at=TODAY)
