"""The plans that keep facts linear for a tenant that the statistics do not know."""

from typing import Any

import pytest
from django.db import connection

from contacts.models import Contact
from tenants.arrays import array_of
from tenants.context import tenant_transaction
from tests.segments.rules.test_plans import strangers  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def explained(tenant: Any, statement: str, *, some: int | None = None) -> str:
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        ids = list(Contact.objects.for_tenant(tenant).values_list("pk", flat=True)[:some])
        cursor.execute(f"EXPLAIN {statement}", {"tenant": tenant.pk, "contacts": array_of(ids)})
        return "\n".join(row[0] for row in cursor.fetchall())


def test_facts_of_some_contacts_are_made_from_rows_found_by_their_keys(strangers: Any) -> None:  # noqa: F811
    from analytics.services.facts import REPLACE_SOME

    told = explained(strangers[0], REPLACE_SOME, some=100)

    assert "Join Filter" not in told
    assert "_by_time" not in told
    assert "Seq Scan" not in told
    assert all("contact_id = " in line or "id = " in line for line in told.splitlines() if "Index Cond" in line)


def test_facts_of_all_contacts_are_too(strangers: Any) -> None:  # noqa: F811
    from analytics.services.facts import REPLACE_ALL

    told = explained(strangers[0], REPLACE_ALL)

    assert "Join Filter" not in told
    assert "_by_time" not in told
