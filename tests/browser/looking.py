"""Pages looked at one after the other: what is wrong with each by rule, and whether anything typed came alive."""

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe

STANDARD = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
HOSTILE = '<img src=x onerror="window.hacked=1"> <b x-data x-init="window.hacked=2">{{ 7*7 }}</b>'


def faults(page: Any) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    answer = Axe().run(page, options=STANDARD).response
    found = [f"{each['id']}: {node['target']}" for each in answer["violations"] for node in each["nodes"]]
    return [*found, *too_wide(page)]


def too_wide(page: Any) -> list[str]:
    """By how much the page is wider than its window, if it is."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wider} px too wide"] if wider else []


def faults_by_path(page: Any, paths: Iterable[str]) -> dict[str, list[str]]:
    """The faults of acme's pages that have any."""
    found = {path: faults(page) for path in _opened(page, paths)}
    return {path: told for path, told in found.items() if told}


def hostile_text(page: Any, paths: Iterable[str]) -> int:
    """How often acme's pages show HOSTILE as text; on none of them may it have come alive."""
    seen = 0
    for path in _opened(page, paths):
        seen += page.get_by_text(HOSTILE).count()
        assert page.evaluate("window.hacked") is None, path
        assert page.locator(".c-page img, .c-page [x-init*=hacked]").count() == 0, path
    return seen


def _opened(page: Any, paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        page.goto(f"/t/acme/{path}")
        page.wait_for_load_state("networkidle")
        yield path
