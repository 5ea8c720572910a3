"""SOPs as operators use them: written, published, seen to arrive, halted, taken up again, and asked why."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Contact
from contacts.services.consent import set_consent
from sop.models import Sop, Touchpoint
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults_by_path, hostile_text
from tests.cast import PASSWORD
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.console.test_sops import running
from tests.sop.stage import audience, make

PATIENCE = 60


@pytest.fixture
def shop(acme: Any) -> dict[str, int]:
    """Three buyers by name, the second of whom wants no messages; and a list without anybody on it."""
    open_shop(acme, people=3)
    audience(acme, "Friends")
    with tenant_transaction(acme.pk):
        ids = dict(Contact.objects.for_tenant(acme).values_list("name", "pk"))
        refusing = [ids["顾客2"]]
        set_consent(tenant=acme, contact_ids=refusing, touch_kind="private_chat", is_granted=False, at=timezone.now())
    return ids


def wait_for(page: Any, text: str, *, within: str = ".c-page") -> None:
    """Look again until the page says it."""
    for _ in range(2 * PATIENCE):
        if text in page.locator(within).inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{page.url} does not say {text}: {page.locator(within).inner_text()[:2000]}")


def put_on_list(page: Any, *ids: int) -> None:
    page.goto("/t/acme/segments/")
    page.get_by_role("link", name="Friends", exact=True).click()
    page.get_by_label("One a line").fill("\n".join(f"#{pk}" for pk in ids))
    page.get_by_role("button", name="Put on the list").click()
    expect(page.locator("tr[data-href]").first).to_be_visible()


def publish_hello(page: Any) -> str:
    """Write an SOP that says hello at entry, and publish it; its page's address."""
    page.goto("/t/acme/sops/")
    page.get_by_role("link", name="New SOP").click()
    page.get_by_label("Name", exact=True).fill("Say hello")
    page.get_by_label("Segment", exact=True).select_option(label="Friends")
    page.get_by_role("button", name="+ step").click()
    card = page.locator(".o-card")
    card.get_by_label("When", exact=True).select_option("after")
    card.get_by_label("How long after").fill("0")
    card.get_by_role("button", name="+ Name").click()
    card.get_by_label("Message").press_sequentially(", hello from Acme!")
    expect(page.locator(".o-chat p")).to_have_text("friend, hello from Acme!")
    page.get_by_role("button", name="Save and publish…").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".c-page")).to_contain_text("Nobody has entered since it was published")
    return str(page.url)


def test_a_schedule_is_published_arrives_is_halted_and_goes_on(
    open_browser: Any, bob: Any, acme: Any, shop: dict[str, int], worker: None
) -> None:
    page = open_browser(bob, language="en-US")
    sop_url = publish_hello(page)

    put_on_list(page, shop["顾客1"], shop["顾客2"])
    page.goto("/t/acme/inbox/")
    wait_for(page, "顾客1, hello from Acme!")
    assert "顾客2, hello" not in page.locator(".c-page").inner_text()

    page.goto(f"/t/acme/contacts/{shop['顾客2']}/")
    wait_for(page, "messages were refused")
    page.goto(sop_url)
    wait_for(page, "skipped: messages were refused")
    page.get_by_role("link", name="skipped: messages were refused").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("顾客2")

    page.goto(sop_url)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".c-page")).to_contain_text("It is paused: 0 planned messages wait")
    put_on_list(page, shop["顾客3"])
    page.goto(sop_url)
    wait_for(page, "It is paused: 1 planned message waits")
    page.get_by_role("link", name="Resume").click()
    expect(page.locator("#act-in-time")).to_have_text("1")
    assert page.request.get(f"/t/acme/inbox/?contact={shop['顾客3']}").text().count("hello from Acme!") == 0
    page.get_by_role("button", name="Resume").click()
    page.goto(f"/t/acme/inbox/?contact={shop['顾客3']}")
    wait_for(page, "顾客3, hello from Acme!")

    page.goto(sop_url)
    expect(page.locator("#sop-sent")).to_have_text("2")
    with tenant_transaction(acme.pk):
        states = Touchpoint.objects.for_tenant(acme).values_list("contact__name", "state", "reason")
        assert sorted(states) == [("顾客1", "sent", ""), ("顾客2", "skipped", "no_consent"), ("顾客3", "sent", "")]


