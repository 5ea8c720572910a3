"""The channel board: its ranks and the line below them, definitions, CSV, and the people behind a cell."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.channels import ChannelMonth
from scrm.console.work.board_figures import Figures
from scrm.console.work.channel_board_trend import trend
from tests.cast import log_in
from tests.console.shop_floor import count, open_shop, person, tell_contacts, tell_spend
from tests.orders.shop import order_body, post_orders

ENGLISH = {"accept-language": "en"}
HTMX = {"HX-Request": "true"}
BOARD_QUERIES = 21
LATER = {"as_of": "2024-12-31"}


def get(user: Any, path: str = "channels/board/", **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers=ENGLISH)


def cell(line: Any, name: str) -> Any:
    return next(each for each in line.cells if each.slice == name)


def open_fair(tenant: Any) -> None:
    """January: 30 by search at £2.00 each, of whom one buys for £90.00; 30 by a KOL at £1.00 each, who buy nothing;
    2 by a store at £1.00 each, of whom one buys for £60.00; one without a channel. In March a fair brings 40.
    """
    came = {"search": range(1, 31), "kol": range(101, 131), "store": range(201, 203)}
    for channel, numbers in came.items():
        tell_contacts(
            tenant,
            *(person(each, acquired={"at": "2024-01-02T00:00:00Z", "channel": channel}) for each in numbers),
        )
    tell_contacts(tenant, person(301, acquired={"at": "2024-01-02T00:00:00Z"}))
    fair = ({"at": "2024-03-02T00:00:00Z", "channel": "fair"} for _ in range(40))
    tell_contacts(tenant, *(person(401 + number, acquired=acquired) for number, acquired in enumerate(fair)))
    post_orders(tenant, order_body("o1", buyer={"shop_buyer_id": "b1"}, amount="90.00"))
    post_orders(tenant, order_body("o2", buyer={"shop_buyer_id": "b201"}, amount="60.00"))
    costs = {"search": ("01", "60.00"), "kol": ("01", "30.00"), "store": ("01", "2.00"), "fair": ("03", "40.00")}
    tell_spend(
        tenant,
        *(
            {"external_id": slug, "channel": slug, "month": f"2024-{month}", "amount": amount, "currency": "GBP"}
            for slug, (month, amount) in costs.items()
        ),
    )
    count(tenant)


def test_channels_are_ranked_and_what_cannot_be_compared_stands_below_with_the_reason(acme: Any, mei: Any) -> None:
    open_fair(acme)

    page = get(mei, as_of="2024-03-15")

    ranked = [(line.rank, line.slug, cell(line, "30d").text) for line in page.context["ranked"]]
    below = [(line.slug, line.why_unranked) for line in page.context["unranked"]]
    assert ranked == [(1, "search", "1.50×"), (2, "kol", "0.00×")]
    assert below == [
        ("store", "fewer than 30 contacts at this age"),
        ("fair", "no day complete at this age yet"),
        ("unattributed", "no cost, so no ROI"),
    ]
    store, fair, _nobody = page.context["unranked"]
    assert (cell(store, "30d").text, cell(store, "30d").is_hatched) == ("30.00×", True)
    assert [cell(fair, name).is_hatched for name in ("7d", "30d")] == [False, True]
    assert "No channel" in page.content.decode()


def test_the_age_ranked_by_and_the_figure_are_chosen(acme: Any, mei: Any) -> None:
    open_fair(acme)

    young = get(mei, as_of="2024-03-15", at="7d").context
    by_clv = get(mei, as_of="2024-03-15", show="clv", basis="gross").context

    assert [line.slug for line in young["ranked"]] == ["search", "fair", "kol"]
    assert [(line.slug, line.ranked_cell.text) for line in by_clv["ranked"]] == [("search", "3.00"), ("kol", "0.00")]
    assert [age.slice for age in young["ages"] if age.is_ranked_by] == ["7d"]


def test_figures_say_how_they_were_made(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)

    line = get(mei, **LATER, at="90d").context["unranked"][0]

    assert (line.cost, line.contacts, line.cac, line.cac_tip) == ("60.00", 3, "20.00", "CAC = £60.00 ÷ 3 = £20.00")
    assert cell(line, "30d").tip.splitlines() == [
        "ROI (30 days) = Net CLV £26.67 ÷ CAC £20.00 = 1.33×",
        "Acquired up to 31 Jan 2024: 3 of 3 contacts, and £60.00 of cost.",
        "Fewer than 30 contacts: read it with care.",
    ]
    assert line.payback == "0.13 d"
    assert line.payback_tip.endswith("Of those acquired up to 31 Jan 2024, whose days are complete at 90 days.")


def test_an_incomplete_figure_shows_the_mature_contacts_beside_it(acme: Any, mei: Any) -> None:
    tell_contacts(acme, person(1, acquired={"at": "2024-01-02T00:00:00Z", "channel": "search"}))
    tell_contacts(acme, person(2, acquired={"at": "2024-01-02T20:00:00Z", "channel": "search"}))
    post_orders(acme, order_body("o1", buyer={"shop_buyer_id": "b1"}), order_body("o2", buyer={"shop_buyer_id": "b1"}))
    # the board is read at the last purchase: 7 days and 12 hours after the first contact came
    at = "2024-01-09T12:00:00Z"
    post_orders(acme, order_body("o3", buyer={"shop_buyer_id": "b2"}, paid_at=at, updated_at=at))
    count(acme)

    line = get(mei, at="7d", show="clv").context["unranked"][0]

    assert (cell(line, "7d").text, cell(line, "7d").beside) == ("45.00", "n = 1: CLV 60.00")
    assert "* Not complete: no day of its 2 contacts has reached 7 days. Not ranked." in cell(line, "7d").tip


def test_blended_and_paid_cac_are_rows_of_their_own(acme: Any, mei: Any) -> None:
    open_fair(acme)

    blended, paid = get(mei, **LATER).context["sums"]

    assert (blended.contacts, blended.cost, blended.cac) == (103, "132.00", "1.28")
    assert (paid.contacts, paid.cost, paid.cac) == (102, "132.00", "1.29")
    assert (blended.opens, paid.opens) == (True, False)


def test_shares_compare_cost_with_value(acme: Any, mei: Any) -> None:
    open_fair(acme)

    page = get(mei, as_of="2024-02-29", at="7d")

    shares = {line.slug: (line.cost_bar, line.value_bar) for line in page.context["channels"]}
    assert shares["search"] == ("0.6522", "0.6000")
    assert shares["store"] == ("0.0217", "0.4000")


def test_a_range_of_days_is_exact_and_a_wrong_one_is_told(acme: Any, mei: Any) -> None:
    open_fair(acme)

    march = get(mei, **LATER, from_date="2024-03-02", to_date="2024-03-02")
    wrong = get(mei, from_date="2024-03-02", to_date="2024-03-01")

    (fair,) = march.context["channels"]
    assert (fair.slug, fair.contacts, fair.cost) == ("fair", 40, "1.29")
    assert "Acquired to: This is before the first day." in wrong.content.decode()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_board_costs_the_same_queries_whatever_it_holds(acme: Any, mei: Any, channels: int) -> None:
    for number in range(channels):
        acquired = {"at": "2024-01-02T00:00:00Z", "channel": f"c{number}"}
        tell_contacts(acme, person(number, acquired=acquired))
        post_orders(acme, order_body(f"o{number}", buyer={"shop_buyer_id": f"b{number}"}))
        cost = {"month": "2024-01", "amount": "10.00", "currency": "GBP"}
        tell_spend(acme, {"external_id": f"s{number}", "channel": f"c{number}", **cost})
    count(acme)
    browser = log_in(mei)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/channels/board/", LATER, headers=HTMX)

    assert len(seen) == BOARD_QUERIES


def test_the_csv_is_what_is_shown(acme: Any, mei: Any) -> None:
    open_fair(acme)
    query = {"as_of": "2024-03-15", "at": "7d"}

    page, answer = get(mei, **query), get(mei, "channels/board.csv", **query)

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    lines = page.context["channels"]
    assert [row["channel"] for row in rows] == [*(line.slug for line in lines), "all", "all_paid"]
    assert [row["rank"] for row in rows] == [str(line.rank or "") for line in lines] + ["", ""]
    values = [line.ranked_cell.value for line in lines]
    assert [row["roi_net_7d"] for row in rows[:5]] == ["" if value is None else str(value) for value in values]
    assert (rows[0]["cost_GBP"], rows[0]["contacts"], rows[0]["complete_60d"]) == ("60.00", "30", "1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="channels-roi-net-7d.csv"'


def test_a_cell_opens_its_contacts_and_leads_back(acme: Any, mei: Any) -> None:
    open_fair(acme)
    query = {"as_of": "2024-03-15", "at": "60d"}
    board = get(mei, **query).context
    search = next(line for line in board["channels"] if line.slug == "search")
    opened = cell(search, "60d")
    address = f"{board['cell_address']}&to={opened.last_date}&slice=60d&channel=search"

    page = log_in(mei).get(address, headers=ENGLISH)
    file = log_in(mei).get(address.replace("/channels/board/cell/", "/cohorts/cell.csv"))

    sums = page.context["totals"]
    assert (sums.contacts, sums.buyers, sums.net_minor) == (opened.contacts, 1, 9000) == (30, 1, 9000)
    assert page.context["title"] == "search · 60 days"
    assert page.context["parent_link"] == "/t/acme/channels/board/?as_of=2024-03-15&at=60d"
    assert len(list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))) == 31


@pytest.mark.parametrize("days", ["&to=2023-12-31", "&to=yesterday", "&to="])
def test_a_range_of_days_that_is_none_is_404(acme: Any, mei: Any, days: str) -> None:
    assert log_in(mei).get(f"/t/acme/channels/board/cell/?cohort=2024-01-01&slice=7d{days}").status_code == 404


def test_an_empty_board_leads_to_spend(acme: Any, mei: Any, bob: Any) -> None:
    for user, said in ((mei, "Channels and spend"), (bob, "Enter a cost")):
        page = get(user).content.decode()
        assert "A channel needs contacts or spend" in page
        assert f'href="/t/acme/channels/">{said}</a>' in page


def test_who_reads_boards_finds_it_in_the_menu(acme: Any, alice: Any, bob: Any, mei: Any) -> None:
    for user in (alice, bob, mei):
        assert 'href="/t/acme/channels/board/"' in get(user, "channels/board/").content.decode()


def test_neighbours_are_on_nobody_elses_board(acme: Any, globex: Any, mei: Any) -> None:
    tell_contacts(globex, person(1))
    count(globex)

    assert get(mei).context["channels"] == []


def test_a_trend_fills_its_height_with_the_largest_month() -> None:
    months = [
        ChannelMonth(month=date(2024, 1, 1), contacts=10, cost_minor=500, cac=Decimal("0.50")),
        ChannelMonth(month=date(2024, 2, 1), contacts=0, cost_minor=0, cac=None),
        ChannelMonth(month=date(2024, 3, 1), contacts=5, cost_minor=100, cac=Decimal("0.20")),
    ]

    found = trend(months, figures=Figures("GBP", "roi", "net"))

    assert [(bar.x, bar.y, bar.height) for bar in found.bars] == [(0, 0.0, 20.0), (5, 20.0, 0.0), (10, 10.0, 10.0)]
    assert found.words == "2024-01  10 · CAC 0.50\n2024-02  0 · CAC —\n2024-03  5 · CAC 0.20"
    assert (found.width, found.newest_cac) == (15, "0.20")
