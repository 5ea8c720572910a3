"""The guide as a reader uses it: its commands against a running brand, its built pages in a browser, offline."""

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.brand import fill
from tests.browser.looking import faults
from tests.browser.terminal import Terminal
from tests.guide.blocks import LANGUAGES, ROOT, blocks, page_names

PAGES = [name for name in page_names() if blocks(name, "en")]


def test_every_command_of_the_guide_runs_and_answers_as_it_says(
    site_url: str, provider: Any, worker: None, tmp_path: Path
) -> None:
    fill(site_url=site_url, provider_url=provider.url, people=200, played_days=1)

    for name in sorted(PAGES):
        folder = tmp_path / name
        folder.mkdir()
        terminal = Terminal(folder, site_url)
        for each in blocks(name, "en"):
            terminal.run(each)


@pytest.fixture(scope="module")
def guide_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The guide, built and served."""
    site = tmp_path_factory.mktemp("guide")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", "docs/mkdocs.yml"]
    subprocess.run([*build, "--site-dir", str(site)], cwd=ROOT, check=True, timeout=60)
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_built_guide_asks_nobody_else_for_anything_and_keeps_to_the_rules(
    browser: Any, guide_url: str, language: str, theme: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=theme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    folder = "" if language == "zh" else f"{language}/"

    found = {}
    for name in page_names():
        page.goto(f"{guide_url}/{folder}{name}.html")
        page.wait_for_load_state("networkidle")
        found[name] = faults(page)

    assert [url for url in asked if not url.startswith((guide_url, "data:", "blob:"))] == []
    # the language switch looks for a sitemap of each language; there is one of both
    assert [url for url in missing if not url.endswith("/sitemap.xml")] == []
    assert {name: told for name, told in found.items() if told} == {}
    assert context.cookies() == []
    context.close()


def test_a_reader_switches_the_language(browser: Any, guide_url: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{guide_url}/first-hour.html")

    page.locator(".md-select button").hover()
    page.get_by_role("link", name="English").click()

    expect(page).to_have_url(f"{guide_url}/en/first-hour.html")
    page.close()
