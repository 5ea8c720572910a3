"""The repurchase board as a brand manager uses it: charts, ranges, a file, both languages, a phone."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.looking import faults
from tests.console.test_repurchase_board import open_counter

BOARD = "/t/acme/repurchase/?as_of=2024-06-30"
DRAWN = "figure => Chart.getChart(document.querySelector(`canvas[data-figure=${figure}]`)).data.datasets[0].data.length"


def test_a_board_is_drawn_narrowed_and_downloaded(open_browser: Any, mei: Any, acme: Any) -> None:
    open_counter(acme)
    page = open_browser(mei, language="en-US")
    page.goto(BOARD)

    expect(page.get_by_role("note").first).to_contain_text("This is not a lift")
    row = page.get_by_role("row", name="1 touch")
    expect(row).to_contain_text("20.0%")
    row.scroll_into_view_if_needed()
    row.get_by_text("20.0%").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("95% interval: 9.5% to 37.3%")
    assert [page.evaluate(DRAWN, figure) for figure in ("touches", "again")] == [5, 122]
    page.get_by_label("Reached from").fill("2024-05-10")
    page.get_by_label("Reached from").dispatch_event("change")
    expect(page).to_have_url(re.compile("from_date=2024-05-10"))
    expect(page.locator(".c-kpis")).to_contain_text("private chat: 33 of 63 contacts, 38 messages")
    # what htmx brought is drawn too
    assert [page.evaluate(DRAWN, figure) for figure in ("touches", "again")] == [5, 122]
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text)))["count"] == "33"


def test_the_board_is_reached_from_the_menu_and_speaks_chinese(open_browser: Any, mei: Any, acme: Any) -> None:
    open_counter(acme)
    page = open_browser(mei)
    page.goto("/t/acme/")

    page.get_by_role("link", name="触达与复购").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("触达与复购")
    expect(page.get_by_role("link", name="触达与复购")).to_have_attribute("aria-current", "page")
    page.goto(BOARD)
    expect(page.get_by_role("note").first).to_contain_text("相关，不是因果")
    expect(page.locator(".c-kpis")).to_contain_text("群聊、朋友圈：尚未接入")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_board_is_accessible_and_fits(open_browser: Any, mei: Any, acme: Any, size: str, theme: str) -> None:
    open_counter(acme)
    page = open_browser(mei, size=size, theme=theme)

    page.goto(BOARD)
    page.locator(".k-why > summary").click()
    page.locator(".w-more > summary").click()

    assert faults(page) == []


def test_an_empty_board_is_accessible_and_fits(open_browser: Any, mei: Any, acme: Any) -> None:
    page = open_browser(mei, size="phone")

    page.goto("/t/acme/repurchase/")

    expect(page.get_by_role("heading", name="还没有可触达的人")).to_be_visible()
    assert faults(page) == []
