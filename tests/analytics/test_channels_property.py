"""After any sequence of news, a channel board is what the definitions say of the raw rows, and the cohort table's."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.channels import ChannelBoard, ChannelQuery, ChannelRow
from tests.analytics import oracle
from tests.analytics.news import Telling, earnings, tellings
from tests.analytics.told import in_days, told, world_of

on_one_database = settings(
    max_examples=settings().max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
slices = st.sampled_from(list(oracle.DAYS))


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(telling=tellings(), name=slices)
def test_board_equals_the_oracle_after_any_news(telling: Telling, name: Any) -> None:
    _check(telling, name)


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(telling=earnings(), name=slices)
def test_payback_is_the_oracles_whenever_it_is_asked(telling: Telling, name: Any) -> None:
    _check(telling, name)


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(telling=tellings(), name=slices)
def test_a_complete_figure_over_one_cohort_is_the_cohort_tables(telling: Telling, name: Any) -> None:
    from analytics.cohorts import CohortQuery
    from analytics.selectors.cohorts import cohort_table
    from tenants.context import tenant_transaction

    tenant = told(telling)

    with tenant_transaction(tenant.pk):
        for question in telling.questions[:2]:
            query = CohortQuery(as_of=question["as_of"], period=question["period"], split_by_channel=True)
            for row in cohort_table(tenant=tenant, query=query).rows:
                asked = {"from_date": row.cohort_date, "to_date": row.last_date, "as_of": question["as_of"]}
                board = _board(tenant, name=name, margin="1", **asked)
                (ours,) = [each for each in (*board.rows, board.blended) if each.channel == row.channel]
                sums = ("contacts", "buyers", "cost_minor", "cac")
                assert [getattr(ours, each) for each in sums] == [getattr(row, each) for each in sums]
                complete = {each: cell for each, cell in row.slices.items() if cell.is_complete}
                told_of = {each: _figures(ours.slices[each]) for each in complete}
                assert told_of == {each: _figures(cell) for each, cell in complete.items()}
                if name in complete:
                    assert ours.payback.status == row.payback.status
                    assert ours.payback.days == row.payback.days


def _figures(cell: Any) -> tuple[Any, ...]:
    sums = cell.is_complete, cell.contacts, cell.cost_minor, cell.net_minor, cell.gross_minor
    return *sums, cell.clv_net, cell.clv_gross, cell.roi, cell.roi_gross, cell.mature_contacts, cell.mature_net_minor


def _check(telling: Telling, name: Any) -> None:
    from tenants.context import tenant_transaction

    tenant = told(telling)

    with tenant_transaction(tenant.pk):
        world = world_of(tenant)
        for question in telling.questions:
            asked: dict[str, Any] = {each: question.get(each) for each in ("as_of", "from_date", "to_date")}
            theirs = oracle.channels(world, **asked, margin=Fraction(question["margin"]), name=name)
            ours = _rows(_board(tenant, **asked, margin=question["margin"], name=name))
            assert ours == {
                channel: {**row, "payback": in_days(row["payback"])}
                for channel, row in theirs.items()
                if channel in ("all", "paid") or row["contacts"] or row["cost"]
            } or (theirs == {} and {row["contacts"] for row in ours.values()} == {0})


def _board(tenant: Any, *, margin: str, name: Any, **asked: Any) -> ChannelBoard:
    from analytics.selectors.channels import channel_board

    return channel_board(tenant=tenant, query=ChannelQuery(margin=Decimal(margin), slice=name, **asked))


def _rows(board: ChannelBoard) -> dict[str | None, dict[str, Any]]:
    named = {row.channel: row for row in board.rows} | {"all": board.blended, "paid": board.paid}
    return {name: _plain(row) for name, row in named.items()}


def _plain(row: ChannelRow) -> dict[str, Any]:
    paid = row.payback
    return {
        "contacts": row.contacts,
        "buyers": row.buyers,
        "cost": row.cost_minor,
        "payback": (paid.status, paid.days, paid.sustained_days, paid.observed_days),
        "slices": {
            name: (
                cell.is_complete,
                cell.contacts,
                cell.cost_minor,
                cell.net_minor,
                cell.gross_minor,
                cell.mature_contacts,
                cell.mature_net_minor,
            )
            for name, cell in row.slices.items()
        },
    }
