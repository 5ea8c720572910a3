"""The plans that keep a call's cost the same for a tenant that the statistics do not know."""

from typing import Any

import pytest
from django.db import connection

from acquisition.services import touches
from contacts.services import acquisition
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import make_people
from tests.orders.test_plans import analyze

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("statement", [touches._MOVE, acquisition._REFRESH])
def test_contacts_of_a_tenant_unknown_to_the_statistics_are_read_by_key(acme: Any, globex: Any, statement: str) -> None:
    make_people(globex, *(f"person {n}" for n in range(1_000)))
    analyze("contacts_contact", "acquisition_touch")
    ids = make_people(acme, "ann", "ben")

    with tenant_transaction(acme.pk), connection.cursor() as cursor:
        told = {"tenant": acme.pk, "ids": ids, "at": AT, "zone": "Asia/Shanghai"}
        cursor.execute(f"EXPLAIN {statement}", told)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "id = k.id" in plan
    assert "Seq Scan on contacts_contact" not in plan
    assert "Tid Scan on contacts_contact" in plan
