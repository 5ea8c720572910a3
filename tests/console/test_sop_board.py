"""The SOP board: its ranks and the line below them, definitions, reasons, CSV, what an empty one says."""

import csv
import io
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sop.models import SopVersion, Step, Touchpoint
from tenants.context import tenant_transaction
from tests.analytics.sop_history import Message, Purchase, Run, make_sop, people, write_messages, write_purchase
from tests.analytics.sop_history import write_runs as write_sop_runs
from tests.cast import log_in
from tests.console.segment_desk import get

SENT_AT = datetime(2026, 11, 2, 10, tzinfo=UTC)
YOUNG_AT = datetime(2026, 11, 18, 10, tzinfo=UTC)
DAYS = {"from_date": "2026-11-01", "to_date": "2026-11-19", "as_of": "2026-11-19"}
HTMX = {"HX-Request": "true"}
BOARD_QUERIES = 11


def message(at: datetime = SENT_AT, state: str = "sent") -> Message:
    return Message(0, 0, at, state, at)


def buy(tenant: Any, contacts: list[Any], amount: int, *, at: datetime = SENT_AT + timedelta(days=1)) -> None:
    for contact in contacts:
        write_purchase(tenant, contact, Purchase(0, at, "paid", amount, ()))


def open_desk(tenant: Any) -> dict[str, Any]:
    """Welcome reached 30 of 40, of whom 3 bought for £10.00 each; Win back 30, of whom 1 for £90.00; Birthday 2, of
    whom both bought; Flash 40 a day ago, of whom 10 bought; Idle nobody. 8 of Welcome's, of its second step, were late,
    2 were refused.
    """
    with tenant_transaction(tenant.pk):
        sops = {name: make_sop(tenant, name) for name in ("Welcome", "Win back", "Birthday", "Flash", "Idle")}
        some = people(tenant, 142)
        welcome, win_back, birthday, flash = some[:40], some[40:70], some[70:72], some[72:112]
        states = ["sent"] * 30 + ["skipped"] * 8 + ["failed"] * 2
        told = [(sops["Welcome"], each, message(state=state)) for each, state in zip(welcome, states, strict=True)]
        told += [(sops["Win back"], each, message()) for each in win_back]
        told += [(sops["Birthday"], each, message()) for each in birthday]
        told += [(sops["Flash"], each, message(YOUNG_AT)) for each in flash]
        write_messages(tenant, told)
        first = Step.objects.for_tenant(tenant).get(version__sop=sops["Welcome"])
        late = Touchpoint.objects.for_tenant(tenant).filter(state="skipped")
        late.update(step=make_step(tenant, first.version))
        buy(tenant, welcome[:3], 1000)
        buy(tenant, win_back[:1], 9000)
        buy(tenant, birthday, 500)
        buy(tenant, flash[:10], 1000, at=YOUNG_AT)
        ended = [("exited", "ordered", SENT_AT), ("exited", "left", SENT_AT), ("completed", "", SENT_AT)]
        write_sop_runs(tenant, [(sops["Welcome"], Run(0, SENT_AT, *each)) for each in [*ended, ("active", "", None)]])
    return sops


def make_step(tenant: Any, version: Any) -> Any:
    """The second step of a version."""
    due = {"timing": "day_at", "day": 2, "at_time": time(10)}
    return Step.objects.create(tenant=tenant, version=version, position=2, content="again", compiled=[], **due)


def board(user: Any, **query: Any) -> Any:
    return get(user, "sops/board/", **query)


def test_sops_are_ranked_and_what_cannot_be_compared_stands_below_with_the_reason(acme: Any, mei: Any) -> None:
    open_desk(acme)

    page = board(mei, **DAYS)

    assert [(line.rank, line.title, line.ranked_cell.text) for line in page.context["ranked"]] == [
        (1, "Welcome", "10.0%"),
        (2, "Win back", "3.3%"),
    ]
    assert [(line.title, line.why_unranked, line.ranked_cell.text) for line in page.context["unranked"]] == [
        ("Birthday", "fewer than 30 contacts reached", "100.0%"),
        ("Flash", "the window of 7 days is not over yet", "25.0%"),
        ("Idle", "nothing was due", "—"),
    ]
    _birthday, flash, _idle = page.context["unranked"]
    assert [(cell.is_hatched, cell.is_complete) for cell in flash.cells] == [(True, False)] * 2


