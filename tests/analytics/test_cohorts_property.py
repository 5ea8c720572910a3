"""After any sequence of news, the table that is read from rollups is what the definitions say of the raw rows."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.analytics import oracle
from tests.analytics.news import Telling, earnings, tellings
from tests.analytics.told import in_days, refresh, told, world_of

pytestmark = pytest.mark.django_db

EXAMPLES = settings().max_examples
on_one_database = settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(telling=tellings())
def test_table_equals_the_oracle_after_any_news(telling: Telling) -> None:
    from analytics.selectors.differences import cohort_differences
    from tenants.context import tenant_transaction

    tenant = told(telling)

    with tenant_transaction(tenant.pk):
        world = world_of(tenant)
        for question in telling.questions:
            _check_table(tenant, world, question)
        assert cohort_differences(tenant=tenant).total == 0
        facts = _facts(tenant)
    refresh(tenant)
    with tenant_transaction(tenant.pk):
        assert _facts(tenant) == facts


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(telling=earnings())
def test_payback_is_the_oracles_whenever_it_is_asked(telling: Telling) -> None:
    from tenants.context import tenant_transaction

    tenant = told(telling)

    with tenant_transaction(tenant.pk):
        world = world_of(tenant)
        for question in telling.questions:
            assert _ours(tenant, question) == _theirs(world, question)


def _check_table(tenant: Any, world: oracle.World, question: dict[str, Any]) -> None:
    """A table's rows and totals are the definitions', and the cells of its fullest rows open the people behind them."""
    table, theirs = _table(tenant, question), _theirs(world, question)
    assert _rows(table) == theirs
    if table is None:
        return
    assert table.rows == tuple(sorted(table.rows, key=lambda row: (row.cohort_date, row.channel or "")))
    assert _totals(table.totals) == oracle.totals(world, theirs, question=_exact(question))
    for row in sorted(table.rows, key=lambda row: row.buyers)[-2:]:
        for name in row.slices:
            _check_cell(tenant, world, question, row, name)


def _ours(tenant: Any, question: dict[str, Any]) -> oracle.Rows:
    return _rows(_table(tenant, question))


def _theirs(world: oracle.World, question: dict[str, Any]) -> oracle.Rows:
    rows = oracle.table(world, **_exact(question))
    for row in rows.values():
        row["payback"] = in_days(row["payback"])
    return rows


def _exact(question: dict[str, Any]) -> dict[str, Any]:
    return {**question, "margin": Fraction(question["margin"])}


def _table(tenant: Any, question: dict[str, Any]) -> Any:
    """The table; None when the channel asked for has never been told."""
    from analytics.cohorts import CohortQuery
    from analytics.selectors.cohorts import cohort_table
    from analytics.selectors.scopes import UnknownChannel

    asked = {**question, "margin": Decimal(question["margin"]), "split_by_channel": question["split"]}
    del asked["split"]
    try:
        return cohort_table(tenant=tenant, query=CohortQuery(**asked))
    except UnknownChannel:
        return None


def _rows(table: Any) -> oracle.Rows:
    return {(row.cohort_date, row.channel): _plain(row) for row in table.rows} if table else {}


def _plain(row: Any) -> dict[str, Any]:
    payback = row.payback
    return {
        "contacts": row.contacts,
        "order_contacts": row.order_contacts,
        "buyers": row.buyers,
        "cost": row.cost_minor,
        "truncated": row.is_left_truncated,
        "payback": (payback.status, payback.days, payback.sustained_days, payback.observed_days),
        "slices": {
            name: {
                "net": cell.net_minor,
                "gross": cell.gross_minor,
                "incomplete": cell.incomplete,
                "mature": cell.mature_contacts,
                "mature_net": cell.mature_net_minor,
            }
            for name, cell in row.slices.items()
        },
    }


def _totals(totals: Any) -> dict[str, Any]:
    return {
        "all": (totals.contacts, totals.cost_minor, totals.buyers),
        "paid": (totals.paid_contacts, totals.paid_cost_minor),
        "channels": {channel.channel: (channel.contacts, channel.cost_minor) for channel in totals.channels},
        "slices": {
            name: (
                cell.contacts,
                cell.cost_minor,
                cell.net_minor,
                cell.gross_minor,
                cell.mature_contacts,
                cell.mature_net_minor,
            )
            for name, cell in totals.slices.items()
        },
    }


def _check_cell(tenant: Any, world: oracle.World, question: dict[str, Any], row: Any, name: Any) -> None:
    from analytics.cohorts import CellQuery, CellSums
    from analytics.selectors.people import cell_sums, contacts_of_cell

    asked = {"period": question["period"], "channel": row.channel, "as_of": question["as_of"]}
    query = CellQuery(cohort_date=row.cohort_date, slice=name, **asked)
    theirs = oracle.people_of_cell(world, start=row.cohort_date, name=name, **asked)

    people = contacts_of_cell(tenant=tenant, query=query)

    assert [_person(person) for person in people] == theirs
    assert cell_sums(tenant=tenant, query=query) == CellSums(
        contacts=len(theirs),
        buyers=sum(person.purchases > 0 for person in people),
        net_minor=row.slices[name].net_minor,
        gross_minor=row.slices[name].gross_minor,
    )


def _person(person: Any) -> tuple[Any, ...]:
    sums = person.purchases, person.net_minor, person.gross_minor
    return person.contact_id, person.channel, person.acquired_at, *sums, person.is_mature


def _facts(tenant: Any) -> list[tuple[Any, ...]]:
    from analytics.models import CohortFact

    columns = ("contact_id", "channel_id", "cohort_date", "kind", "happened_at", "amount_minor", "is_first")
    return sorted(CohortFact.objects.for_tenant(tenant).values_list(*columns), key=str)
