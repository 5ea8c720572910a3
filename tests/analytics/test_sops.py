"""The SOP board over REST: reach, reasons, what was bought within the window to the second, ranks, files, refusals."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest

from analytics.sops import SopOutcome, SopQuery, SopRow, SopRuns, ranked
from tests.analytics.sop_history import (
    Message,
    Purchase,
    Run,
    make_sop,
    people,
    write_messages,
    write_purchase,
    write_runs,
)
from tests.cast import ApiClient, make_key
from tests.orders.test_plans import analyze

SENT_AT = datetime(2026, 11, 2, 10, tzinfo=UTC)
LATER = {"from": "2026-11-01", "to": "2026-11-20", "as_of": "2026-11-20T12:00:00Z"}
SECOND, WEEK = timedelta(seconds=1), timedelta(days=7)


def sent(at: datetime = SENT_AT, state: str = "sent") -> Message:
    return Message(0, 0, at, state, at)


def bought(at: datetime, amount: int = 3000, **fields: Any) -> Purchase:
    held: dict[str, Any] = {"contact": 0, "paid_at": at, "status": "paid", "amount": amount, "refunds": ()}
    return Purchase(**held | fields)


@pytest.fixture
def welcome(acme: Any, inside: Any) -> Any:
    """An SOP that sent one of four contacts a message; she bought for £30.00 a day later and got £10.00 back."""
    with inside(acme):
        sop, (ann, ben, cem, dee) = make_sop(acme, "Welcome"), people(acme, 4)
        told = [
            (sop, ann, sent()),
            (sop, ben, sent(state="skipped")),
            (sop, cem, sent(state="failed")),
            (sop, dee, Message(0, 0, SENT_AT, "planned", None)),
        ]
        write_messages(acme, told)
        refunds = ((SENT_AT + 2 * WEEK, 1000, False), (SENT_AT + 2 * WEEK, 1000, True))
        write_purchase(acme, ann, bought(SENT_AT + timedelta(days=1), refunds=refunds))
        write_purchase(acme, ben, bought(SENT_AT + timedelta(days=1)))
        runs = [("active", "", None), ("exited", "ordered", SENT_AT), ("exited", "left", SENT_AT + 3 * WEEK)]
        write_runs(acme, [(sop, Run(0, SENT_AT, *each)) for each in runs])
    return sop


def test_a_row_says_who_was_reached_what_was_bought_and_what_was_not_sent(welcome: Any, api: ApiClient) -> None:
    board = api.get("/analytics/sops", LATER).json()

    line = {
        "rank": None,
        "standing": "few_contacts",
        "due": 4,
        "contacts_planned": 4,
        "contacts_reached": 1,
        "reach_rate": "0.250000",
        "messages": [
            {"state": "failed", "reason": "refused", "count": 1},
            {"state": "planned", "reason": "", "count": 1},
            {"state": "sent", "reason": "", "count": 1},
            {"state": "skipped", "reason": "late", "count": 1},
        ],
        "steps": [],
        "bought": {
            "contacts": 1,
            "buyers": 1,
            "orders": 1,
            "revenue_net": "20.00",
            "bought_share": "1.000000",
            "revenue_per_contact": "20.000000",
            "complete": True,
        },
        "runs": {"entered": 3, "active": 2, "completed": 0, "exited": {"left": 0, "ordered": 1, "stopped": 0}},
    }
    (row,) = board["rows"]
    (step,) = row.pop("steps")
    assert row | {"steps": []} == {"sop": welcome.pk, "name": "Welcome", "state": "published"} | line
    assert (step["version"], step["position"], step["messages"]) == (1, 1, line["messages"])
    assert board["total"] == {"sop": None, "name": "", "state": ""} | line | {"standing": ""}
    assert (board["from"], board["to"], board["complete_to"]) == ("2026-11-01", "2026-11-20", "2026-11-13T11:59:59Z")
    assert (board["window"], board["rank_by"], board["currency"]) == ("7d", "bought", "GBP")
    assert {"bought", "completeness", "reach_rate"} <= set(board["definitions"])


@pytest.mark.parametrize(
    ("paid_at", "orders"),
    [(SENT_AT - SECOND, 0), (SENT_AT, 1), (SENT_AT + WEEK, 1), (SENT_AT + WEEK + SECOND, 0)],
)
def test_an_order_counts_from_the_message_on_up_to_the_last_second_of_the_window(
    acme: Any, inside: Any, api: ApiClient, paid_at: datetime, orders: int
) -> None:
    with inside(acme):
        sop, (ann, ben) = make_sop(acme, "Welcome"), people(acme, 2)
        write_messages(acme, [(sop, ann, sent())])
        write_purchase(acme, ann, bought(paid_at))
        write_purchase(acme, ann, bought(SENT_AT + SECOND, status="cancelled"))
        write_purchase(acme, ann, bought(SENT_AT + SECOND, amount=0))
        write_purchase(acme, ben, bought(SENT_AT + SECOND))
        write_purchase(acme, None, bought(SENT_AT + SECOND))

    assert api.get("/analytics/sops", LATER).json()["total"]["bought"]["orders"] == orders


@pytest.mark.parametrize(
    ("as_of", "complete", "contacts"), [(SENT_AT + WEEK, False, 2), (SENT_AT + WEEK + SECOND, True, 1)]
)
def test_a_figure_is_of_the_messages_whose_window_is_over(
    acme: Any, inside: Any, api: ApiClient, as_of: datetime, complete: bool, contacts: int
) -> None:
    with inside(acme):
        sop, (ann, ben) = make_sop(acme, "Welcome"), people(acme, 2)
        write_messages(acme, [(sop, ann, sent()), (sop, ben, sent(SENT_AT + timedelta(days=1)))])
        write_purchase(acme, ann, bought(SENT_AT))
        write_purchase(acme, ben, bought(SENT_AT + timedelta(days=2)))

    found = api.get("/analytics/sops", LATER | {"as_of": as_of.isoformat()}).json()["rows"][0]["bought"]

    assert (found["complete"], found["contacts"], found["buyers"], found["orders"]) == (complete, *[contacts] * 3)


@pytest.mark.parametrize(("refunded", "net"), [(-SECOND, "20.00"), (timedelta(), "30.00")])
def test_what_happens_at_the_as_of_time_has_not_happened_yet(
    acme: Any, inside: Any, api: ApiClient, refunded: timedelta, net: str
) -> None:
    as_of = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with inside(acme):
        sop, (ann,) = make_sop(acme, "Welcome"), people(acme, 1)
        write_messages(acme, [(sop, ann, sent()), (sop, ann, sent(as_of))])
        write_purchase(acme, ann, bought(SENT_AT, refunds=((as_of + refunded, 1000, False),)))

    total = api.get("/analytics/sops", LATER).json()["total"]

    assert (total["due"], total["bought"]["revenue_net"]) == (1, net)


def test_an_order_counts_once_for_an_sop_for_each_sop_and_once_in_the_sum(
    acme: Any, inside: Any, api: ApiClient
) -> None:
    with inside(acme):
        first, second, (ann,) = make_sop(acme, "First"), make_sop(acme, "Second"), people(acme, 1)
        day = timedelta(days=1)
        write_messages(acme, [(first, ann, sent()), (first, ann, sent(SENT_AT + day)), (second, ann, sent())])
        write_purchase(acme, ann, bought(SENT_AT + 2 * day))

    board = api.get("/analytics/sops", LATER).json()

    counts = [(row["name"], row["contacts_reached"], row["bought"]["orders"]) for row in board["rows"]]
    assert sorted(counts) == [("First", 1, 1), ("Second", 1, 1)]
    assert (board["total"]["contacts_reached"], board["total"]["bought"]["revenue_net"]) == (1, "30.00")


@pytest.mark.parametrize(("window", "orders"), [("1d", 1), ("3d", 2), ("7d", 3), ("14d", 4)])
def test_the_window_is_chosen(acme: Any, inside: Any, api: ApiClient, window: str, orders: int) -> None:
    with inside(acme):
        sop, (ann,) = make_sop(acme, "Welcome"), people(acme, 1)
        write_messages(acme, [(sop, ann, sent())])
        for days in (0, 2, 5, 10, 15):
            write_purchase(acme, ann, bought(SENT_AT + timedelta(days=days)))

    assert api.get("/analytics/sops", LATER | {"window": window}).json()["total"]["bought"]["orders"] == orders


def test_a_range_is_days_of_the_brands_own_calendar(globex: Any, globex_key: str, inside: Any) -> None:
    midnight = datetime(2026, 11, 2, 16, tzinfo=UTC)  # of the 3rd, in Shanghai
    with inside(globex):
        sop, (ann,) = make_sop(globex, "Welcome"), people(globex, 1)
        write_messages(globex, [(sop, ann, sent(midnight - SECOND)), (sop, ann, sent(midnight))])
    api = ApiClient(globex_key)

    dues = [
        api.get("/analytics/sops", LATER | {"from": day, "to": day}).json()["total"]["due"]
        for day in ("2026-11-01", "2026-11-02", "2026-11-03")
    ]

    assert dues == [0, 1, 1]


def test_without_a_range_it_is_the_last_thirty_days(welcome: Any, api: ApiClient) -> None:
    board = api.get("/analytics/sops", {"as_of": "2026-11-20T12:00:00Z"}).json()

    assert (board["from"], board["to"]) == ("2026-10-22", "2026-11-20")


def test_sops_without_messages_stand_below_and_archived_ones_only_with_something_to_tell(
    welcome: Any, acme: Any, inside: Any, api: ApiClient
) -> None:
    with inside(acme):
        make_sop(acme, "Idle")
        make_sop(acme, "Old", state="archived")

    rows = api.get("/analytics/sops", LATER).json()["rows"]

    assert [(row["name"], row["standing"], row["reach_rate"]) for row in rows] == [
        ("Welcome", "few_contacts", "0.250000"),
        ("Idle", "nothing_due", None),
    ]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("from", "x"),
        ("to", "2026-13-01"),
        ("as_of", "2026-11-20"),
        ("window", "2d"),
        ("rank_by", "roi"),
        ("format", "pdf"),
        ("colour", "red"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(api: ApiClient, parameter: str, value: str) -> None:
    response = api.get("/analytics/sops", {parameter: value})

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert [error["pointer"] for error in response.json()["errors"]] == [f"?{parameter}"]


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, "?to", "invalid_range"),
        ({"from": "2025-01-01", "to": "2026-01-02"}, "?from", "range_too_long"),
    ],
)
def test_a_range_that_cannot_be_read_is_named(api: ApiClient, asked: Any, pointer: str, code: str) -> None:
    response = api.get("/analytics/sops", asked)

    error = response.json()["errors"][0]
    assert (response.status_code, error["pointer"], error["code"]) == (400, pointer, code)


def test_csv_and_xlsx_hold_the_rows(acme: Any, inside: Any, welcome: Any, api: ApiClient) -> None:
    from openpyxl import load_workbook

    with inside(acme):
        make_sop(acme, "=1+1")

    text = api.get("/analytics/sops", LATER | {"format": "csv"})
    book = api.get("/analytics/sops", LATER | {"format": "xlsx"})

    lines = list(csv.DictReader(StringIO(text.content.decode("utf-8-sig"))))
    assert [line["name"] for line in lines] == ["Welcome", "'=1+1", "all"]
    names = "contacts_planned contacts_reached messages_sent messages_skipped_late buyers revenue_net_GBP runs_ordered"
    assert [lines[0][name] for name in names.split()] == ["4", "1", "1", "1", "1", "20.00", "1"]
    assert load_workbook(BytesIO(book.content)).active.max_row == 1 + len(lines)
    assert text.headers["Content-Disposition"] == 'attachment; filename="sops.csv"'


def test_another_tenant_and_a_key_without_the_scope_see_nothing(
    welcome: Any, acme: Any, api: ApiClient, globex_key: str
) -> None:
    other = ApiClient(globex_key)
    writer = ApiClient(make_key(acme, scopes=["orders:write"], name="writer"))

    assert api.get("/analytics/sops", LATER).json()["total"]["due"] == 4
    theirs = other.get("/analytics/sops", LATER).json()
    assert (theirs["rows"], theirs["total"]["due"]) == ([], 0)
    assert writer.get("/analytics/sops").status_code == 403


@pytest.mark.parametrize("sops", [1, 3])
def test_a_board_costs_the_same_queries_whatever_it_holds(acme: Any, inside: Any, sops: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from analytics.selectors.sops import sop_board

    with inside(acme):
        (ann,) = people(acme, 1)
        write_messages(acme, [(make_sop(acme, f"S{number}"), ann, sent()) for number in range(sops)])
        write_purchase(acme, ann, bought(SENT_AT))

    with inside(acme), CaptureQueriesContext(connection) as seen:
        board = sop_board(tenant=acme, query=SopQuery(as_of=SENT_AT + 2 * WEEK))

    assert [row.outcome.orders for row in board.rows] == [1] * sops
    assert len(seen) == 4


def test_a_young_brands_board_reads_index_ranges_though_no_statistics_know_it(
    acme: Any, globex: Any, inside: Any
) -> None:
    from django.db import connection

    from analytics.selectors.sops import SOP_SUMS

    with inside(globex):
        sop, many = make_sop(globex, "Welcome"), people(globex, 50)
        days = [SENT_AT - timedelta(days=number) for number in range(40)]
        write_messages(globex, [(sop, person, sent(at)) for person in many for at in days])
        for person in many:
            write_purchase(globex, person, bought(SENT_AT))
    analyze("sop_touchpoint", "orders_order", "orders_refund", "sop_enrollment")
    with inside(acme):
        write_messages(acme, [(make_sop(acme, "Welcome"), people(acme, 1)[0], sent())])
        asked = {
            "tenant_id": acme.pk, "due_from": SENT_AT - timedelta(days=1), "due_before": SENT_AT, "at": SENT_AT,
            "seconds": 1, "complete_to": SENT_AT, "states": ["active"],
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # fifty orders are read whole sooner than by any index
            cursor.execute(f"EXPLAIN {SOP_SUMS}", asked)
            told = [row[0].strip() for row in cursor.fetchall()]

    conditions = "\n".join(line for line in told if line.startswith("Index Cond"))
    assert "due_at >=" in conditions
    assert "contact_id = d.contact_id) AND (paid_at >= d.settled_at) AND (paid_at < " in conditions


def test_no_incomplete_or_thin_figure_outranks_a_complete_one() -> None:
    rows = [
        _row("young", contacts=900, share="0.9", is_complete=False),
        _row("few", contacts=29, share="0.8"),
        _row("unsent", contacts=0, share=None, is_complete=False),
        _row("idle", contacts=0, share=None, due=0, is_complete=False),
        _row("good", contacts=30, share="0.5"),
        _row("better", contacts=31, share="0.5"),
        _row("best", contacts=30, share="0.6"),
    ]

    found = ranked(rows, "bought")

    assert [(row.name, row.rank, row.standing) for row in found] == [
        ("best", 1, "ranked"),
        ("better", 2, "ranked"),
        ("good", 2, "ranked"),
        ("few", None, "few_contacts"),
        ("young", None, "incomplete"),
        ("unsent", None, "nobody_reached"),
        ("idle", None, "nothing_due"),
    ]


def test_sops_are_ranked_by_the_figure_asked_for() -> None:
    rows = [_row("a", contacts=40, share="0.2", revenue="1"), _row("b", contacts=40, share="0.1", revenue="2")]

    assert [row.name for row in ranked(rows, "bought")] == ["a", "b"]
    assert [row.name for row in ranked(rows, "revenue")] == ["b", "a"]


def _row(
    name: str, *, contacts: int, share: str | None, revenue: str = "1", is_complete: bool = True, due: int = 1
) -> SopRow:
    outcome = SopOutcome(
        contacts=contacts,
        buyers=0,
        orders=0,
        net_minor=0,
        bought_share=None if share is None else Decimal(share),
        revenue_per_contact=Decimal(revenue),
        is_complete=is_complete,
    )
    return SopRow(
        sop_id=1,
        name=name,
        state="published",
        messages={("sent", ""): due} if due else {},
        planned=contacts,
        reached=contacts,
        reach_rate=None,
        outcome=outcome,
        runs=SopRuns(active=0, completed=0, exited={}),
    )


def test_read_at_a_midnight_the_day_before_is_the_last(welcome: Any, api: ApiClient) -> None:
    board = api.get("/analytics/sops", {"as_of": "2026-11-20T00:00:00Z"}).json()

    assert (board["from"], board["to"]) == ("2026-10-21", "2026-11-19")