def test_the_window_and_the_figure_ranked_by_are_chosen(acme: Any, mei: Any) -> None:
    open_desk(acme)

    by_revenue = board(mei, **DAYS, show="revenue").context
    young = board(mei, **DAYS, window="1d").context

    assert [(line.title, line.ranked_cell.text) for line in by_revenue["ranked"]] == [
        ("Win back", "3.00"),
        ("Welcome", "1.00"),
    ]
    assert [line.title for line in young["ranked"]] == ["Flash", "Welcome", "Win back"]


def test_figures_say_how_they_were_made(acme: Any, mei: Any) -> None:
    open_desk(acme)

    page = board(mei, **DAYS)

    welcome, flash, total = page.context["ranked"][0], page.context["unranked"][1], page.context["total"]
    assert welcome.reach_tip == "Reach rate = 30 reached ÷ 40 planned = 75.0%"
    assert [cell.tip.splitlines()[0] for cell in welcome.cells] == [
        "Bought within 7 days = 3 ÷ 30 = 10.0%",
        "Revenue per contact = £30.00 ÷ 30 = 1.00 GBP",
    ]
    assert welcome.cells[0].tip.splitlines()[1:] == [
        "Of messages sent until 12 Nov 2026, 23:59: 30 of 30 contacts reached.",
        "After a message, not because of it.",
    ]
    assert flash.cells[0].tip.splitlines()[1] == (
        "* Not complete: the window of 7 days is not over after any message. Not ranked."
    )
    assert welcome.runs_tip.splitlines() == [
        "Entered 4 = under way 1 + completed 1 + left early 2",
        "left the segment 1",
        "placed an order 1",
    ]
    assert (total.planned, total.reached, total.buyers, total.orders, total.net) == (112, 102, 6, 6, "130.00")


def test_messages_are_told_by_what_became_of_them_and_open_the_list_of_the_same(acme: Any, mei: Any) -> None:
    sops = open_desk(acme)
    days = {"from_date": "2026-11-01", "to_date": "2026-11-03"}

    parts = _line(board(mei, **days), "Welcome").parts

    assert [(part.state, part.label, part.count) for part in parts] == [
        ("sent", "sent", 30),
        ("failed", "the provider refused it", 2),
        ("skipped", "too late", 8),
    ]
    late = parts[2].link
    assert late == f"sop={sops['Welcome'].pk}&state=skipped&reason=late&due_from=2026-11-01&due_to=2026-11-03"
    listed = log_in(mei).get(f"/t/acme/touchpoints/?{late}")
    assert len(listed.context["lines"]) == 8
    # what is read as of a day may have changed since
    assert {part.link for part in _line(board(mei, **DAYS), "Welcome").parts} == {""}


def test_messages_are_told_step_by_step_with_the_version_where_there_are_several(acme: Any, mei: Any) -> None:
    welcome = open_desk(acme)["Welcome"]
    days = {"from_date": "2026-11-01", "to_date": "2026-11-03"}
    line = _line(board(mei, **days), "Welcome")
    with tenant_transaction(acme.pk):
        step = Step.objects.for_tenant(acme).get(version__sop=welcome, position=2)
        second = SopVersion.objects.create(
            tenant=acme, sop=welcome, number=2, segment_id=step.version.segment_id, created_at=SENT_AT
        )
        refused = Touchpoint.objects.for_tenant(acme).filter(sop=welcome, state="failed")
        refused.update(step=make_step(acme, second))
    titles = [each.title for each in _line(board(mei, **days), "Welcome").steps]

    assert [(each.title, [(part.label, part.count) for part in each.parts]) for each in line.steps] == [
        ("Step 1 · At entry", [("sent", 30), ("the provider refused it", 2)]),
        ("Step 2 · Day 2 · 10:00", [("too late", 8)]),
    ]
    assert f"&step={step.pk}&" in line.steps[1].parts[0].link
    assert titles == [
        "Version 2, step 2 · Day 2 · 10:00",
        "Version 1, step 1 · At entry",
        "Version 1, step 2 · Day 2 · 10:00",
    ]


