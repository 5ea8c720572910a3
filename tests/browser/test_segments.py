"""Segments as operators use them: a rule built in sentences, counted while it is written, published, explained."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from contacts.models import Attribute, Contact
from segments.models import Segment
from tenants.context import tenant_transaction
from tests.browser.looking import HOSTILE, faults_by_path, hostile_text
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.segments.audience import a_list, carry, live, tag, tagged


@pytest.fixture
def shop(acme: Any) -> int:
    """Three buyers, one of whom carries a tag; the tag's id."""
    open_shop(acme, people=3)
    vip = tag(acme)
    carry(acme, vip, [contact_id(acme, "顾客1")])
    return vip


def contact_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Contact.objects.for_tenant(tenant).get(name=name).pk)


def kept_rule(tenant: Any, name: str) -> Any:
    with tenant_transaction(tenant.pk):
        segment = Segment.objects.for_tenant(tenant).get(name=name)
        return segment.versions.for_tenant(tenant).order_by("-number").first().rule


def rows(page: Any) -> Any:
    return page.locator(".s-row:not(.s-add-row):not(.s-top)")


def count(page: Any) -> Any:
    return page.locator("#builder-count")


def test_a_segment_is_built_counted_published_and_explained(
    open_browser: Any, bob: Any, acme: Any, shop: int, worker: None
) -> None:
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/segments/")
    page.get_by_role("link", name="Never bought").click()
    expect(count(page)).to_have_text("0")

    page.get_by_label("Name", exact=True).fill("Bought, not tagged")
    rows(page).nth(0).get_by_label("What the condition is about").select_option("orders_count")
    rows(page).nth(1).get_by_label("What the condition is about").select_option("tag")
    expect(page.locator(".s-aside")).to_contain_text("Finish the marked conditions")
    rows(page).nth(1).get_by_label("Add a tag").select_option(label="vip (1)")
    expect(count(page)).to_have_text("1")
    rows(page).nth(1).get_by_label("How").select_option("not any")
    expect(count(page)).to_have_text("2")
    expect(page.locator(".s-aside")).to_contain_text("of 3 contacts: 66.7%")
    expect(page.locator(".s-aside li")).to_have_text(["顾客3", "顾客2"])
    page.get_by_role("button", name="Save and publish…").click()

    expect(page.locator("#publish-in")).to_have_text("+2")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bought, not tagged")
    expect(page.locator("#segment-size")).to_have_text("2", timeout=30_000)  # it looks again by itself
    page.locator("tr", has_text="顾客2").get_by_role("link", name="Why?").click()
    expect(page.locator("#explain .s-true")).to_have_count(3)
    expect(page.locator("#explain .s-false")).to_contain_text("none of them")
    page.get_by_role("searchbox").fill("顾客1")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#explain .s-false")).to_have_count(2)
    expect(page.locator("#explain .s-true").last).to_contain_text("group of vip/vip")
    assert kept_rule(acme, "Bought, not tagged") == {
        "type": "all",
        "of": [
            {"type": "orders", "measure": "count", "op": "gte", "value": 1},
            {"type": "not", "of": {"type": "tag", "tags": [shop]}},
        ],
    }


def test_groups_nest_move_and_are_undone_by_keyboard_alone(open_browser: Any, bob: Any, acme: Any, shop: int) -> None:
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/segments/new/?from=new")
    expect(count(page)).to_have_text("0")

    rows(page).nth(0).get_by_label("Days").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("36500")
    expect(count(page)).to_have_text("3")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(1).get_by_label("What the condition is about")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(rows(page).nth(0)).to_contain_text("carries one of")
    page.keyboard.press("Control+Backspace")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="+ group").press("Enter")
    expect(rows(page)).to_have_count(3)
    page.wait_for_timeout(800)
    rows(page).nth(1).get_by_label("How the conditions below go together").select_option("not any")
    expect(count(page)).to_have_text("0")
    page.get_by_role("button", name="Undo").click()
    expect(count(page)).to_have_text("3")
    page.get_by_role("button", name="Save draft").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("New in the last 7 days")
    inner = {"type": "any", "of": [{"type": "orders", "measure": "count", "op": "gte", "value": 1}]}
    assert kept_rule(acme, "New in the last 7 days") == {
        "type": "all",
        "of": [{"type": "acquired", "within_days": 36500}, inner],
    }


