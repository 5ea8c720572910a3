"""The plans that keep a call's cost the same however large the tenant and however stale the statistics."""

from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from orders.services import orders_sql, refunds_sql
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.orders.shop import order_body, post_orders, post_refunds, refund_body

pytestmark = pytest.mark.django_db(transaction=True)


def analyze(*tables: str) -> None:
    """As autovacuum does: the statistics know who is there now."""
    tell_owner(f"ANALYZE {', '.join(tables)}")


def tell_owner(*statements: str) -> None:
    """Run statements as the tables' owner, each by itself."""
    held = settings.DATABASES["owner"]
    owner = psycopg2.connect(
        dbname=held["NAME"],
        user=held["USER"],
        password=held["PASSWORD"],
        host=held["HOST"],
        port=held["PORT"] or None,
    )
    owner.autocommit = True
    with closing(owner), owner.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def plan(tenant: Tenant, statement: str, **parameters: Any) -> str:
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", {"tenant_id": tenant.pk, **parameters})
        return "\n".join(row[0] for row in cursor.fetchall())


def test_orders_of_a_tenant_unknown_to_the_statistics_are_read_by_key(acme: Tenant, globex: Tenant) -> None:
    bodies = [order_body(f"o{n}", currency="CNY", buyer={"shop_buyer_id": str(n)}) for n in range(1000)]
    post_orders(globex, *bodies)
    post_orders(globex, *[body | {"external_id": f"p{n}"} for n, body in enumerate(bodies)])
    analyze("orders_order", "orders_refund")
    post_orders(acme, order_body())

    held = plan(acme, orders_sql.READ_HELD, source_id=1, external_ids=["o1", "o2", "o3"])
    facts = plan(acme, refunds_sql.READ_ORDERS, order_ids=[1, 2, 3])

    assert "Index Scan using orders_order_once" in held
    assert "k.external_id" in index_condition(held)
    assert "k.id" in index_condition(facts)


def test_refunds_are_read_by_key_also_where_none_names_an_order(acme: Tenant, globex: Tenant) -> None:
    refunds = [refund_body(f"r{n}", currency="CNY", buyer={"shop_buyer_id": str(n)}) for n in range(1000)]
    post_refunds(globex, *refunds)
    analyze("orders_refund")
    keys = {"order_ids": [1, 2], "source_ids": [1, 1], "external_ids": ["o1", "o2"]}

    told = plan(acme, refunds_sql.READ_REFUNDS, **keys)

    assert "Seq Scan" not in told
    assert all("k." in line for line in told.splitlines() if "Index Cond" in line)


def index_condition(told: str) -> str:
    return next(line for line in told.splitlines() if "Index Cond" in line)
