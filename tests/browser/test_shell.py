"""The shell as a person meets it: login, two tenants in two tabs, the menu, keyboard, languages, themes, widths."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tenants.models import Membership, User
from tenants.money import EXPONENTS
from tests.browser.looking import faults, faults_by_path
from tests.cast import PASSWORD

RATE_FORM = "manage/tenants/fxrate/add/"
PAGES = [
    "settings/tenant/",
    "settings/members/",
    "settings/keys/",
    "settings/audit/",
    "manage/contacts/tag/",
    "manage/contacts/tag/add/",
    "manage/acquisition/channel/",
    "manage/acquisition/spend/",
    "manage/acquisition/spend/add/",
    RATE_FORM,
    "manage/password_change/",
]
# Latin that Chinese pages keep: names, codes and what operators call things themselves.
LATIN = re.compile(
    r"\b(SCRM|API|CAC|CLV|ROI|SOP|SKU|CSV|ERP|ISO|English|Ctrl|K|Esc|UTC|GBP|Acme|Ltd|Alice|Bob|Mei|acme|t|curl)\b"
    r"|\bKaplan–Meier\b"
    r"|\b(contacts|orders|acquisition|segments|sops|analytics):(read|write)\b|[\w.]+@example\.com|[\w]+/[\w]+",
    re.ASCII,
)
CURRENCIES = re.compile(rf"\b({'|'.join(EXPONENTS)})\b", re.ASCII)  # the form of a rate offers them all


@pytest.fixture
def alice_in_two(alice: Any, globex: Any) -> Any:
    """Alice also works in globex, as an operator."""
    Membership.objects.create(tenant=globex, user=alice, role="operator")
    return alice


def test_a_person_logs_in_switches_the_language_and_logs_out(open_browser: Any, alice: Any, no_tries: None) -> None:
    page = open_browser()

    page.goto("/t/acme/settings/members/")
    page.get_by_label("邮箱").fill("alice@example.com")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("邮箱或密码不正确。")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("成员")
    page.locator(".c-user summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Members")
    assert User.objects.get(pk=alice.pk).language == "en"
    page.locator(".c-user summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login/$"))


def test_two_tabs_hold_two_tenants(open_browser: Any, alice_in_two: Any, acme: Any, globex: Any, inside: Any) -> None:
    from contacts.models import TagGroup

    left = open_browser(alice_in_two)
    left.goto("/t/acme/manage/contacts/taggroup/add/")
    left.locator(".c-tenant summary").click()
    with left.context.expect_page() as opened:
        left.get_by_role("link", name="环球甜品").click(modifiers=["Control"])
    right = opened.value

    expect(right.locator(".c-tenant strong")).to_have_text("环球甜品")
    right.goto("/t/globex/manage/contacts/taggroup/add/")
    left.locator("#id_name").fill("左")
    left.get_by_role("button", name="保存", exact=True).click()
    right.locator("#id_name").fill("右")
    right.get_by_role("button", name="保存", exact=True).click()
    expect(left.locator("#result_list")).to_contain_text("左")
    expect(right.locator("#result_list")).to_contain_text("右")

    with inside(acme):
        assert [group.name for group in TagGroup.objects.for_tenant(acme)] == ["左"]
    with inside(globex):
        assert [group.name for group in TagGroup.objects.for_tenant(globex)] == ["右"]


def test_the_palette_finds_by_keyboard_alone(open_browser: Any, alice: Any) -> None:
    page = open_browser(alice)
    page.goto("/t/acme/settings/keys/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.insert_text("成员")
    expect(page.locator(".c-hits a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("成员")


def test_a_key_is_shown_once_with_a_line_to_try(open_browser: Any, alice: Any) -> None:
    page = open_browser(alice)
    page.goto("/t/acme/settings/keys/")

    page.get_by_label("名称").fill("ERP")
    page.get_by_label("orders:write").check()
    page.get_by_role("button", name="新建").click()

    token = page.locator("#new-key").inner_text()
    expect(page.locator("#new-curl")).to_contain_text(f"Bearer {token}")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("API 密钥")
    expect(page.locator("body")).not_to_contain_text(token)
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_role_changes_once_the_question_is_answered(open_browser: Any, alice: Any, bob: Any) -> None:
    page = open_browser(alice)
    page.goto("/t/acme/settings/members/")
    role = page.get_by_label("bob@example.com 的角色")

    page.once("dialog", lambda dialog: dialog.dismiss())
    role.select_option("staff")
    expect(role).to_have_value("operator")
    page.once("dialog", lambda dialog: dialog.accept())
    role.select_option("staff")

    expect(page.get_by_text("已保存")).to_be_visible()
    assert Membership.objects.get(user=bob).role == "staff"


def test_a_hostile_name_is_text_everywhere_in_the_shell(open_browser: Any, alice: Any, acme: Any, inside: Any) -> None:
    from contacts.models import Tag, TagGroup

    hostile = '"><b x-init="document.title=1">{{x}}</b>'
    acme.name = hostile
    acme.save(update_fields=["name"])
    with inside(acme):
        group = TagGroup.objects.create(tenant=acme, name=hostile)
        tag = Tag.objects.create(tenant=acme, group=group, name=hostile)
    page = open_browser(alice)

    for path in ("manage/contacts/tag/", f"manage/contacts/tag/{tag.pk}/change/", "settings/tenant/"):
        page.goto(f"/t/acme/{path}")
        expect(page.locator(".c-tenant strong")).to_have_text(hostile)
        page.wait_for_load_state("networkidle")
        assert page.title() != "1"
    page.goto("/tenants/")
    assert page.title() != "1"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_shell_pages_are_accessible_and_fit(open_browser: Any, alice: Any, size: str, theme: str) -> None:
    page = open_browser(alice, size=size, theme=theme)

    assert faults_by_path(page, PAGES) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_login_page_is_accessible_and_fits(open_browser: Any, acme: Any, theme: str) -> None:
    page = open_browser(size="phone", theme=theme)

    page.goto("/login/")

    assert faults(page) == []


def test_the_menu_shows_where_one_is(open_browser: Any, alice: Any) -> None:
    page = open_browser(alice)
    here = page.locator(".c-menu [aria-current]")

    for path in ("", "manage/tenants/fxrate/", "settings/audit/"):
        page.goto(f"/t/acme/{path}")
        expect(here).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_api_pages_follow_the_theme_and_lead_back(open_browser: Any, alice: Any, theme: str) -> None:
    page = open_browser(alice, theme=theme)
    page.goto("/api/docs/")

    expect(page.locator(".opblock-summary-description").first).to_be_visible(timeout=20_000)
    dark = page.evaluate("document.documentElement.classList.contains('dark-mode')")
    page.get_by_role("link", name="返回控制台").click()

    assert dark == (theme == "dark")
    expect(page.locator(".c-menu")).to_be_visible()


def test_pages_speak_one_language(open_browser: Any, alice: Any) -> None:
    chinese, english = open_browser(alice), open_browser(alice, language="en-US")

    latin, han = {}, {}
    for path in PAGES:
        chinese.goto(f"/t/acme/{path}")
        english.goto(f"/t/acme/{path}")
        said = LATIN.sub(" ", words(chinese))
        latin[path] = re.findall(r"[A-Za-z]{2,}", CURRENCIES.sub(" ", said) if path == RATE_FORM else said)
        han[path] = re.findall(r"[\u4e00-\u9fff]+", words(english).replace("中文", ""))

    assert latin == {path: [] for path in PAGES}
    assert han == {path: [] for path in PAGES}


def words(page: Any) -> str:
    """What a page says to eyes and to screen readers, but for icons."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => {
          const root = document.body.cloneNode(true);
          const unsaid = "script, .material-symbols-outlined, code, [type=hidden], dl[hidden] dt";
          root.querySelectorAll(unsaid).forEach((e) => e.remove());
          const told = [...root.querySelectorAll("[title], [aria-label], [placeholder]")]
            .flatMap((e) => [e.title, e.ariaLabel, e.placeholder]);
          const texts = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) texts.push(walk.currentNode.textContent);
          return [...texts, ...told].join("\\n");
        }"""
    )
