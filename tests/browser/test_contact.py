"""One contact's page as people use it all day: notes, tags, consent, segments with why."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.services.tags import assign_tags
from sop.models import CapUse
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults, hostile_text
from tests.scrm.timeline.life import live as live_through
from tests.segments.audience import carry, live, tag, tagged


@pytest.fixture
def contact(acme: Any) -> int:
    """顾客1, to whom a bit of everything has happened; she carries vip and so is in 常客, and not in 新客."""
    pk = live_through(acme, at=timezone.now() - timedelta(hours=1))
    vip, other = tag(acme, "vip"), tag(acme, "new")
    carry(acme, vip, [pk])
    live(acme, "常客", tagged(vip))
    live(acme, "新客", tagged(other))
    with tenant_transaction(acme.pk):
        CapUse.objects.create(tenant=acme, contact_id=pk, date=timezone.now().date(), used=1)
    return pk


def entries(page: Any) -> Any:
    return page.locator("#timeline > .w-timeline > li")


def test_a_note_is_written_with_the_keyboard_told_in_the_timeline_and_deleted(
    open_browser: Any, bob: Any, acme: Any, contact: int
) -> None:
    page = open_browser(bob, language="en-US")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/t/acme/contacts/{contact}/?kind=order")
    note = page.get_by_label("Note", exact=True)

    note.fill("   ")
    note.press("Control+Enter")
    expect(page.locator("#note-error")).to_have_text("Write something first.")
    note.fill("Likes it hot.\nNo peanuts.")
    note.press("Control+Enter")
    expect(entries(page).first).to_contain_text("Likes it hot.\nNo peanuts. by Bob", use_inner_text=True)
    expect(page).to_have_url(re.compile(rf"/contacts/{contact}/$"))
    expect(note).to_have_value("")
    expect(note).to_be_focused()
    page.get_by_role("link", name="Notes", exact=True).click()
    expect(entries(page)).to_have_count(2)
    page.get_by_role("button", name="Delete this note").first.click()
    expect(entries(page)).to_have_count(1)
    expect(page.get_by_text("No peanuts")).to_have_count(0)


def test_a_tag_is_put_on_consent_withdrawn_and_why_she_is_in_a_segment_is_told(
    open_browser: Any, bob: Any, contact: int
) -> None:
    page = open_browser(bob, language="en-US")
    page.goto(f"/t/acme/contacts/{contact}/")
    reach = page.locator("#reach")
    expect(reach).to_contain_text("1 more message may be sent")
    expect(reach).to_contain_text("1 of 2 used")

    page.get_by_role("button", name="Edit tags").click()
    page.get_by_label("Tag", exact=True).select_option(label="group of new/new")
    page.get_by_role("button", name="Put on").click()
    expect(entries(page).first).to_contain_text("Tag added: group of new/new")
    expect(page.locator(".p-tags li", has_text="group of new/new")).to_contain_text("by hand · ")

    reach.get_by_text("Change consent").click()
    reach.get_by_label("How do we know?").fill("asked us to stop")
    reach.get_by_role("button", name="Withdraw").click()
    expect(reach).to_contain_text("Nothing may be sent: consent is withdrawn")
    expect(reach).to_contain_text("asked us to stop · by Bob")
    expect(entries(page).first).to_contain_text("May not be reached: private chat")

    page.get_by_role("link", name="Why? 常客").click()
    expect(page.locator(".p-segments .s-true")).to_contain_text("group of vip/vip")
    page.get_by_role("link", name="Test another segment").click()
    page.get_by_role("link", name="Why not? 新客").click()
    expect(page.locator(".p-others .s-true")).to_contain_text("group of new/new")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_page_is_clean(open_browser: Any, bob: Any, contact: int, size: str, theme: str, language: str) -> None:
    page = open_browser(bob, size=size, theme=theme, language=language)
    page.goto(f"/t/acme/contacts/{contact}/")
    is_english = language == "en-US"

    page.get_by_text("Change consent" if is_english else "更改触达意愿").click()
    page.get_by_role("link", name="Why? 常客" if is_english else "原因 常客").click()
    page.get_by_role("link", name="Test another segment" if is_english else "看看其他人群").click()
    page.get_by_role("button", name="Edit tags" if is_english else "编辑标签").click()
    expect(page.locator(".p-others li")).to_have_count(1)
    expect(page.locator(".p-segments .s-true")).to_have_count(1)
    expect(page.locator(".p-tags .s-chip-x")).to_have_count(2)

    assert faults(page) == []


def test_whatever_is_written_of_her_is_text(open_browser: Any, bob: Any, acme: Any, contact: int) -> None:
    odd = tag(acme, "odd")
    with tenant_transaction(acme.pk):
        told: dict[str, Any] = {"source": "hand", "evidence": HOSTILE, "at": timezone.now()}
        assign_tags(tenant=acme, contact_ids=[contact], tags=[odd], **told)
    live(acme, HOSTILE, tagged(tag(acme, "vip2")))
    page = open_browser(bob, language="en-US")
    page.goto(f"/t/acme/contacts/{contact}/")
    page.get_by_label("Note", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Add note").click()
    page.locator("#reach").get_by_text("Change consent").click()
    page.get_by_label("How do we know?").fill(HOSTILE)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("link", name="Test another segment").click()

    expect(page.get_by_text(HOSTILE)).to_have_count(7)
    assert page.evaluate("window.hacked") is None
    assert hostile_text(page, [f"contacts/{contact}/"]) == 5
