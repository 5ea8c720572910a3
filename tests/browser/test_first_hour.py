"""The guide's first hour with the demo's invented brand, as its people spend it; takes the guide's pictures."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts.models import Contact, ContactTag
from orders.models import Order
from scrm.console.work.segments_starters import STARTERS
from scrm.demo import install
from segments.models import Segment
from sop.incoming import StepBody
from sop.models import Sop, Touchpoint
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.timezones import zone
from tests.browser.brand import Words, bob, fill
from tests.browser.pictures import IS_WANTED, Camera
from tests.browser.terminal import Terminal
from tests.browser.test_sops import wait_for
from tests.guide.blocks import block
from tests.segments.audience import live
from tests.sop.stage import make, publish

HOME = "/t/haoweidao/"
PATIENCE_MS = 60_000
DAYS_OF_SILENCE = timedelta(days=30)


@pytest.fixture(params=["zh", "en"] if IS_WANTED else ["zh"])
def language(request: pytest.FixtureRequest) -> str:
    """The reader's language; both only where pictures are taken, for the steps are the same."""
    return str(request.param)


@pytest.fixture
def say(language: str) -> Words:
    """What the console says in the reader's language."""
    return Words(language)


@pytest.fixture
def picture(language: str) -> Camera:
    """Takes pictures in the reader's language, where they are wanted."""
    return Camera(language)


Filler = Callable[..., Tenant]


@pytest.fixture
def filled(site_url: str, provider: Any, worker: None) -> Filler:
    """A function that loads the brand: of some hundred people with a short past, larger where pictures are taken."""

    def load(people: int = 600) -> Tenant:
        size = {"people": 2_400, "played_days": 20} if IS_WANTED else {"people": people, "played_days": 1}
        return fill(site_url=site_url, provider_url=provider.url, **size)

    return load


def window(open_browser: Any, language: str, user: Any = None) -> Any:
    """A reader's window."""
    return open_browser(user, language="zh-CN" if language == "zh" else "en-US")


def number(text: str) -> int:
    """The number that a text holds."""
    return int(re.sub(r"\D", "", text))


def menu(page: Any, text: str) -> None:
    """Go there by the menu."""
    page.locator(".c-menu").get_by_role("link", name=text, exact=True).click()
    page.wait_for_load_state()


def asleep(brand: Tenant) -> set[int]:
    """Who bought twice and has been silent for 30 days, counted plainly."""
    paid: dict[int, list[Any]] = {}
    with tenant_transaction(brand.pk):
        orders = Order.objects.for_tenant(brand).filter(status="paid", base_amount_minor__gt=0, contact__isnull=False)
        for contact_id, paid_at in orders.values_list("contact_id", "paid_at"):
            paid.setdefault(contact_id, []).append(paid_at)
    before = timezone.now() - DAYS_OF_SILENCE
    return {contact_id for contact_id, times in paid.items() if len(times) >= 2 and max(times) <= before}


def follow_asleep(brand: Tenant, name: str) -> Segment:
    """A segment of those, published and built."""
    pk = live(brand, name, dict(STARTERS["asleep"].rule), at=timezone.now())
    with tenant_transaction(brand.pk):
        segment: Segment = Segment.objects.for_tenant(brand).get(pk=pk)
        return segment


def first_messages(brand: Tenant) -> dict[int, str]:
    """By contact, the state of the first message of what the operator published."""
    with tenant_transaction(brand.pk):
        rows = Touchpoint.objects.for_tenant(brand).filter(sop=Sop.objects.for_tenant(brand).latest("pk"))
        return dict(rows.filter(step__position=1).values_list("contact_id", "state"))


