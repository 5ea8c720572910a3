"""Of any small history, an SOP board says what the definitions say."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.sops import WINDOW_DAYS, SopQuery
from tests.analytics.sop_history import DAY_ONE, DAYS, SOPS, History, expected, histories, instants, said, written

days = st.integers(-1, DAYS).map(lambda number: DAY_ONE.date() + timedelta(days=number))


@pytest.mark.usefixtures("transactional_db")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    history=histories,
    as_of=instants,
    ends=st.tuples(days, days).map(sorted) | st.just([DAY_ONE.date(), DAY_ONE.date() + timedelta(days=DAYS)]),
    window=st.sampled_from(list(WINDOW_DAYS)),
)
def test_board_equals_the_oracle(history: History, as_of: datetime, ends: list[date], window: Any) -> None:
    from analytics.selectors.sops import sop_board
    from tenants.context import tenant_transaction

    tenant, (first, last) = written(history), ends

    with tenant_transaction(tenant.pk):
        board = sop_board(tenant=tenant, query=SopQuery(as_of=as_of, from_date=first, to_date=last, window=window))

    asked: dict[str, Any] = {"as_of": as_of, "first": first, "last": last, "window_days": WINDOW_DAYS[window]}
    assert {int(row.name): said(row) for row in board.rows} == {
        number: expected(history, {number}, **asked) for number in range(SOPS)
    }
    assert [sum((Counter(each.messages) for each in row.steps), Counter()) for row in board.rows] == [
        Counter(row.messages) for row in board.rows
    ]
    assert said(board.total) == expected(history, set(range(SOPS)), **asked)
