"""The plans that keep facts linear for a tenant that the statistics do not know."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection

from analytics.selectors.paybacks import _SECONDS, _STEPS_OF_FACTS
from analytics.selectors.sums import _BOUNDARIES, Scope
from analytics.services.refresh import rebuild_cohorts
from contacts.models import Contact
from tenants.arrays import array_of
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.orders.test_plans import analyze
from tests.segments.rules.test_plans import strangers  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
# people come on many days; as if all came on one, a day would be as good as all
SPREAD = """
UPDATE contacts_contact SET acquired_at = moved.at, acquired_date = moved.at::date
FROM (SELECT id, acquired_at - id %% 400 * interval '1 day' AS at FROM contacts_contact) AS moved
WHERE tenant_id = %s AND moved.id = contacts_contact.id
"""


def explained(tenant: Any, statement: str, *, some: int | None = None) -> str:
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        ids = list(Contact.objects.for_tenant(tenant).values_list("pk", flat=True)[:some])
        asked = {"tenant": tenant.pk, "tenant_id": tenant.pk, "contacts": array_of(ids)}
        cursor.execute(f"EXPLAIN {statement}", asked)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture
def stranger(strangers: Any) -> Any:  # noqa: F811
    """Acme with cohorts and lives; the statistics know globex's alone."""
    globex = Tenant.objects.get(slug="globex")
    for tenant in (globex, strangers[0]):
        with tenant_transaction(tenant.pk):
            with connection.cursor() as cursor:
                cursor.execute(SPREAD, [tenant.pk])
            rebuild_cohorts(tenant=tenant)
        if tenant == globex:
            analyze("analytics_cohortfact", "analytics_cohortage", "analytics_buyerlife")
    return strangers[0]


def test_facts_of_some_contacts_are_made_from_rows_found_by_their_keys(stranger: Any) -> None:
    from analytics.services.facts import REPLACE_SOME

    told = explained(stranger, REPLACE_SOME, some=100)

    assert "Join Filter" not in told
    assert "_by_time" not in told
    assert "Seq Scan" not in told
    assert by_their_keys(told)


def test_lives_of_some_contacts_are_too(stranger: Any) -> None:
    from analytics.services.lives import REPLACE_SOME

    told = explained(stranger, REPLACE_SOME, some=100)

    assert "Tid Scan on analytics_buyerlife" in told
    assert "Seq Scan" not in told
    assert by_their_keys(told)


def by_their_keys(told: str) -> bool:
    """Whether every index is asked for one contact or one row, never for all of a tenant."""
    asked = [line for line in told.splitlines() if "Index Cond" in line]
    return all(re.search(r"\b(contact_)?id = ", line.replace("tenant_id = ", "")) for line in asked)


def test_facts_of_all_contacts_are_too(strangers: Any) -> None:  # noqa: F811
    from analytics.services.facts import REPLACE_ALL

    told = explained(strangers[0], REPLACE_ALL)

    assert "Join Filter" not in told
    assert "_by_time" not in told


@pytest.mark.parametrize("statement", [_SECONDS, _STEPS_OF_FACTS, _BOUNDARIES])
def test_the_days_of_a_board_are_found_by_the_day(stranger: Any, statement: str) -> None:
    day = date(2026, 3, 3)
    scope = Scope(
        tenant=stranger,
        period="month",
        from_date=date(2025, 5, 1),
        before_date=date(2026, 12, 1),
        as_of=AT,
        channel_key=None,
        is_split=False,
    )
    ages = {"firsts": [86_400], "lasts": [90_000]}
    spans = ages | {"numbers": [0], "starts": [day], "ends": [date(2026, 4, 3)], "keys": [-1], "missing": [100]}
    boundary = {"names": ["7d"], "boundary_days": [day], "instants": [AT], "ages": [604_800]}

    with tenant_transaction(stranger.pk), connection.cursor() as cursor:
        # where reading here and there is dear, a table of so few pages is read whole
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", scope.parameters | spans | boundary)
        told = "\n".join(row[0] for row in cursor.fetchall())

    assert "cohort_date = " in "".join(line for line in told.splitlines() if "Index Cond" in line), told