def test_a_row_leads_to_its_sop_and_the_board_is_reached_from_menu_and_list(
    acme: Any, alice: Any, bob: Any, mei: Any
) -> None:
    sops = open_desk(acme)

    for user in (alice, bob, mei):
        assert f'href="/t/acme/sops/{sops["Welcome"].pk}/"' in board(user, **DAYS).content.decode()
        assert get(user, "sops/").content.decode().count('href="/t/acme/sops/board/"') == 2


def test_staff_do_not_open_it(acme: Any, mei: Any) -> None:
    from tenants.models import Membership

    Membership.objects.filter(tenant=acme, user=mei).update(role="staff")

    assert board(mei).status_code == 403
    assert get(mei, "sops/board.csv").status_code == 403


def test_a_wrong_range_is_told(acme: Any, mei: Any) -> None:
    open_desk(acme)

    backwards = board(mei, from_date="2026-11-02", to_date="2026-11-01").content.decode()
    endless = board(mei, from_date="2020-01-01").content.decode()

    assert "Due to: This is before the first day." in backwards
    assert "Due from: A board holds at most 366 days." in endless


def test_the_csv_is_what_is_shown(acme: Any, mei: Any) -> None:
    open_desk(acme)

    page, answer = board(mei, **DAYS, show="revenue"), get(mei, "sops/board.csv", **DAYS, show="revenue")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    lines = [*page.context["ranked"], *page.context["unranked"]]
    assert [row["name"] for row in rows] == [*(line.title for line in lines), "all"]
    assert [row["rank"] for row in rows] == [str(line.rank or "") for line in lines] + [""]
    assert (rows[0]["revenue_net_GBP"], rows[0]["bought_share"], rows[0]["complete"]) == ("90.00", "0.033333", "True")
    assert (rows[1]["messages_skipped_late"], rows[1]["runs_ordered"]) == ("8", "1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sops-revenue-7d.csv"'


@pytest.mark.parametrize("sops", [1, 3])
def test_the_board_costs_the_same_queries_whatever_it_holds(acme: Any, mei: Any, sops: int) -> None:
    with tenant_transaction(acme.pk):
        (ann,) = people(acme, 1)
        write_messages(acme, [(make_sop(acme, f"S{number}"), ann, message()) for number in range(sops)])
        buy(acme, [ann], 1000)
    browser = log_in(mei)

    with CaptureQueriesContext(connection) as seen:
        page = browser.get("/t/acme/sops/board/", DAYS, headers=HTMX)

    assert len(page.context["unranked"]) == sops
    assert len(seen) == BOARD_QUERIES


def test_a_shop_that_stopped_sending_orders_is_named(acme: Any, mei: Any) -> None:
    with tenant_transaction(acme.pk):
        (ann,) = people(acme, 1)
        write_messages(acme, [(make_sop(acme, "Welcome"), ann, message())])
        buy(acme, [ann], 1000, at=SENT_AT - timedelta(days=40))

    assert "No order has been paid since 23 Sep 2026" in board(mei, **DAYS).content.decode()


def test_an_empty_board_says_what_to_do_next(acme: Any, mei: Any, bob: Any) -> None:
    assert 'href="/t/acme/sops/new/">New SOP</a>' in board(bob).content.decode()
    assert 'href="/t/acme/sops/">See the SOPs</a>' in board(mei).content.decode()

    with tenant_transaction(acme.pk):
        make_sop(acme, "Idle")

    assert "no message was due in the last 30 days" in board(bob).content.decode()
    assert "Clear the filters" in board(bob, **DAYS).content.decode()


def test_neighbours_are_on_nobody_elses_board(acme: Any, globex: Any, mei: Any, charlie: Any) -> None:
    open_desk(globex)

    assert log_in(charlie).get("/t/globex/sops/board/", DAYS).context["board"].total.due == 112
    assert board(mei, **DAYS).context["board"].rows == ()


def _line(page: Any, title: str) -> Any:
    return next(each for each in (*page.context["ranked"], *page.context["unranked"]) if each.title == title)
