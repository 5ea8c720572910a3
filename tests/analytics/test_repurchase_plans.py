"""The repurchase board's plans: no table is read once for each row of another, whatever the statistics know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.selectors import repurchase_sql
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


@pytest.mark.parametrize("statement", ["EXPOSURE", "TOUCHES", "LIVES"])
def test_a_tenant_unknown_to_the_statistics_is_read_in_whole_sets(acme: Any, globex: Any, statement: str) -> None:
    bodies = [order_body(f"o{n}", currency="CNY", buyer={"shop_buyer_id": str(n)}) for n in range(1000)]
    post_orders(globex, *bodies)
    analyze("contacts_contact", "orders_order", "orders_contactstats", "sop_touchpoint", "contacts_consentmove")
    post_orders(acme, order_body())

    told = plan(acme, getattr(repurchase_sql, statement), **PARAMETERS)

    assert "Nested Loop" not in told
    assert "SubPlan" not in told
