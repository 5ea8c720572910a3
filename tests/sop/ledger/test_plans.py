"""Claim and settle cost the same however large the tenant and however stale the statistics."""

import json
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from sop import ledger_sql
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop.ledger.floor import lay_sop, make_people

pytestmark = pytest.mark.django_db

CLAIM: dict[str, Any] = {"at": AT, "most": 500, "date": AT.date(), "per_day": 2, "lease_seconds": 60}


def analyze() -> None:
    """As autovacuum does."""
    held = settings.DATABASES["owner"]
    owner = psycopg2.connect(
        dbname=held["NAME"],
        user=held["USER"],
        password=held["PASSWORD"],
        host=held["HOST"],
        port=held["PORT"] or None,
    )
    with owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    owner.close()


def plan(tenant: Tenant, statement: str, **parameters: Any) -> str:
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", {"tenant_id": tenant.pk, **parameters})
        return "\n".join(row[0] for row in cursor.fetchall())


def test_rows_are_read_by_key_where_the_statistics_know_neither_the_tenant_nor_the_state(
    acme: Tenant, globex: Tenant
) -> None:
    lay_sop(globex, make_people(globex, count=25_000))
    analyze()
    laid = lay_sop(acme, make_people(acme, count=10))
    told = json.dumps([{"id": laid.touchpoint_ids[0], "fence": 1, "state": "sent"}])

    claim = plan(acme, ledger_sql.CLAIM, sop_id=laid.sop.pk, **CLAIM)
    settle = plan(acme, ledger_sql.SETTLE, at=AT, told=told, held="claimed")

    assert "Index Scan using sop_touchpoint_due" in claim
    assert "Index Scan using sop_enrollment_tenant_id_key" in claim
    assert "Seq Scan on sop_touchpoint" not in claim + settle
    assert "Seq Scan on sop_enrollment" not in claim
    assert "Tid Scan on sop_touchpoint" in claim and "Tid Scan on sop_touchpoint" in settle
    assert "Index Scan using sop_touchpoint_tenant_id_key" in settle
    assert "sop_touchpoint_leased" not in settle
