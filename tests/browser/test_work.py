"""The work screens as people use them: real orders over REST, a worker, the board, a cell, its people."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from contacts.models import Contact
from orders.models import Order, Source
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults_by_path, hostile_text
from tests.browser.test_shell import LATIN, words
from tests.console.shop_floor import count, open_shop, person, tell_contacts
from tests.orders.shop import order_body, post_orders

WORK_PAGES = (
    "",
    "?days=90",
    "contacts/",
    "contacts/export/",
    "jobs/",
    "orders/",
    "orders/waiting/",
    "channels/",
    "channels/board/",
    "repurchase/",
    "cohorts/",
    "cohorts/?show=roi",
    "segments/",
    "sops/",
    "sops/board/",
    "touchpoints/",
    "inbox/",
)
# what a member keeps for itself changes no data of the brand
OWN_FORMS = ':not([action*="contacts/views/"], [action*="contacts/columns/"])'
EDITORS_PAGES = ("sops/new/?from=welcome", "touchpoints/limit/")


@pytest.fixture
def busy_shop(acme: Any) -> list[str]:
    """Acme with data of every kind; the addresses of all its work screens."""
    open_shop(acme, people=3)
    with tenant_transaction(acme.pk):
        Source.objects.create(tenant=acme, slug="desk", name="收银台", unknown_buyer="match")
    post_orders(acme, order_body("w1", buyer={"shop_buyer_id": "nobody"}), source="desk")
    tell_contacts(acme, person(4, name=HOSTILE, tags=["口味/辣"]), person(5, acquired=None))
    count(acme)
    with tenant_transaction(acme.pk):
        contact = Contact.objects.for_tenant(acme).get(name="顾客1").pk
        order = Order.objects.for_tenant(acme).get(external_id="o1").pk
    cell = "cohorts/cell/?cohort=2024-01-01&slice=30d"
    return [*WORK_PAGES, cell, f"contacts/{contact}/", f"orders/{order}/"]


def rows(page: Any, within: str) -> Any:
    return page.locator(f"{within} tbody tr")


def test_orders_sent_over_rest_come_to_the_board_and_open_down_to_the_person(
    open_browser: Any, mei: Any, acme_key: str, worker: None
) -> None:
    page = open_browser(mei)
    sent = page.request.post(
        "/api/v1/orders/bulk",
        headers={"Authorization": f"Bearer {acme_key}"},
        data={
            "source": "shop",
            "orders": [
                order_body("o1", buyer={"shop_buyer_id": "b1", "name": "王小明"}),
                order_body("o2", buyer={"shop_buyer_id": "b2", "name": "李雷"}, amount="70.00"),
            ],
        },
    )
    assert [row["status"] for row in sent.json()["results"]] == ["created", "created"]

    page.goto("/t/acme/cohorts/")
    for _ in range(60):
        if rows(page, ".b-table").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(rows(page, ".b-table").locator("th")).to_have_text(re.compile("2024-01"))
    page.locator(".b-table tbody a").last.click()
    expect(page.locator("[data-sum=contacts]")).to_have_text("2")
    expect(page.locator("[data-sum=net]")).to_have_text("£100.00")
    page.get_by_role("link", name="李雷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("李雷")
    page.get_by_role("link", name="o2").click()
    expect(page.locator("body")).to_contain_text("£70.00")


def test_the_board_toggles_explains_and_downloads_what_it_shows(open_browser: Any, mei: Any, acme: Any) -> None:
    open_shop(acme, people=3)
    page = open_browser(mei, language="en-US")
    page.goto("/t/acme/cohorts/")

    page.get_by_role("radio", name="ROI").check()
    expect(rows(page, ".b-table").first).to_contain_text("1.33×")
    expect(page).to_have_url(re.compile("show=roi"))
    page.get_by_role("radio", name="Gross").check()
    expect(rows(page, ".b-table").first).not_to_contain_text("1.33×")
    page.locator(".b-table tbody .w-tip", has_text="20.00").focus()
    expect(page.get_by_role("tooltip")).to_have_text("CAC = £60.00 ÷ 3 = £20.00")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.locator(".b-table tbody a").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("÷ CAC £20.00")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert (table[0]["cohort"], table[0]["roi_gross_to_date"]) == ("2024-01-01", "1.500000")


def test_a_phone_shows_the_board_once_as_cards_and_a_desktop_as_a_table(open_browser: Any, mei: Any, acme: Any) -> None:
    open_shop(acme, people=3)
    phone, desktop = open_browser(mei, size="phone"), open_browser(mei)

    for page in (phone, desktop):
        page.goto("/t/acme/cohorts/?as_of=2024-12-31")

    expect(desktop.locator(".b-table")).to_be_visible()
    expect(desktop.locator(".b-cards")).to_be_hidden()
    expect(phone.locator(".b-table")).to_be_hidden()
    month, totals = phone.locator(".b-cards details").all()
    expect(month).to_contain_text("26.67")
    month.get_by_role("button", name="30 天").click()
    expect(phone.get_by_role("tooltip")).to_contain_text("£80.00 ÷ 3 = £26.67")
    totals.locator("summary").click()
    expect(totals).to_contain_text("26.67")
    month.locator("summary").click()
    month.get_by_role("link", name="26.67").first.click()
    expect(phone.locator("[data-sum=net]")).to_have_text("£80.00")


def test_the_contacts_of_a_cell_are_downloaded(open_browser: Any, mei: Any, acme: Any) -> None:
    open_shop(acme, people=3)
    page = open_browser(mei)
    page.goto("/t/acme/cohorts/cell/?cohort=2024-01-01&slice=30d")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()

    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == ["顾客2", "顾客3", "顾客1"]
    assert download.value.suggested_filename == "2024-01-30d-contacts.csv"


def test_the_board_filters_and_the_way_back_keeps_the_filter(open_browser: Any, mei: Any, acme: Any) -> None:
    open_shop(acme, people=3)
    tell_contacts(acme, person(9, acquired={"at": "2024-01-20T00:00:00Z", "channel": "store"}))
    count(acme)
    page = open_browser(mei, language="en-US")
    page.goto("/t/acme/cohorts/")

    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Channel").select_option("store")
    expect(rows(page, ".b-table").first.locator("td").first).to_have_text("1")
    page.locator(".b-table tbody a").last.click()
    expect(page.locator("[data-sum=contacts]")).to_have_text("1")
    page.get_by_role("heading", level=1).get_by_role("link", name="Cohort board").click()
    expect(page).to_have_url(re.compile("channel=store"))
    expect(rows(page, ".b-table").first.locator("td").first).to_have_text("1")


def test_the_chart_draws_five_cohorts_at_most_and_redraws_with_the_table(
    open_browser: Any, mei: Any, acme: Any
) -> None:
    for month in range(1, 8):
        tell_contacts(acme, person(month, acquired={"at": f"2024-0{month}-02T00:00:00Z", "channel": "search"}))
    count(acme)
    page = open_browser(mei)
    page.goto("/t/acme/cohorts/")
    drawn = page.locator(".b-series [aria-pressed=true]")

    expect(drawn).to_have_count(5)
    page.locator(".b-series [aria-pressed=false]").first.click()
    expect(drawn).to_have_count(5)
    drawn.first.click()
    expect(drawn).to_have_count(4)
    page.get_by_role("radio", name="收入").check()
    expect(page).to_have_url(re.compile("show=revenue"))
    expect(drawn).to_have_count(5)


def test_search_as_one_types_and_rows_that_load_and_open(open_browser: Any, bob: Any, acme: Any) -> None:
    tell_contacts(acme, *(person(number) for number in range(1, 61)), person(99, name="小龙女"))
    page = open_browser(bob)
    page.goto("/t/acme/contacts/")
    table = rows(page, "#contacts")

    expect(table).to_have_count(51)
    page.locator(".w-after-row a").click()
    expect(table).to_have_count(61)
    page.keyboard.press("/")
    page.locator("#contact-search").fill("龙")
    expect(table).to_have_count(1)
    expect(page).to_have_url(re.compile("q="))
    page.locator("#contacts tbody td:not(.w-pick)").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("小龙女")


def test_a_cost_is_entered_and_shown(open_browser: Any, bob: Any, acme: Any) -> None:
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/channels/")

    page.locator("#spend-channel").select_option(label="New channel …")
    page.get_by_label("Name", exact=True).fill("Store")
    page.get_by_label("Slug", exact=True).fill("store")
    page.get_by_label("Amount (GBP)").fill("90.10")
    page.get_by_role("button", name="Enter").click()

    expect(page.locator("body")).to_contain_text("£90.10")


def test_a_brand_manager_reads_boards_with_masked_phones_and_edits_nothing(
    open_browser: Any, mei: Any, busy_shop: list[str]
) -> None:
    page = open_browser(mei)

    for path in busy_shop:
        page.goto(f"/t/acme/{path}")
        expect(page.locator("body")).not_to_contain_text("+8613800000001")
        edits = page.locator(f"main form[method=post]{OWN_FORMS}, .c-page form[method=post]{OWN_FORMS}")
        expect(edits).to_have_count(int(path == "contacts/export/"))
    refused = page.goto("/t/acme/settings/keys/")
    assert refused.status == 403


def test_a_hostile_nickname_is_text_on_every_work_screen(
    open_browser: Any, bob: Any, acme: Any, busy_shop: list[str]
) -> None:
    page = open_browser(bob)
    with tenant_transaction(acme.pk):
        theirs = Contact.objects.for_tenant(acme).get(name=HOSTILE).pk

    assert hostile_text(page, [*busy_shop, f"contacts/{theirs}/", "contacts/?q=img"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_work_screens_are_accessible_and_fit(
    open_browser: Any, alice: Any, busy_shop: list[str], size: str, theme: str
) -> None:
    page = open_browser(alice, size=size, theme=theme)

    assert faults_by_path(page, busy_shop) == {}


def test_empty_screens_are_accessible_and_fit(open_browser: Any, alice: Any) -> None:
    page = open_browser(alice, size="phone")

    assert faults_by_path(page, (*WORK_PAGES, *EDITORS_PAGES)) == {}


def test_work_screens_speak_one_language(open_browser: Any, alice: Any, acme: Any) -> None:
    open_shop(acme, people=2)
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).update(name="")
    chinese, english = open_browser(alice), open_browser(alice, language="en-US")

    latin, han = {}, {}
    for path in (*WORK_PAGES, *EDITORS_PAGES):
        chinese.goto(f"/t/acme/{path}")
        english.goto(f"/t/acme/{path}")
        spoken = re.sub(r"\bsearch\b|\bshop\b|\bo\d\b", " ", LATIN.sub(" ", words(chinese)))
        latin[path] = re.findall(r"[A-Za-z]{2,}", spoken)
        han[path] = re.findall(r"[\u4e00-\u9fff]+", words(english).replace("中文", ""))

    assert latin == {path: [] for path in (*WORK_PAGES, *EDITORS_PAGES)}
    assert han == {path: [] for path in (*WORK_PAGES, *EDITORS_PAGES)}
