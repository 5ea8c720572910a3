"""The repurchase board: what stands beside what, thin figures, charts, CSV, who reads it."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.repurchase import Share
from scrm.console.work.repurchase_board_rows import share_text
from tests.analytics.reach import tell_people
from tests.analytics.repurchase_oracle import Human
from tests.cast import log_in

ENGLISH = {"accept-language": "en"}
HTMX = {"HX-Request": "true"}
BOARD_QUERIES = 14
# touches count from 2 to 31 May, purchases in June
JULY = {"as_of": "2024-06-30"}
AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
MAY, JUNE = AT.replace(month=5, day=10), AT.replace(month=6, day=10)


def get(user: Any, path: str = "repurchase/", **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers=ENGLISH)


def buyer(*touches: datetime, again: datetime | None = None, words: Any = ()) -> Human:
    paid = [AT, again] if again else [AT]
    return Human(
        orders=[(at, "paid", "30.00") for at in paid],
        touches=[(at, "sent") for at in touches],
        words=list(words),
    )


def open_counter(tenant: Any) -> None:
    """All bought on 1 March. 31 untouched, of whom 3 buy again in June; 30 touched once, of whom 6 do; one touched
    twice, who does, and one, five times, who says no. In June one more is touched.
    """
    tell_people(
        tenant,
        *(buyer(again=JUNE if number < 3 else None) for number in range(30)),
        *(buyer(MAY, again=JUNE if number < 6 else None) for number in range(30)),
        buyer(MAY, MAY, again=JUNE),
        buyer(*[MAY] * 5, words=[(MAY, False)]),
        buyer(JUNE),
    )


def test_touches_stand_beside_purchases_with_their_intervals(acme: Any, mei: Any) -> None:
    open_counter(acme)

    page = get(mei, **JULY)

    lines = [
        (line.title, line.repurchased.people, line.repurchased.text, line.repurchased.is_thin, line.opted_out.count)
        for line in page.context["touches"]
    ]
    assert lines == [
        ("0 touches", 31, "9.7%", False, 0),
        ("1 touch", 30, "20.0%", False, 0),
        ("2 touches", 1, "100.0%", True, 0),
        ("3 touches", 0, "—", True, 0),
        ("4 or more touches", 1, "0.0%", True, 1),
    ]
    assert page.context["touches"][1].repurchased.tip.splitlines() == [
        "6 of 30 = 20.0%",
        "95% interval: 9.5% to 37.3%",
    ]
    told = page.content.decode()
    assert "Touches 2 May 2024 to 31 May 2024; purchases 1 Jun 2024 to 30 Jun 2024." in told
    assert "This is not a lift" in told


def test_demand_trust_and_exposure_stand_beside_the_repurchase_rate(acme: Any, mei: Any) -> None:
    open_counter(acme)

    shown = get(mei, **JULY).context
    told = get(mei, **JULY).content.decode()

    assert (shown["reached"].count, shown["reached"].people, shown["refused"].count) == (1, 63, 1)
    assert shown["repurchase"] == "0.0%"
    assert "Group chat, Moments: not connected yet" in told
    assert "Replies: not connected yet" in told


def test_charts_draw_the_tables(acme: Any, mei: Any) -> None:
    open_counter(acme)

    shown = get(mei, **JULY).context

    touches, curve = json.loads(shown["touches_chart"]), json.loads(shown["curve_chart"])
    assert touches["values"] == [9.68, 20.0, 100.0, None, 0.0]
    assert touches["thin"] == [False, False, True, True, True]
    assert (touches["low"][1], touches["high"][1]) == (9.51, 37.31)
    # ten people of 63 came back on the 101st day
    assert (curve["days"][101], curve["values"][100], curve["values"][101]) == (101, 0.0, 15.87)
    assert [line.day for line in shown["curve"]] == [7, 14, 30, 60, 90]


def test_months_are_told_newest_first_with_what_is_not_complete(acme: Any, mei: Any) -> None:
    open_counter(acme)
    tell_people(acme, Human(orders=[(JUNE, "paid", "9.00")]), Human(orders=[(JUNE - timedelta(9), "paid", "9.00")]))

    june, march = get(mei, **JULY).context["months"]

    assert (june.month, june.buyers, june.cells[0].text) == (date(2024, 6, 1), 2, "—")
    assert (march.month, march.buyers, march.is_left_truncated) == (date(2024, 3, 1), 63, True)
    assert [(cell.text, cell.is_complete) for cell in march.cells] == [
        ("0.0%", True),
        ("0.0%", True),
        ("0.0%", True),
        ("—", False),
    ]
    assert june.cells[0].is_complete is False


def test_thin_and_incomplete_shares_say_so() -> None:
    few = share_text(Share(people=29, count=29), is_complete=False)
    nobody = share_text(Share(people=0, count=0))

    assert (few.text, few.look) == ("100.0%", "c-thin")
    assert len(few.tip.splitlines()) == 4
    assert (nobody.text, nobody.interval, nobody.look) == ("—", "", "c-thin")


def test_a_range_is_read_and_a_wrong_one_is_told(acme: Any, mei: Any) -> None:
    open_counter(acme)

    may = get(mei, **JULY, from_date="2024-05-10", to_date="2024-05-10").context
    wrong = get(mei, from_date="2024-05-10", to_date="2024-05-09")
    later = get(mei, **JULY, first_from="2024-04-01").context

    assert (may["reached"].count, may["board"].exposure.messages) == (32, 37)
    assert "Reached to: This is before the first day." in wrong.content.decode()
    assert (later["months"], later["curve"]) == ([], [])


@pytest.mark.parametrize("people", [1, 3])
def test_the_board_costs_the_same_queries_whatever_it_holds(acme: Any, mei: Any, people: int) -> None:
    tell_people(acme, *(buyer(MAY, again=JUNE) for _ in range(people)))
    browser = log_in(mei)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/repurchase/", JULY, headers=HTMX)

    assert len(seen) == BOARD_QUERIES


def test_the_csv_is_what_is_shown(acme: Any, mei: Any) -> None:
    open_counter(acme)

    page, answer = get(mei, **JULY), get(mei, "repurchase.csv", **JULY)

    lines = {
        (line["part"], line["of"]): line for line in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    }
    for number, line in enumerate(page.context["touches"]):
        held = lines["touches_repurchased", str(number)]
        assert (held["people"], held["count"]) == (str(line.repurchased.people), str(line.repurchased.count))
    assert lines["exposure", "private_chat"]["share"] == "0.015873"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="repurchase-2024-06-01-2024-06-30.csv"'


def test_an_empty_board_says_what_it_needs(acme: Any, mei: Any) -> None:
    bare, filtered = get(mei).content.decode(), get(mei, to_date="2024-01-01").content.decode()

    assert "shows after 60 days" in bare
    assert "Clear the filters" in filtered


def test_without_messages_it_says_so_and_leads_to_the_sops(acme: Any, mei: Any) -> None:
    tell_people(acme, buyer(again=JUNE))

    told = get(mei, **JULY).content.decode()

    assert "None of them got a message in these days" in told
    assert 'href="/t/acme/sops/">Open the SOPs</a>' in told


def test_who_reads_boards_finds_it_in_the_menu(acme: Any, alice: Any, bob: Any, mei: Any) -> None:
    for user in (alice, bob, mei):
        assert 'href="/t/acme/repurchase/"' in get(user).content.decode()


def test_staff_and_outsiders_do_not_read_it(acme: Any, charlie: Any) -> None:
    from tests.cast import _member

    sam = _member(acme, "sam", "staff")

    assert [get(user, path).status_code for user in (sam, charlie) for path in ("repurchase/", "repurchase.csv")] == [
        403,
        403,
        404,
        404,
    ]


def test_neighbours_are_on_nobody_elses_board(acme: Any, globex: Any, mei: Any) -> None:
    tell_people(globex, buyer(MAY, again=JUNE))

    assert get(mei, **JULY).context["board"].is_empty
