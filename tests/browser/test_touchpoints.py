"""Touchpoints, the daily limit, the inbox and a contact's timeline as people use them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Contact
from sop.services.running import account_of
from sop.transports.base import Message
from sop.transports.simulator.client import Transport
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults_by_path, hostile_text
from tests.scrm.timeline.life import live
from tests.sop.ledger.floor import lay_sop, make_people


@pytest.fixture
def desk(acme: Any, provider: Any) -> int:
    """A contact with a whole story; sixty others with a touchpoint and a message received, one of a hostile name."""
    now = timezone.now()
    told = live(acme, at=now - timedelta(minutes=30))
    people = make_people(acme, count=60)
    laid = lay_sop(acme, people, name="新客 7 天", due_at=now - timedelta(hours=1))
    laid.change(0, state="skipped", reason="cap", settled_at=now, text=HOSTILE)
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).filter(pk=people[-1].pk).update(name=HOSTILE)
    texts = [*(f"第 {number} 条" for number in range(59)), HOSTILE]
    account = account_of(acme)
    messages = [
        Message(f"{account}/{number}", account, str(person.pk), "private_chat", text)
        for number, (person, text) in enumerate(zip(people, texts, strict=True))
    ]
    Transport(url=provider.url).send([*messages, Message(f"{account}/x", account, str(told), "private_chat", "您好")])
    return told


def pages(contact_id: int) -> list[str]:
    """The addresses of all screens of touchpoints."""
    lists = ["touchpoints/", "touchpoints/?when=all", "touchpoints/?state=failed&reason=cap", "touchpoints/limit/"]
    inboxes = ["inbox/", f"inbox/?contact={contact_id}"]
    return [*lists, *inboxes, f"contacts/{contact_id}/", f"contacts/{contact_id}/?kind=sop"]


def test_the_list_is_narrowed_and_goes_on(open_browser: Any, bob: Any, desk: int) -> None:
    page = open_browser(bob, language="en-GB")
    rows = page.locator("#touchpoints tbody tr[data-href]")

    page.goto("/t/acme/touchpoints/")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(rows).to_have_count(61)
    page.get_by_label("Reason").select_option(label="the day's cap was reached")
    expect(rows).to_have_count(2)
    page.locator(".t-counts a", has_text="planned").first.click()
    expect(page.locator(".t-counts [aria-current]")).to_have_text("planned 59")


def test_a_list_of_one_contact_is_widened_to_all(open_browser: Any, bob: Any, desk: int) -> None:
    page = open_browser(bob, language="en-GB")

    page.goto(f"/t/acme/touchpoints/?contact={desk}")
    expect(page.locator("#touchpoints tbody tr[data-href]")).to_have_count(2)
    page.get_by_label("only 顾客1").uncheck()
    expect(page.locator("#touchpoints")).to_contain_text("62 touchpoints")


def test_a_chip_shows_its_kind_and_back_shows_all(open_browser: Any, bob: Any, desk: int) -> None:
    page = open_browser(bob, language="en-GB")
    lines = page.locator("#timeline .w-timeline li")

    page.goto(f"/t/acme/contacts/{desk}/")
    expect(lines).to_have_count(10)
    page.locator(".t-chip", has_text="Refunds").click()
    expect(lines).to_have_count(1)
    expect(page.locator(".t-chip[aria-current]")).to_have_text("Refunds")
    page.go_back()
    expect(lines).to_have_count(10)


def test_the_limit_is_set(open_browser: Any, bob: Any, acme: Any) -> None:
    page = open_browser(bob, language="en-GB")

    page.goto("/t/acme/touchpoints/")
    page.get_by_role("link", name="Daily limit").click()
    page.get_by_label("Messages per contact and day").fill("4")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("body")).to_contain_text("Saved. It holds for every message from now on.")
    expect(page.get_by_label("Messages per contact and day")).to_have_value("4")


def test_the_inbox_goes_on_and_comes_from_the_contact(open_browser: Any, bob: Any, desk: int) -> None:
    page = open_browser(bob, language="en-GB")
    letters = page.locator(".t-inbox .t-text")

    page.goto("/t/acme/inbox/")
    expect(letters).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(letters).to_have_count(61)
    page.get_by_role("link", name="顾客1", exact=True).click()
    page.locator("a.c-button", has_text="Inbox").click()
    expect(letters).to_have_text(["您好"])


def test_names_and_messages_are_text(open_browser: Any, bob: Any, desk: int) -> None:
    assert hostile_text(open_browser(bob), pages(desk)) >= 4


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_screens_are_accessible_and_fit(open_browser: Any, alice: Any, desk: int, size: str, theme: str) -> None:
    page = open_browser(alice, size=size, theme=theme)

    assert faults_by_path(page, pages(desk)) == {}
