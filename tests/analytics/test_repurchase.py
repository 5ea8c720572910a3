"""The repurchase board over REST: a small shop worked out by hand, wrong parameters, files, isolation, its queries."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest

from analytics.repurchase import RepurchaseQuery, curve_of, days_of
from tests.analytics.repurchase_oracle import Human
from tests.cast import AT, ApiClient, make_key

PATH = "/analytics/repurchase"
# 1 July, noon: the range ends on 30 June, the days of touches on 31 May
AS_OF = "2024-07-01T12:00:00Z"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T10:00:00+00:00")


def paid(*days: str) -> list[tuple[datetime, str, str]]:
    return [(at(day), "paid", "30.00") for day in days]


def sent(*days: str) -> list[tuple[datetime, str]]:
    return [(at(day), "sent") for day in days]


SHOP = [
    # bought in March and again 10 days later; touched twice in May, bought in June; a rhythm of 49 days
    Human(orders=paid("2024-03-01", "2024-03-11", "2024-06-07"), touches=sent("2024-05-03", "2024-05-20")),
    # bought in March; touched twice in May and said no; never again
    Human(orders=paid("2024-03-05"), touches=sent("2024-05-03", "2024-05-20"), words=[(at("2024-05-20"), False)]),
    # bought in April; untouched; again in June
    Human(orders=paid("2024-04-01", "2024-06-20")),
    # bought in June: not a buyer yet when the days of touches began
    Human(orders=paid("2024-06-10"), touches=sent("2024-06-10", "2024-06-12")),
    # came in June, bought nothing; a message that was not sent does not reach
    Human(came=at("2024-06-01"), touches=[(at("2024-06-02"), "skipped")]),
    # a rhythm of 5 days: long past
    Human(orders=paid("2024-01-01", "2024-01-06", "2024-01-11")),
]


@pytest.fixture
def told(acme: Any) -> Any:
    from tests.analytics.reach import tell_people

    tell_people(acme, *SHOP)
    return acme


@pytest.fixture
def board(told: Any, api: ApiClient) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(PATH, {"as_of": AS_OF}).json()
    return answer


def figures(share: dict[str, Any]) -> tuple[int, int, str | None]:
    return share["people"], share["count"], share["share"]


def test_exposure_is_of_the_pool_and_what_is_not_connected_is_null(board: dict[str, Any]) -> None:
    assert (board["from"], board["to"]) == ("2024-06-01", "2024-06-30")
    assert figures(board["exposure"]["private_chat"]) == (6, 1, "0.166667")
    assert board["exposure"]["private_chat_messages"] == 2
    assert (board["exposure"]["group_chat"], board["exposure"]["moments"], board["trust"]["reply_rate"]) == (None,) * 3
    assert figures(board["trust"]["refused"]) == (6, 1, "0.166667")
    assert figures(board["trust"]["opted_out"]) == (6, 0, "0.000000")


def test_touches_are_set_beside_the_purchases_after_them(board: dict[str, Any]) -> None:
    spans = [board[name] for name in ("touch_from", "touch_to", "after_from", "after_to")]
    rows = {row["touches"]: (figures(row["repurchased"]), row["opted_out"]["count"]) for row in board["touches"]}

    assert spans == ["2024-05-02", "2024-05-31", "2024-06-01", "2024-06-30"]
    assert rows == {
        0: ((2, 1, "0.500000"), 0),
        1: ((0, 0, None), 0),
        2: ((2, 1, "0.500000"), 1),
        3: ((0, 0, None), 0),
        4: ((0, 0, None), 0),
    }
    assert (board["touches"][0]["repurchased"]["low"], board["touches"][0]["repurchased"]["high"]) == (
        "0.094531",
        "0.905469",
    )
    assert board["touches"][0]["repurchased"]["thin"] is True


def test_the_curve_follows_each_buyer_for_as_long_as_she_is_observed(board: dict[str, Any]) -> None:
    steps = [(day["day"], day["at_risk"], day["share"]) for day in board["curve"] if day["repurchased"]]

    # day 21 is the last of who bought on 10 June, day 91 the last of who bought in April had she not come back
    assert steps == [(5, 5, "0.200000"), (10, 4, "0.400000"), (80, 2, "0.700000")]
    assert [day["day"] for day in board["curve"]] == list(range(1, 119))
    assert board["repurchase"] == {"day": 90, "at_risk": 1, "repurchased": 0, "share": "0.700000"}


def test_months_count_who_was_observed_so_long(board: dict[str, Any]) -> None:
    months = {
        month["month"]: (
            month["left_truncated"],
            figures(month["to_date"]),
            {name: (*figures(share)[:2], share["complete"]) for name, share in month["within"].items()},
        )
        for month in board["months"]
    }

    assert months == {
        "2024-01-01": (
            True,
            (1, 1, "1.000000"),
            {"30d": (1, 1, True), "60d": (1, 1, True), "90d": (1, 1, True), "180d": (1, 1, True)},
        ),
        "2024-03-01": (
            False,
            (2, 1, "0.500000"),
            {"30d": (2, 1, True), "60d": (2, 1, True), "90d": (2, 1, True), "180d": (0, 0, False)},
        ),
        "2024-04-01": (
            False,
            (1, 1, "1.000000"),
            {"30d": (1, 0, True), "60d": (1, 0, True), "90d": (1, 1, True), "180d": (0, 0, False)},
        ),
        "2024-06-01": (
            False,
            (1, 0, "0.000000"),
            {"30d": (0, 0, False), "60d": (0, 0, False), "90d": (0, 0, False), "180d": (0, 0, False)},
        ),
    }


def test_purchases_say_how_fresh_they_are(board: dict[str, Any]) -> None:
    assert datetime.fromisoformat(board["fresh_at"]) == AT


def test_demand_is_who_is_due_by_her_own_rhythm(board: dict[str, Any]) -> None:
    assert figures(board["demand"]["due"]) == (2, 1, "0.500000")
    assert figures(board["demand"]["overdue"]) == (2, 1, "0.500000")


def test_first_purchases_are_counted_from_a_day_on(told: Any, api: ApiClient) -> None:
    board = api.get(PATH, {"as_of": AS_OF, "first_from": "2024-04-01"}).json()

    assert [month["month"] for month in board["months"]] == ["2024-04-01", "2024-06-01"]
    assert board["demand"]["due"]["people"] == 2
    assert board["curve"][0]["at_risk"] == 2


def test_a_tenant_without_data_has_an_empty_board(acme: Any, api: ApiClient) -> None:
    board = api.get(PATH).json()

    assert (board["curve"], board["months"], board["repurchase"]) == ([], [], None)
    assert board["exposure"]["private_chat"]["share"] is None
    assert set(board["definitions"]) >= {"exposure", "pool", "touches", "not_a_lift", "curve", "demand", "trust"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("from", "x"),
        ("to", "1899-01-01"),
        ("first_from", "may"),
        ("as_of", "2024-07-01"),
        ("format", "pdf"),
        ("p", "1"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(acme: Any, api: ApiClient, parameter: str, value: str) -> None:
    response = api.get(PATH, {parameter: value})

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert [error["pointer"] for error in response.json()["errors"]] == [f"?{parameter}"]


def test_a_range_that_ends_before_it_begins_is_named(acme: Any, api: ApiClient) -> None:
    response = api.get(PATH, {"from": "2024-02-01", "to": "2024-01-01"})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "?to")


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "1900-01-01", "to": "1900-01-01"},
        {"from": "2999-12-31"},
        {"to": "2999-12-31", "first_from": "2999-12-31"},
        {"as_of": "1900-01-01T00:00:00Z"},
        {"as_of": "2999-12-31T23:59:59Z"},
    ],
)
def test_the_ends_of_the_calendar_are_answered(told: Any, api: ApiClient, asked: dict[str, str]) -> None:
    assert api.get(PATH, asked).status_code == 200


def test_csv_and_xlsx_hold_each_figure(board: dict[str, Any], api: ApiClient) -> None:
    from openpyxl import load_workbook

    text = api.get(PATH, {"as_of": AS_OF, "format": "csv"})
    book = api.get(PATH, {"as_of": AS_OF, "format": "xlsx"})

    lines = {(line["part"], line["of"]): line for line in csv.DictReader(StringIO(text.content.decode("utf-8-sig")))}
    assert lines["exposure", "private_chat"]["share"] == board["exposure"]["private_chat"]["share"]
    assert lines["touches_repurchased", "2"]["low"] == board["touches"][2]["repurchased"]["low"]
    assert lines["curve", "80"]["share"] == "0.700000"
    assert (lines["month_90d", "2024-04-01"]["people"], lines["month_180d", "2024-04-01"]["complete"]) == ("1", "False")
    assert load_workbook(BytesIO(book.content)).active.max_row == 1 + len(lines)
    assert text.headers["Content-Disposition"] == 'attachment; filename="repurchase.csv"'


def test_another_tenant_and_a_key_without_the_scope_see_nothing(
    told: Any, board: dict[str, Any], globex_key: str
) -> None:
    other = ApiClient(globex_key).get(PATH, {"as_of": AS_OF}).json()
    writer = ApiClient(make_key(told, scopes=["orders:write"], name="writer"))

    assert board["exposure"]["private_chat"]["people"] == 6
    assert (other["exposure"]["private_chat"]["people"], other["months"], other["curve"]) == (0, [], [])
    assert {row["repurchased"]["people"] for row in other["touches"]} == {0}
    assert other["demand"]["due"]["people"] == 0
    assert writer.get(PATH).status_code == 403


@pytest.mark.parametrize("people", [1, 3])
def test_a_board_costs_the_same_queries_whatever_it_holds(acme: Any, people: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from analytics.selectors.repurchase import repurchase_board
    from tenants.context import tenant_transaction
    from tests.analytics.reach import tell_people

    tell_people(acme, *SHOP[:people])

    with tenant_transaction(acme.pk), CaptureQueriesContext(connection) as seen:
        board = repurchase_board(tenant=acme, query=RepurchaseQuery(as_of=datetime(2024, 7, 1, 12, tzinfo=UTC)))

    assert board.exposure.reached.people == people
    assert len(seen) == 5


def test_days_of_touches_always_have_thirty_days_after_them() -> None:
    as_of = datetime(2024, 7, 1, 12, tzinfo=UTC)
    late = days_of(RepurchaseQuery(as_of=as_of, from_date=date(2024, 6, 25), to_date=date(2024, 12, 31)), "UTC")
    early = days_of(RepurchaseQuery(as_of=as_of, to_date=date(2024, 3, 31)), "UTC")

    assert (late.touch_from, late.touch_to, late.after_to) == (date(2024, 5, 2), date(2024, 5, 31), date(2024, 6, 30))
    assert (early.from_date, early.touch_from, early.touch_to, early.after_to) == (
        date(2024, 3, 2),
        date(2024, 3, 2),
        date(2024, 3, 31),
        date(2024, 4, 30),
    )
    assert early.touch_to - early.touch_from == timedelta(days=29)


def test_a_curve_leaves_out_who_is_not_observed_any_more() -> None:
    points = curve_of([(0, False, 9), (1, True, 1), (1, False, 1), (3, True, 1), (4, False, 1)])

    assert [(point.at_risk, point.repurchased, str(point.share)) for point in points] == [
        (4, 1, "0.250000"),
        (2, 0, "0.250000"),
        (2, 1, "0.625000"),
        (1, 0, "0.625000"),
    ]
