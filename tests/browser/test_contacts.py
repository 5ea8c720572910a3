"""The contact list all day: export, bulk tag, views, selection and keyboard; with a real worker."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from contacts.models import ContactTag
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults, hostile_text
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.segments.audience import people, tag


def rows(page: Any) -> Any:
    return page.locator("#contacts tbody tr[data-href]")


def test_a_filtered_list_is_exported_and_fetched(open_browser: Any, bob: Any, acme: Any, worker: None) -> None:
    tell_contacts(acme, person(1), person(2, name="=cmd|' /C calc'!A0"), person(3, name="小龙女"))
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/contacts/")

    page.get_by_role("link", name="Export").first.click()
    page.get_by_label("Last order").uncheck()
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("link", name="Download contacts.csv").click(timeout=30_000)

    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert [row["name"] for row in table] == ["小龙女", "'=cmd|' /C calc'!A0", "顾客1"]
    assert "last_order" not in table[0]
    expect(page.locator("#job")).to_contain_text("Kept until")
    page.goto("/t/acme/jobs/")
    expect(page.get_by_role("link", name="contacts.csv")).to_be_visible()


def test_many_are_tagged_behind_a_bar(open_browser: Any, bob: Any, acme: Any, worker: None) -> None:
    vip, ids = tag(acme, "vip"), people(acme, 3_500)
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/contacts/tagging/")

    expect(page.locator("form.c-form")).to_contain_text("in the background")
    page.get_by_label("Tag", exact=True).select_option(str(vip))
    page.get_by_role("button", name="Change 3,500 contacts").click()
    expect(page.locator("#job progress")).to_be_visible()
    expect(page.locator("#job")).to_contain_text("Put on 3,500; 0 had it already.", timeout=60_000)
    expect(page.locator("#job progress")).to_have_count(0)

    with tenant_transaction(acme.pk):
        assert ContactTag.objects.for_tenant(acme).filter(tag_id=vip).count() == len(ids)


def test_a_view_is_saved_opened_and_deleted(open_browser: Any, bob: Any, acme: Any) -> None:
    open_shop(acme, people=3)
    tell_contacts(acme, person(9, name="小龙女", tags=["口味/辣"]))
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/contacts/")

    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Tags").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#contacts thead")).to_contain_text("Tags")
    page.locator("#contact-search").fill("小龙")
    expect(rows(page)).to_have_count(1)
    page.get_by_text("Save as view").click()
    page.get_by_label("Name", exact=True).fill("Dragons")
    page.get_by_role("button", name="Save", exact=True).click()

    open_tab = page.locator("#contact-views [aria-current]")
    expect(open_tab).to_have_text("Dragons")
    expect(rows(page)).to_contain_text("口味/辣")
    page.locator("#contact-search").fill("")
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_role("link", name="Dragons")).not_to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Dragons").click()
    expect(rows(page)).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete the view Dragons").click()
    expect(page.locator("#contact-views a")).to_have_count(0)


def test_the_list_is_worked_by_keyboard_alone(open_browser: Any, bob: Any, acme: Any) -> None:
    tell_contacts(acme, *(person(number) for number in range(1, 56)))
    tag(acme, "vip")
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/contacts/")
    bar = page.locator(".w-chosen")

    expect(bar).to_be_hidden()
    for key in ("j", "x", "j", "j", "x", "k", "ArrowDown"):
        page.keyboard.press(key)
    expect(bar).to_contain_text("2 selected")
    expect(page.locator("#contacts tbody a.w-open").nth(2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    for _ in range(60):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(55)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("/")
    page.keyboard.type("x")
    expect(page.locator("#contact-search")).to_have_value("x")
    expect(page.locator("#contacts")).to_contain_text("Nobody matches")
    page.locator("#contact-search").fill("")
    expect(rows(page)).to_have_count(50)
    page.locator("[data-pick-all]").check()
    expect(bar).to_contain_text("50 selected")
    bar.get_by_role("link", name="Tag").click()
    expect(page.locator("form.c-form")).to_contain_text("taken off, the 50 contacts")
    page.go_back()
    page.locator("body").press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/contacts/\d+/$"))


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lists_and_jobs_keep_to_the_rules_in_both_themes_and_sizes(
    open_browser: Any, alice: Any, acme: Any, size: str, theme: str, tmp_path: Path
) -> None:
    open_shop(acme, people=3)
    tell_contacts(
        acme, person(8, name="一位名字非常非常长的联系人" * 8, tags=["口味/辣", "来源/直播间"]), person(9, name=HOSTILE)
    )
    page = open_browser(alice, size=size, theme=theme)
    page.goto("/t/acme/contacts/?columns=name,phone,channel,tags,acquired,purchases,net,last_order,sops")
    for name in ("我的客户", "所有人都能看到的一个很长的视图名称啊啊啊啊啊啊"):
        page.get_by_text("存为视图").click()
        page.locator("[name=name]").fill(name)
        page.get_by_role("checkbox", name="所有人可见").check()
        page.get_by_role("button", name="保存").click()
        expect(page.locator("#contact-views")).to_contain_text(name)
    found = {"views": faults(page)}
    page.screenshot(path=tmp_path / f"views-{size}-{theme}.png")
    if size == "desktop":
        page.get_by_text("列", exact=True).click()
        found["columns"] = faults(page)
        page.screenshot(path=tmp_path / f"columns-{size}-{theme}.png")
        page.get_by_text("列", exact=True).click()
        page.locator("[data-pick-all]").check()
        expect(page.locator(".w-chosen")).to_contain_text("已选 5 人")
        found["chosen"] = faults(page)
        page.screenshot(path=tmp_path / f"chosen-{size}-{theme}.png")
    page.goto("/t/acme/contacts/export/")
    found["export"] = faults(page)
    page.screenshot(path=tmp_path / f"export-{size}-{theme}.png")
    page.get_by_role("button", name="导出").click()
    found["job"] = faults(page)
    page.screenshot(path=tmp_path / f"job-{size}-{theme}.png")
    page.goto("/t/acme/jobs/")
    found["jobs"] = faults(page)
    page.screenshot(path=tmp_path / f"jobs-{size}-{theme}.png")

    assert {name: told for name, told in found.items() if told} == {}
    assert hostile_text(page, ["contacts/"]) >= 1
