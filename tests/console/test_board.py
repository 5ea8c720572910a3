"""The cohort board: its figures, their definitions, its CSV, and the people behind a cell."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acquisition.models import Channel
from scrm.console.work.board_form import bounded
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import count, open_shop, person, tell_contacts
from tests.orders.shop import order_body, post_orders

ENGLISH = {"accept-language": "en"}
HTMX = {"HX-Request": "true"}
BOARD_QUERIES = 20


def get(user: Any, path: str = "cohorts/", **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers=ENGLISH)


def cells(page: Any, at: int = 0) -> dict[str, str]:
    return {cell.slice: cell.text for cell in page.context["lines"][at].cells}


def tips(page: Any, at: int = 0) -> dict[str, str]:
    return {cell.slice: cell.tip for cell in page.context["lines"][at].cells}


def test_a_row_says_contacts_cost_cac_payback_and_value_by_age(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)

    page = get(mei, as_of="2024-12-31")

    line = page.context["lines"][0]
    assert (line.title, line.contacts, line.buyers, line.cost, line.cac) == (
        "2024-01",
        3,
        3,
        "60.00",
        "20.00",
    )
    assert line.cac_tip == "CAC = £60.00 ÷ 3 = £20.00"
    shown = cells(page)
    assert (shown["first"], shown["7d"], shown["30d"]) == ("30.00", "26.67", "26.67")
    assert line.payback == "0.13 d"
    assert [cell.slice for cell in line.cells if cell.pays_back] == ["7d"]


def test_each_toggle_shows_its_figure_with_its_own_definition(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)

    clv = get(mei, as_of="2024-12-31")
    roi = get(mei, as_of="2024-12-31", show="roi")
    gross = get(mei, as_of="2024-12-31", show="revenue", basis="gross")

    assert tips(clv)["30d"].splitlines()[0] == "Net CLV (30 days) = £80.00 ÷ 3 = £26.67"
    assert cells(roi)["30d"] == "1.33×"
    assert tips(roi)["30d"].splitlines()[0] == "ROI (30 days) = Net CLV £26.67 ÷ CAC £20.00 = 1.33×"
    assert cells(gross)["30d"] == "90.00"


def test_an_incomplete_cell_is_marked_and_says_when_it_will_be_complete(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)

    page = get(mei, as_of="2024-03-15")

    last = next(cell for cell in page.context["lines"][0].cells if cell.slice == "60d")
    assert (last.is_complete, "c-censored" in last.look) == (False, True)
    assert "* Complete on 1 Apr 2024." in last.tip
    assert "So far 3 contacts are old enough." in last.tip


def test_a_total_says_of_how_many_cohorts_it_is(acme: Any, mei: Any) -> None:
    open_shop(acme, people=2)
    tell_contacts(acme, person(9, acquired={"at": "2024-02-05T00:00:00Z", "channel": "store"}))
    count(acme)

    page = get(mei, as_of="2024-03-15")

    said = {cell.slice: cell.cohorts for cell in page.context["totals"].cells}
    assert (said["7d"], said["30d"], said["60d"], said["to_date"]) == ("", "1/2", "0/2", "")
    assert 'title="1/2 cohorts">1/2<' in page.content.decode()


def test_a_silent_feed_is_read_at_its_end(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)

    page = get(mei)

    assert page.context["asked"].as_of.data_ended
    assert str(page.context["table"].as_of) == "2024-01-05 00:00:01+00:00"


def test_the_history_that_begins_with_orders_is_warned_of(acme: Any, mei: Any) -> None:
    post_orders(acme, order_body("o1"))
    count(acme)

    page = get(mei)

    assert page.context["truncated"].title == "2024-01"
    assert "The order history begins here" in page.content.decode()


def test_period_range_and_channel_filter_the_rows(acme: Any, mei: Any) -> None:
    open_shop(acme, people=2)
    tell_contacts(acme, person(9, acquired={"at": "2024-02-05T00:00:00Z", "channel": "store"}))
    count(acme)

    def titles(**query: Any) -> list[tuple[str, int]]:
        return [(line.title, line.contacts) for line in get(mei, **query).context["lines"]]

    assert titles() == [("2024-01", 2), ("2024-02", 1)]
    assert titles(channel="store")[-1] == ("2024-02", 1)
    assert titles(from_date="2024-02-10", to_date="2024-02-10") == [("2024-02", 1)]
    assert titles(period="week", from_date="2024-01-01", to_date="2024-01-07") == [("2024-01-01", 2)]


@pytest.mark.parametrize(
    ("asked", "closed"),
    [
        (("month", None, None), (None, None)),
        (("day", None, None), (date(2024, 1, 2), date(2024, 3, 1))),
        (("day", None, date(2024, 2, 1)), (date(2023, 12, 4), date(2024, 2, 1))),
        (("day", date(2024, 1, 1), None), (date(2024, 1, 1), date(2024, 7, 18))),
        (("week", date(2024, 1, 1), date(2024, 2, 1)), (date(2024, 1, 1), date(2024, 2, 1))),
    ],
)
def test_an_open_range_of_short_cohorts_is_closed(asked: Any, closed: Any) -> None:
    assert bounded(*asked, today=date(2024, 3, 1)) == closed


def test_days_and_weeks_without_a_range_are_the_newest(acme: Any, mei: Any) -> None:
    open_shop(acme, people=1)

    days = get(mei, period="day").context["lines"]
    weeks = get(mei, period="week", from_date="2024-01-01").context["lines"]

    assert (len(days), days[0].title, days[-1].title) == (5, "2024-01-01", "2024-01-05")
    assert (weeks[0].title, weeks[0].contacts) == ("2024-01-01", 1)


def test_a_range_that_holds_too_many_cohorts_is_refused(acme: Any, mei: Any) -> None:
    open_shop(acme, people=1)

    page = get(mei, period="day", from_date="2020-01-01", to_date="2024-12-31")

    assert "Acquired to: At most 200 cohorts at once" in page.content.decode()


@pytest.mark.parametrize("people", [1, 3])
def test_the_board_costs_the_same_queries_whatever_it_holds(acme: Any, mei: Any, people: int) -> None:
    open_shop(acme, people=people)
    browser = log_in(mei)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/cohorts/", headers=HTMX)

    assert len(seen) == BOARD_QUERIES


def test_the_csv_is_what_is_shown(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)
    query = {"as_of": "2024-12-31", "show": "roi"}

    page, answer = get(mei, **query), get(mei, "cohorts.csv", **query)

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    shown = {cell.slice: cell.value for cell in page.context["lines"][0].cells}
    assert [row["cohort"] for row in rows] == ["2024-01-01", "all"]
    assert (rows[0]["contacts"], rows[0]["cost_GBP"], rows[0]["cac_GBP"]) == ("3", "60.00", "20.000000")
    assert {name: rows[0][f"roi_net_{name}"] for name in shown} == {name: str(value) for name, value in shown.items()}
    assert rows[0]["complete_30d"] == "1"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cohorts-month-roi-net.csv"'


def test_a_cell_opens_its_contacts_whose_sums_are_the_cell(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)
    board = get(mei, as_of="2024-12-31")

    page = log_in(mei).get(f"/t/acme/cohorts/cell/?{board.context['cell_query']}&cohort=2024-01-01&slice=30d")

    cell = board.context["table"].rows[0].slices["30d"]
    sums = page.context["totals"]
    assert (sums.contacts, sums.net_minor) == (cell.contacts, cell.net_minor) == (3, 8000)
    assert (sums.gross_minor, sums.buyers) == (cell.gross_minor, 3)
    assert [person.net_minor for person, _known, _channel in page.context["lines"]] == [3000, 3000, 2000]


def test_the_contacts_of_a_cell_as_a_file_are_those_of_its_page(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)
    tell_contacts(acme, person(1, name="=1+1", updated_at="2024-05-01T00:00:00Z"))
    asked = {"cohort": "2024-01-01", "slice": "30d"}

    page, answer = get(mei, "cohorts/cell/", **asked), get(mei, "cohorts/cell.csv", **asked)

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    people = [known for known, _known_as, _channel in page.context["lines"]]
    assert [row["contact"] for row in rows] == [str(one.contact_id) for one in people]
    assert [row["revenue_net"] for row in rows] == ["30.00", "30.00", "20.00"]
    assert rows[2]["name"] == "'=1+1"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2024-01-30d-contacts.csv"'
    assert "/t/acme/cohorts/cell.csv?cohort=2024-01-01&amp;slice=30d" in page.content.decode()
    assert "The CSV holds the first" not in page.content.decode()


def test_a_file_that_leaves_contacts_out_is_told_before_it_is_opened(
    acme: Any, mei: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.exports.MAX_CONTACTS", 2)
    open_shop(acme, people=3)
    asked = {"cohort": "2024-01-01", "slice": "30d"}

    page, answer = get(mei, "cohorts/cell/", **asked), get(mei, "cohorts/cell.csv", **asked)

    assert "The CSV holds the first 2 of these contacts, the dearest first." in page.content.decode()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2024-01-30d-contacts-first-2.csv"'
    assert len(answer.getvalue().splitlines()) == 3


def test_a_cells_people_load_page_by_page(acme: Any, mei: Any) -> None:
    tell_contacts(acme, *(person(number) for number in range(1, 131)))
    count(acme)
    browser, query = log_in(mei), {"cohort": "2024-01-01", "slice": "to_date"}

    first = browser.get("/t/acme/cohorts/cell/", query).context
    rest = browser.get("/t/acme/cohorts/cell/", query | {"after": first["after"]}, headers=HTMX).context
    plain = browser.get("/t/acme/cohorts/cell/", query | {"after": first["after"]}).context

    seen = {person.contact_id for person, _known, _channel in (*first["lines"], *rest["lines"])}
    assert (len(first["lines"]), len(rest["lines"]), len(seen), rest["after"]) == (100, 30, 130, "")
    assert (plain["lines"], plain["totals"]) == (rest["lines"], first["totals"])
    assert first["totals"].contacts == 130


def test_a_cells_people_came_by_a_channel_that_is_called_by_its_name(acme: Any, mei: Any) -> None:
    tell_contacts(acme, person(1), person(2, acquired={"at": "2024-01-03T00:00:00Z"}))
    count(acme)
    with tenant_transaction(acme.pk):
        Channel.objects.for_tenant(acme).filter(slug="search").update(name="搜索广告")
    query = {"cohort": "2024-01-01", "slice": "to_date"}

    everybody = get(mei, "cohorts/cell/", **query).context
    ours = get(mei, "cohorts/cell/", **query, channel="search").context
    nobodys = get(mei, "cohorts/cell/", **query, channel="unattributed").context

    assert sorted(channel for _person, _known, channel in everybody["lines"]) == ["—", "搜索广告"]
    assert (ours["title"], nobodys["title"]) == ("搜索广告 · To date", "No channel · To date")


@pytest.mark.parametrize(
    "query",
    [
        {"cohort": "2024-01-01", "slice": "8d"},
        {"cohort": "yesterday", "slice": "7d"},
        {"cohort": "2024-13-01", "slice": "7d"},
        {"cohort": "2024-01-01", "slice": "7d", "period": "year"},
        {"cohort": "2024-01-01", "slice": "7d", "channel": "nowhere"},
    ],
)
def test_a_cell_that_does_not_exist_is_404(acme: Any, mei: Any, query: dict[str, str]) -> None:
    assert get(mei, "cohorts/cell/", **query).status_code == 404
    assert get(mei, "cohorts/cell.csv", **query).status_code == 404


def test_an_empty_board_says_what_is_missing(acme: Any, mei: Any) -> None:
    assert "A cohort needs contacts" in get(mei).content.decode()


def test_neighbours_are_on_nobody_elses_board(acme: Any, globex: Any, mei: Any) -> None:
    tell_contacts(globex, person(1))
    count(globex)

    assert get(mei).context["lines"] == []
