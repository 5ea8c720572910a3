"""The channel board as a brand manager uses it: ranks, toggles, a cell's people, a file, both languages, a phone."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from acquisition.models import Channel
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults, faults_by_path, hostile_text
from tests.console.test_channel_board import open_fair

BOARD = "/t/acme/channels/board/?as_of=2024-03-15"


def names(page: Any) -> Any:
    return page.locator(".k-table tbody .k-name .c-truncate")


def test_channels_are_ranked_sorted_opened_and_downloaded(open_browser: Any, mei: Any, acme: Any) -> None:
    open_fair(acme)
    page = open_browser(mei, language="en-US")
    page.goto(BOARD)

    expect(names(page)).to_have_text(["search", "kol", "store", "fair", "No channel"])
    expect(page.locator(".k-below")).to_contain_text("fewer than 30 contacts at this age")
    page.get_by_role("columnheader", name="7 days").get_by_role("link").click()
    expect(names(page)).to_have_text(["search", "fair", "kol", "store", "No channel"])
    expect(page.get_by_role("columnheader", name="7 days")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_label("Ranked at")).to_have_value("7d")
    page.get_by_role("radio", name="CLV").check()
    expect(page).to_have_url(re.compile("show=clv"))
    first = page.locator(".k-table tbody tr").first
    expect(first).to_contain_text("3.00")
    page.get_by_role("radio", name="Gross").check()
    expect(page).to_have_url(re.compile("basis=gross"))
    first.locator(".k-by a").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Gross CLV (7 days) = £90.00 ÷ 30 = £3.00")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert (table[0]["channel"], table[0]["clv_gross_7d"]) == ("search", "3.000000")
    first.locator(".k-by a").click()
    expect(page.locator("[data-sum=contacts]")).to_have_text("30")
    expect(page.locator("[data-sum=gross]")).to_have_text("£90.00")
    page.get_by_role("heading", level=1).get_by_role("link", name="Channel board").click()
    expect(page).to_have_url(re.compile("at=7d.*show=clv|show=clv.*at=7d"))


def test_the_board_is_reached_from_the_menu_and_speaks_chinese(open_browser: Any, mei: Any, acme: Any) -> None:
    open_fair(acme)
    page = open_browser(mei)
    page.goto("/t/acme/")

    page.get_by_role("link", name="渠道看板").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("渠道看板")
    expect(page.get_by_role("link", name="渠道看板")).to_have_attribute("aria-current", "page")
    page.goto(BOARD)
    expect(page.locator(".k-below")).to_contain_text("还没有获客日满该切片")
    page.get_by_text("为什么与广告平台的数字不同？").click()
    expect(page.locator(".k-why").first).to_contain_text("每人只计一次")


def test_a_phone_shows_ranked_cards(open_browser: Any, mei: Any, acme: Any) -> None:
    open_fair(acme)
    page = open_browser(mei, size="phone")
    page.goto(BOARD)

    expect(page.locator(".k-table")).to_be_hidden()
    cards = page.locator(".b-cards > *")
    expect(cards).to_contain_text(["search", "kol", "未排名", "store", "fair", "无渠道", "混合", "付费渠道"])
    why = cards.first.get_by_role("button", name="30 天")
    why.scroll_into_view_if_needed()
    why.click()
    expect(page.get_by_role("tooltip")).to_contain_text("£3.00 ÷ CAC £2.00 = 1.50×")
    cards.first.get_by_role("link", name="1.50×").first.click()
    expect(page.locator("[data-sum=net]")).to_have_text("£90.00")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_board_is_accessible_and_fits(open_browser: Any, mei: Any, acme: Any, size: str, theme: str) -> None:
    open_fair(acme)
    page = open_browser(mei, size=size, theme=theme)
    cell = "channels/board/cell/?cohort=2024-01-01&to=2024-01-31&slice=7d&channel=search"

    assert faults_by_path(page, ("channels/board/?as_of=2024-03-15", "channels/board/?show=clv&at=365d", cell)) == {}
    page.goto(BOARD)
    for summary in page.locator(".k-why > summary, .b-cards summary:visible").all():
        summary.click()
    assert faults(page) == []


def test_a_hostile_channel_name_is_text(open_browser: Any, mei: Any, acme: Any) -> None:
    open_fair(acme)
    with tenant_transaction(acme.pk):
        Channel.objects.for_tenant(acme).filter(slug="search").update(name=HOSTILE)

    assert hostile_text(open_browser(mei), ["channels/board/?as_of=2024-03-15"]) >= 2