def test_a_manager_logs_in_sees_which_channel_pays_back_and_opens_the_people(
    open_browser: Any, language: str, say: Words, filled: Filler, picture: Camera, no_tries: None
) -> None:
    brand = filled()
    page = window(open_browser, language)
    page.goto("/")
    page.get_by_label(say("E-mail")).fill(install.BRAND_MANAGER)
    page.locator("[name=password]").fill("demo")
    page.get_by_role("button", name=say("Log in")).click()
    page.get_by_role("link", name="好味道").first.click()

    menu(page, say("Channel board"))
    ranked = page.locator(".k-table tbody tr", has=page.locator(".k-rank"))
    expect(ranked).not_to_have_count(0)
    expect(ranked.first.locator(".b-payback")).to_contain_text(re.compile(r"\d"))
    picture(page, "channel-board")
    with tenant_transaction(brand.pk):
        came = Contact.objects.for_tenant(brand).filter(channel__slug="parcel-card").count()
    cards = page.locator(".k-table tbody tr", has_text="包裹卡")
    expect(cards.locator("td").nth(1)).to_have_text(f"{came:,}")
    cell = cards.locator(".k-by a")
    cell.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    cell.click()

    people = number(page.locator("[data-sum=contacts]").inner_text())
    assert 0 < people < came
    expect(page.locator("[data-sum=net]")).to_contain_text("¥")
    picture(page, "cell-people")
    page.locator("tbody a.w-open").first.click()
    expect(page.locator("#timeline")).to_be_visible()
    picture(page, "contact")


def test_an_operator_tags_a_group_in_bulk(
    open_browser: Any, language: str, say: Words, filled: Filler, picture: Camera
) -> None:
    brand = filled(people=2_400)
    page = window(open_browser, language, bob())
    page.goto(f"{HOME}tags/")
    page.locator("#tag-group").fill("活动")
    page.locator("#tag-name").fill("双12")
    page.get_by_role("button", name=say("Make tag")).click()

    menu(page, say("Contacts", context="menu"))
    page.locator("[name=segment]").select_option(label="买过两次")
    found = page.locator("#contacts .w-meta span").first
    expect(page).to_have_url(re.compile("segment="))
    people = number(found.inner_text())
    page.get_by_role("link", name=say("Tag these contacts")).click()
    page.get_by_label(say("Tag"), exact=True).select_option(label="活动/双12")
    picture(page, "bulk-tag")
    page.get_by_role("button", name=re.compile(f"{people:,}")).click()
    expect(page.locator("#job progress")).to_be_visible()
    expect(page.locator("#job progress")).to_have_count(0, timeout=PATIENCE_MS)

    expect(page.locator("#job")).to_contain_text(f"{people:,}")
    picture(page, "bulk-tag-done")
    with tenant_transaction(brand.pk):
        assert ContactTag.objects.for_tenant(brand).filter(tag__name="双12").count() == people > 1_000