def test_the_editor_says_what_is_missing_keeps_order_and_takes_back(
    open_browser: Any, bob: Any, acme: Any, shop: dict[str, int]
) -> None:
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/sops/new/?from=welcome")
    cards = page.locator(".o-card")
    expect(cards).to_have_count(4)

    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Choose for whom it is.")).to_be_visible()
    expect(page.get_by_label("Segment", exact=True)).to_be_focused()
    page.get_by_label("Segment", exact=True).select_option(label="Friends")

    cards.nth(1).get_by_label("Day").fill("9")
    cards.nth(1).get_by_label("Day").press("Tab")
    expect(cards.nth(3).get_by_label("Day")).to_have_value("9")
    expect(page.locator(".o-strip-day").last).to_contain_text("Day 9")

    cards.nth(0).get_by_label("Message").fill("{{ contact.nmae }}")
    expect(cards.nth(0)).to_contain_text("There is no variable “contact.nmae”")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".c-alert-bad")).to_contain_text("Some of it cannot be kept")
    expect(page.locator(".o-card").nth(0)).to_contain_text("There is no variable “contact.nmae”")
    expect(cards).to_have_count(4)

    cards.nth(0).get_by_label("Remove the step").click()
    expect(cards).to_have_count(3)
    page.wait_for_timeout(800)
    cards.nth(0).get_by_label("Message").fill("typed after that")
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(3)
    expect(cards.nth(0).get_by_label("Message")).not_to_have_value("typed after that")
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(4)
    cards.nth(0).get_by_label("Message").fill("Welcome")
    cards.nth(0).get_by_label("Duplicate the step").click()
    expect(cards.nth(1)).to_contain_text("Due at the same moment as step 1.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Welcome, 7 days"))
    with tenant_transaction(acme.pk):
        steps = Sop.objects.for_tenant(acme).get().versions.get().steps.order_by("position")
        assert [(step.day, step.content[:7]) for step in steps][:2] == [(None, "Welcome"), (None, "Welcome")]
        assert [step.day for step in steps] == [None, None, 4, 7, 9]


def test_what_was_not_saved_is_offered_again(open_browser: Any, bob: Any, acme: Any, shop: dict[str, int]) -> None:
    page = open_browser(bob, language="en-US")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/t/acme/sops/new/")
    page.get_by_label("Name", exact=True).fill("Almost lost")
    page.get_by_role("button", name="+ step").click()
    page.locator(".o-card").get_by_label("Message").fill("a long text")
    expect(page.locator(".o-chat p")).to_have_text("a long text")
    page.context.clear_cookies(name="sessionid")
    page.locator(".o-card").get_by_label("Message").fill("a longer text")
    expect(page.locator(".o-phone")).to_contain_text("You are logged out.")

    page.goto("/t/acme/sops/new/")
    page.get_by_label("E-mail").fill(bob.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.get_by_role("button", name="Take it back").click()

    expect(page.locator(".o-card").get_by_label("Message")).to_have_value("a longer text")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Almost lost")
    page.get_by_label("Segment", exact=True).select_option(label="Friends")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Almost lost"))
    page.goto("/t/acme/sops/new/")
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


@pytest.fixture
def screens(acme: Any) -> list[str]:
    """Every screen of SOPs, touchpoints and the inbox, with something on it."""
    open_shop(acme, people=1)
    tell_contacts(acme, person(9, name=HOSTILE))
    sop = running(acme, HOSTILE[:90])
    draft = make(acme, audience(acme, "Others"), name="Drafted")
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).filter(name__startswith="Person").update(name=HOSTILE)
        Touchpoint.objects.for_tenant(acme).filter(state="skipped").update(reason="cap", text=HOSTILE)
        she = Touchpoint.objects.for_tenant(acme).values_list("contact_id", flat=True).first()
    own = ["", "edit/", "pause/", "stop/"]
    others = ["touchpoints/", "touchpoints/?state=skipped", "touchpoints/limit/", "inbox/", f"contacts/{she}/"]
    return [
        "sops/",
        "sops/new/",
        *(f"sops/{sop.pk}/{part}" for part in own),
        f"sops/{draft.pk}/publish/",
        *others,
    ]


def test_hostile_names_are_text_on_every_screen(open_browser: Any, bob: Any, screens: list[str]) -> None:
    page = open_browser(bob)

    assert hostile_text(page, screens) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_screens_are_accessible_and_fit(open_browser: Any, bob: Any, screens: list[str], size: str, theme: str) -> None:
    page = open_browser(bob, size=size, theme=theme)

    assert faults_by_path(page, screens) == {}
