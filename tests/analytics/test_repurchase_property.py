"""Over any small history a repurchase board is what the definitions say of each person."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.repurchase import RepurchaseBoard, RepurchaseQuery, Share, curve_of
from tests.analytics import repurchase_oracle
from tests.analytics.news import ANCHORS, ZONES
from tests.analytics.repurchase_oracle import Human

on_one_database = settings(
    max_examples=settings().max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
counter = itertools.count()
# days before the anchor: where ranges, windows, horizons and lives begin and end
DAYS = [0, 0, 1, 2, 15, 29, 30, 30, 31, 31, 32, 45, 59, 60, 61, 62, 75, 90, 91, 92, 120, 150, 180, 181, 270, 400]
NUDGES = [-3_600, -1, -0.4, 0, 0, 0, 0.3, 0.6, 1, 3_600]


@st.composite
def instants(draw: Any, anchor: datetime) -> datetime:
    return anchor - timedelta(days=draw(st.sampled_from(DAYS))) + timedelta(seconds=draw(st.sampled_from(NUDGES)))


@st.composite
def humans(draw: Any, anchor: datetime) -> Human:
    at = instants(anchor)
    paid = st.tuples(at, st.sampled_from(["paid", "paid", "paid", "cancelled"]), st.sampled_from(["9.00", "9.00", "0"]))
    touch = st.tuples(at, st.sampled_from(["sent", "sent", "sent", "skipped", "planned", "unknown"]))
    return Human(
        came=draw(st.one_of(st.none(), at)),
        orders=draw(st.lists(paid, max_size=5)),
        touches=draw(st.lists(touch, max_size=6)),
        words=draw(st.lists(st.tuples(at, st.booleans()), max_size=2)),
    )


@st.composite
def questions(draw: Any, anchor: datetime) -> tuple[datetime, dict[str, Any]]:
    as_of = (
        anchor
        + timedelta(days=draw(st.sampled_from([0, 0, 1, -30])))
        + timedelta(seconds=draw(st.sampled_from(NUDGES)))
    )
    ends = draw(st.lists(st.sampled_from([0, 1, 29, 30, 31, 45, 60, 61, 90]), min_size=2, max_size=2))
    first, last = ((anchor - timedelta(days=days)).date() for days in sorted(ends, reverse=True))
    return as_of, {
        "from_date": draw(st.sampled_from([None, first])),
        "to_date": draw(st.sampled_from([None, last])),
        "first_from": draw(st.sampled_from([None, None, first, (anchor - timedelta(days=180)).date()])),
    }


@st.composite
def histories(draw: Any) -> tuple[str, list[Human], list[Any]]:
    anchor = draw(st.sampled_from(ANCHORS))
    people = draw(st.lists(humans(anchor), min_size=1, max_size=6))
    return draw(st.sampled_from(ZONES)), people, draw(st.lists(questions(anchor), min_size=4, max_size=4))


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(history=histories())
def test_board_equals_the_oracle(history: Any) -> None:
    from analytics.selectors.repurchase import repurchase_board
    from tenants.context import tenant_transaction
    from tenants.models import Tenant
    from tests.analytics.reach import tell_people

    zone, people, asked = history
    tenant = Tenant.objects.create(slug=f"again-{next(counter)}", name="Shop", timezone=zone, currency="GBP")
    tell_people(tenant, *people)

    with tenant_transaction(tenant.pk):
        for as_of, days in asked:
            board = repurchase_board(tenant=tenant, query=RepurchaseQuery(as_of=as_of, **days))
            assert _plain(board) == repurchase_oracle.board(people, zone=zone, as_of=as_of, asked=days)


@given(again=st.lists(st.integers(1, 365), min_size=1, max_size=50), never=st.integers(0, 50))
def test_a_curve_without_censoring_is_the_plain_share(again: list[int], never: int) -> None:
    points = curve_of([*((day, True, 1) for day in again), (365, False, never)])

    people = len(again) + never
    for point in points:
        bought = sum(day <= point.day for day in again)
        assert point.share == Share(people=people, count=bought).value


def _plain(board: RepurchaseBoard) -> dict[str, Any]:
    days, exposure, demand = board.days, board.exposure, board.demand
    return {
        "days": [
            days.from_date,
            days.to_date,
            days.touch_from,
            days.touch_to,
            days.after_from,
            days.after_to,
        ],
        "reached": _share(exposure.reached),
        "messages": exposure.messages,
        "refused": _share(exposure.refused),
        "opted_out": _share(exposure.opted_out),
        "demand": [_share(demand.due), _share(demand.overdue)],
        "touches": [(row.touches, _share(row.repurchased), _share(row.opted_out)) for row in board.touches],
        "curve": [(point.day, point.at_risk, point.repurchased, point.share) for point in board.curve],
        "months": [
            (month.month, _share(month.to_date), {days: _share(share) for days, share in month.within.items()})
            for month in board.months
        ],
    }


def _share(share: Share) -> tuple[Any, ...]:
    return share.people, share.count, share.value, share.interval
