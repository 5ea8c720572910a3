"""The SOP board as a brand manager uses it: ranks, windows, reasons that open, a file, both languages, a phone."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sop.models import Sop
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults, faults_by_path, hostile_text
from tests.console.test_sop_board import open_desk

DAYS = "from_date=2026-11-01&to_date=2026-11-19"
BOARD = f"/t/acme/sops/board/?{DAYS}&as_of=2026-11-19"


def names(page: Any) -> Any:
    return page.locator(".k-table tbody .k-name .c-truncate")


def test_sops_are_ranked_windows_chosen_and_figures_explained_and_downloaded(
    open_browser: Any, mei: Any, acme: Any
) -> None:
    open_desk(acme)
    page = open_browser(mei, language="en-US")
    page.goto(BOARD)

    expect(names(page)).to_have_text(["Welcome", "Win back", "Birthday", "Flash", "Idle"])
    expect(page.locator(".k-below")).to_contain_text("the window of 7 days is not over yet")
    page.get_by_role("columnheader", name="Per contact").get_by_role("link").click()
    expect(names(page)).to_have_text(["Win back", "Welcome", "Birthday", "Flash", "Idle"])
    expect(page.get_by_role("columnheader", name="Per contact")).to_have_attribute("aria-sort", "descending")
    page.locator(".k-table .p-steps > summary").click()
    expect(page.locator(".k-table .p-steps li")).to_contain_text(["Step 1 · At entry", "Step 2 · Day 2 · 10:00"])
    page.get_by_role("radio", name="1 day", exact=True).check()
    expect(page).to_have_url(re.compile("window=1d"))
    expect(names(page)).to_have_text(["Win back", "Flash", "Welcome", "Birthday", "Idle"])
    page.locator(".k-table tbody tr").first.locator(".k-by .w-tip").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Revenue per contact = £90.00 ÷ 30 = 3.00 GBP")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert (table[0]["name"], table[0]["window"], table[0]["revenue_per_contact"]) == ("Win back", "1d", "3.000000")


def test_reasons_open_their_messages_and_a_row_its_sop(open_browser: Any, mei: Any, acme: Any) -> None:
    open_desk(acme)
    page = open_browser(mei, language="en-US")
    page.goto(f"/t/acme/sops/board/?{DAYS}")

    page.locator(".k-table").get_by_role("link", name="too late 8").first.click()

    expect(page.locator("table tbody tr")).to_have_count(8)
    page.goto(BOARD)
    page.locator(".k-table").get_by_role("link", name="Win back").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Win back")


def test_the_board_is_reached_from_the_menu_and_speaks_chinese(open_browser: Any, mei: Any, acme: Any) -> None:
    open_desk(acme)
    page = open_browser(mei)
    page.goto("/t/acme/")

    page.get_by_role("link", name="SOP 看板").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("SOP 看板")
    expect(page.get_by_role("link", name="SOP 看板")).to_have_attribute("aria-current", "page")
    page.goto(BOARD)
    expect(page.locator(".k-below")).to_contain_text("尚未满 7 天")
    expect(page.locator("#board")).to_contain_text("不等于因消息而购买")


def test_a_phone_shows_ranked_cards(open_browser: Any, mei: Any, acme: Any) -> None:
    open_desk(acme)
    page = open_browser(mei, size="phone")
    page.goto(BOARD)

    expect(page.locator(".k-table")).to_be_hidden()
    cards = page.locator(".b-cards > *")
    expect(cards).to_contain_text(["Welcome", "Win back", "未排名", "Birthday", "Flash", "Idle", "全部 SOP"])
    why = cards.first.get_by_role("button", name="7 天内购买")
    why.scroll_into_view_if_needed()
    why.click()
    expect(page.get_by_role("tooltip")).to_contain_text("7 天内购买 = 3 ÷ 30 = 10.0%")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_board_is_accessible_and_fits(open_browser: Any, mei: Any, acme: Any, size: str, theme: str) -> None:
    open_desk(acme)
    page = open_browser(mei, size=size, theme=theme)

    assert faults_by_path(page, (f"sops/board/?{DAYS}", "sops/board/?from_date=2020-01-01&to_date=2020-01-02")) == {}
    page.goto(BOARD)
    page.locator(".p-steps:visible > summary").click()
    assert faults(page) == []
    for summary in page.locator(".k-why > summary, .p-card:visible > summary").all():
        summary.click()
    assert faults(page) == []


def test_a_hostile_name_is_text(open_browser: Any, mei: Any, acme: Any) -> None:
    open_desk(acme)
    with tenant_transaction(acme.pk):
        Sop.objects.for_tenant(acme).filter(name="Welcome").update(name=HOSTILE)

    assert hostile_text(open_browser(mei), [f"sops/board/?{DAYS}&as_of=2026-11-19"]) >= 1