def test_every_kind_of_condition_is_written_and_read_again(open_browser: Any, bob: Any, acme: Any, shop: int) -> None:
    with tenant_transaction(acme.pk):
        numbers = Attribute.objects.create(tenant=acme, key="n", label="Shoe size", kind="number").pk
        choice = Attribute.objects.create(tenant=acme, key="c", label="Skin", kind="choice", choices=["dry", "oily"]).pk
        channel = Contact.objects.for_tenant(acme).first().channel_id
    inner = live(acme, "Inner", tagged(shop))
    rule = {
        "type": "all",
        "of": [
            {"type": "tag", "tags": [shop], "match": "all"},
            {"type": "not", "of": {"type": "attribute", "attribute": numbers, "op": "between", "value": [36, 38.5]}},
            {"type": "attribute", "attribute": choice, "op": "in", "value": ["dry", "oily"]},
            {"type": "attribute", "attribute": choice, "op": "is_set"},
            {"type": "channel", "channels": [channel, None]},
            {"type": "not", "of": {"type": "any", "of": [{"type": "last_order", "never": True}]}},
            {"type": "first_order", "from": "2024-01-01T00:00:00Z", "until": "2024-02-01T00:00:00Z"},
            {"type": "not", "of": {"type": "acquired", "before_days": 9}},
            {"type": "orders", "measure": "net", "op": "lt", "value": "99.50", "days": 365},
            {"type": "segment", "segment": inner},
        ],
    }
    pk = live(acme, "Everything", rule)
    before = kept_rule(acme, "Everything")
    page = open_browser(bob, language="en-US")
    page.goto(f"/t/acme/segments/{pk}/edit/")

    expect(count(page)).to_have_text("0")
    expect(rows(page).nth(7).get_by_label("First day")).to_have_value("2024-01-01")
    expect(rows(page).nth(7).get_by_label("Last day")).to_have_value("2024-01-31")
    expect(rows(page).nth(2).get_by_label("Attribute")).to_have_value(str(choice))
    expect(rows(page).nth(10).get_by_label("Segment", exact=True)).to_have_value(str(inner))
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Everything"))

    after = kept_rule(acme, "Everything")
    assert after["of"][6].pop("from") == "2024-01-01T00:00:00Z"
    before["of"][6].pop("from")
    assert after == before


def test_what_is_missing_is_said_beside_its_condition(open_browser: Any, bob: Any, acme: Any, shop: int) -> None:
    page = open_browser(bob, language="en-US")
    page.goto("/t/acme/segments/new/?from=tagged")

    page.get_by_role("button", name="Save draft").click()
    expect(rows(page).nth(0).get_by_role("alert")).to_have_text("Choose at least one.")
    expect(rows(page).nth(0).get_by_label("Add a tag")).to_be_focused()
    rows(page).nth(0).get_by_label("What the condition is about").select_option("orders_net")
    rows(page).nth(0).get_by_label("Value").fill("1.2345")
    expect(rows(page).nth(0).get_by_role("alert")).to_have_text("Too many decimals for this currency.")
    rows(page).nth(0).get_by_label("Value").fill("1")
    expect(count(page)).to_have_text("3")
    expect(rows(page).nth(0).get_by_role("alert")).to_have_count(0)


def test_tags_of_one_contact_and_of_all_who_are_found(open_browser: Any, bob: Any, acme: Any, shop: int) -> None:
    page = open_browser(bob, language="en-US")
    page.goto(f"/t/acme/contacts/{contact_id(acme, '顾客2')}/")

    page.get_by_role("button", name="Edit tags").click()
    page.get_by_role("button", name="Put on").click()
    expect(page.locator(".p-chips li")).to_contain_text("group of vip/vip")
    page.get_by_role("button", name="Take off vip").click()
    expect(page.locator(".p-chips")).to_have_text("No tags.")
    page.goto("/t/acme/contacts/")
    page.get_by_role("link", name="Tag these contacts").click()
    page.get_by_label("Tag", exact=True).select_option(index=1)
    page.get_by_role("button", name="Change 3 contacts").click()
    expect(page.locator("body")).to_contain_text("Put on 2 contacts.")
    page.goto("/t/acme/tags/")
    expect(page.locator("tr[data-href]", has_text="vip").locator("td").first).to_have_text("3")


@pytest.fixture
def screens(acme: Any, shop: int) -> list[str]:
    """Every screen of tags, attributes and segments, with something on it."""
    tell_contacts(acme, person(9, name=HOSTILE))
    tag(acme, HOSTILE[:50])
    with tenant_transaction(acme.pk):
        Attribute.objects.create(tenant=acme, key="city", label=HOSTILE[:50], kind="text")
    rule = {"type": "any", "of": [tagged(shop), {"type": "not", "of": {"type": "acquired", "within_days": 7}}]}
    pk, listed = live(acme, HOSTILE[:90], rule), a_list(acme, "By hand", [contact_id(acme, HOSTILE)])
    she = contact_id(acme, HOSTILE)
    own = [f"{pk}/{part}" for part in ("", "edit/", "publish/", "history/", f"explain/?contact={she}")]
    others = ["", "new/", "new-list/", f"{listed}/", *own]
    return ["tags/", "attributes/", f"tags/{shop}/", "contacts/tagging/", *(f"segments/{path}" for path in others)]


def test_hostile_names_are_text_on_every_screen(open_browser: Any, bob: Any, screens: list[str]) -> None:
    page = open_browser(bob)

    assert hostile_text(page, screens) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_screens_are_accessible_and_fit(open_browser: Any, bob: Any, screens: list[str], size: str, theme: str) -> None:
    page = open_browser(bob, size=size, theme=theme)

    assert faults_by_path(page, screens) == {}