def test_an_operator_builds_bought_twice_and_silent_and_sees_the_count(
    open_browser: Any, language: str, say: Words, filled: Filler, picture: Camera
) -> None:
    brand = filled()
    page = window(open_browser, language, bob())
    page.goto(HOME)
    menu(page, say("Segments"))
    page.get_by_role("link", name=say("New segment")).click()
    page.get_by_text(say("Begin with a ready rule")).click()
    name = say("Bought twice, silent for 30 days")
    page.get_by_role("link", name=name).click()

    people = len(asleep(brand))
    expect(page.locator("#builder-count")).to_have_text(f"{people:,}")
    picture(page, "segment-builder")
    page.get_by_role("button", name=say("Save and publish…")).click()
    expect(page.locator("#publish-in")).to_have_text(f"+{people:,}")
    page.get_by_role("button", name=say("Publish"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    wait_for(page, f"{people:,}", within="#segment-size")
    picture(page, "segment")


def test_an_operator_publishes_a_reminder_and_sees_it_arrive(
    open_browser: Any, language: str, say: Words, filled: Filler, picture: Camera
) -> None:
    brand = filled()
    name = say("Bought twice, silent for 30 days")
    follow_asleep(brand, name)
    page = window(open_browser, language, bob())
    page.goto(HOME)
    menu(page, "SOP")
    page.get_by_role("link", name=say("New SOP")).click()
    page.get_by_text(say("Begin with a ready schedule")).click()
    page.get_by_role("link", name=say("Time to buy again")).click()

    page.get_by_label(say("Segment"), exact=True).select_option(label=name)
    first = page.locator(".o-card").first
    first.get_by_role("combobox", name=say("When"), exact=True).select_option("after")
    first.get_by_label(say("How long after")).fill("0")
    expect(page.locator(".o-chat p")).to_have_count(2)
    picture(page, "sop-editor")
    page.get_by_role("button", name=say("Save and publish…")).click()
    page.locator("[name=include_members]").check()
    picture(page, "sop-publish")
    page.get_by_role("button", name=say("Publish"), exact=True).click()
    sop_url = page.url
    menu(page, say("Inbox"))
    said = say("{{ contact.name|Hello }}, are you running low? Your favourites are in stock.").split("}}")[1]
    wait_for(page, said)
    picture(page, "inbox")
    expected = asleep(brand)
    for _ in range(PATIENCE_MS // 500):
        states = first_messages(brand)
        if len(states) == len(expected) and set(states.values()) <= {"sent", "skipped"}:
            break
        page.wait_for_timeout(500)
    assert set(states) == expected and set(states.values()) == {"sent", "skipped"}
    page.goto(sop_url)
    sent = sum(state == "sent" for state in states.values())
    expect(page.locator("#sop-sent")).to_have_text(f"{sent:,}")
    picture(page, "sop")


def test_an_operator_finds_out_why_one_person_got_nothing(
    open_browser: Any, language: str, say: Words, filled: Filler, picture: Camera
) -> None:
    brand = filled()
    segment = follow_asleep(brand, say("Bought twice, silent for 30 days"))
    step = StepBody(content="{{ contact.name|朋友 }}，您常买的那几样今天有货。", after_minutes=0)
    sop = make(brand, segment, step, name=say("Time to buy again"))
    publish(brand, sop, include_members=True, at=timezone.now())
    page = window(open_browser, language, bob())
    page.goto(f"{HOME}sops/{sop.pk}/")

    refused = say("messages were refused")
    wait_for(page, refused)
    picture(page, "sop-skipped")
    page.get_by_role("link", name=refused).first.click()
    expect(page.locator("#touchpoints tbody tr[data-href]")).not_to_have_count(0)
    picture(page, "touchpoints-skipped")
    page.locator("#touchpoints tbody a.w-open").first.click()
    expect(page.locator("#reach")).to_contain_text(say("Nothing may be sent: consent is withdrawn"))
    expect(page.locator("#reach")).to_contain_text("客户回复“退订”")
    expect(page.locator("#timeline")).to_contain_text(refused)
    picture(page, "contact-why")


def test_a_new_order_by_curl_changes_the_cohort(
    open_browser: Any, language: str, filled: Filler, picture: Camera, site_url: str, tmp_path: Path
) -> None:
    brand = filled()
    page = window(open_browser, language, bob())
    page.goto(f"{HOME}cohorts/")
    this_month = f"{timezone.now().astimezone(zone(brand.timezone)):%Y-%m}"
    contacts = page.locator(".b-table tbody tr", has_text=this_month).locator("td").first
    before = number(contacts.inner_text()) if contacts.count() else 0
    picture(page, "cohort-board")

    terminal = Terminal(tmp_path, site_url)
    for name in ("key", "new-order"):
        terminal.run(block("first-hour", name, language))

    for _ in range(PATIENCE_MS // 500):
        page.reload()
        if contacts.count() and number(contacts.inner_text()) > before:
            break
        page.wait_for_timeout(500)
    expect(contacts).to_have_text(f"{before + 1:,}")
    page.goto(f"{HOME}contacts/?q=林小满")
    expect(page.locator("#contacts tbody")).to_contain_text("88.00")
