"""Every page of the console, found by its links: a new page is looked at without being told of."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import TimeoutError

from tests.browser.conftest import SIZES
from tests.browser.looking import faults, too_wide
from tests.browser.test_shell import CURRENCIES, LATIN, words
from tests.console.shop_floor import open_shop
from tests.console.test_query_counts import QUERIES
from tests.isolation.rows import fill

START = "/t/acme/"
PAPER = {"width": 1032, "height": 703}
# parts of pages, which scripts ask for: no link leads to them
PARTS = {
    "attributes/<int:attribute_id>/values/",
    "contacts/<int:contact_id>/segments/",
    "contacts/<int:contact_id>/tags/",
    "manage/jsi18n/",
    "manage/search/",
}
# to these no link leads from this shop: only the editor of a draft leads to its publishing, and tags have moved to
# `tags/`; other tests here look at them by their address
NO_LINK = {
    "segments/<int:segment_id>/publish/",
    "manage/contacts/tag/",
    "manage/contacts/tag/<path:object_id>/change/",
    "manage/contacts/tag/add/",
    "manage/contacts/taggroup/",
    "manage/contacts/taggroup/<path:object_id>/change/",
    "manage/contacts/taggroup/add/",
}
# what the brand itself wrote
OWN_WORDS = re.compile(r"canary-acme|canary|顾客\d|\b(search|shop|o\d|note)\b", re.ASCII)


@dataclass(frozen=True)
class Language:
    """How a reader asks for a language, what the page says it is in, and what it may not hold."""

    asked: str
    told: str
    foreign: re.Pattern[str]
    kept: re.Pattern[str]


# an attribute's key as an example, and keys on a keyboard
KEYS = r"\bcity\b|\bEnter\b|\bAlt\b"
CHINESE = Language("zh-CN", "zh-hans", re.compile(r"[A-Za-z]{2,}"), re.compile(f"{LATIN.pattern}|{KEYS}", re.ASCII))
ENGLISH = Language("en-US", "en", re.compile(r"[\u4e00-\u9fff]+"), re.compile("中文"))


@pytest.fixture
def full_shop(acme: Any, alice: Any) -> Any:
    """Acme with something to show on every page, and its owner."""
    open_shop(acme, people=2)
    fill(acme)
    return alice


@pytest.mark.parametrize(("language", "axe_at"), [(CHINESE, "phone"), (ENGLISH, "desktop")], ids=["chinese", "english"])
def test_every_page_is_led_to_by_links_and_without_fault(
    open_browser: Any, full_shop: Any, language: Language, axe_at: str
) -> None:
    page = open_browser(full_shop, size="phone", language=language.asked)

    found = dict(walk(page, language, axe_at))

    assert [f"{path}: {each}" for path, told in found.items() for each in told] == []
    assert QUERIES.keys() - PARTS - {kind_of(path) for path in found} == NO_LINK


def walk(page: Any, language: Language, axe_at: str) -> Iterator[tuple[str, list[str]]]:
    """The first address of each kind that links lead to from the home page, with what is wrong with it."""
    seen, waiting = {kind_of(START)}, [START]
    while waiting:
        path = waiting.pop(0)
        if is_file(path):
            yield path, file_faults(page, path)
            continue
        yield path, page_faults(page, path, language, axe_at)
        for link in links(page):
            if (kind := kind_of(link)) not in seen:
                seen.add(kind)
                waiting.append(link)


def kind_of(path: str) -> str:
    """The route below the tenant that answers an address; the address itself where there is none."""
    below = urlsplit(path).path.removeprefix(START)
    try:
        return resolve(f"/{below}", urlconf="scrm.console_urls").route
    except Resolver404:
        return below


def is_file(path: str) -> bool:
    """Whether an address is a download."""
    return urlsplit(path).path.endswith((".csv", "/file/"))


def file_faults(page: Any, path: str) -> list[str]:
    """What is wrong with a download."""
    answer = page.request.get(path)
    return [] if answer.status == 200 else [f"status {answer.status}"]


def page_faults(page: Any, path: str, language: Language, axe_at: str) -> list[str]:
    """What is wrong with a page, as wide as a phone and as a desktop."""
    page.set_viewport_size(SIZES["phone"])
    answer = page.goto(path)
    page.wait_for_function("!document.querySelector('.htmx-request')")
    found = [] if answer.status == 200 else [f"status {answer.status}"]
    if (told := page.evaluate("document.documentElement.lang").lower()) != language.told:
        found.append(f"lang {told}")
    spoken = language.kept.sub(" ", OWN_WORDS.sub(" ", words(page)))
    if "/fxrate/" in path:
        spoken = CURRENCIES.sub(" ", spoken)
    found += [f"says {word}" for word in sorted(set(language.foreign.findall(spoken)))]
    for size, window in SIZES.items():
        resize(page, window)
        found += [f"{size}: {each}" for each in (faults(page) if size == axe_at else too_wide(page))]
    return [*found, *(f"print: {each}" for each in print_faults(page))]


def resize(page: Any, window: Any) -> None:
    """Give a page another window, and its charts the moment in which they are drawn anew."""
    page.set_viewport_size(window)
    with suppress(TimeoutError):
        page.wait_for_function(
            "document.documentElement.scrollWidth === document.documentElement.clientWidth", timeout=3000
        )


def print_faults(page: Any) -> list[str]:
    """What is wrong with a page on paper: A4 across."""
    page.emulate_media(media="print")
    resize(page, PAPER)
    found = too_wide(page)
    shown = page.locator("#nav-sidebar, .c-button, [type=submit]").filter(visible=True).count()
    page.emulate_media(media="screen")
    return [*found, f"{shown} buttons and menus"] if shown else found


def links(page: Any) -> list[str]:
    """The addresses of this tenant's console that a page links to, as it gives them."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(a => a.pathname + a.search)")
    return list(dict.fromkeys(each for each in found if each.startswith(START)))
