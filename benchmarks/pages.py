"""How long each page of the console takes on the demo brand, as the product that `up` runs answers its owner.

Every page that links lead to is asked for, two of each kind (two contacts, two segments …), while workers and beat go
about their work. What loading the demo took is told beside it.
"""

import os
import re
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from http.cookiejar import CookieJar
from statistics import quantiles

from benchmarks.figures import Figure
from benchmarks.product import Product, running_product

BRAND, LOADED = "好味道", "Loaded 好味道"
START = "/t/haoweidao/"
LIMIT_MS, LOAD_LIMIT_SECONDS, PATIENCE_SECONDS = 300, 90, 900
TIMES = int(os.environ.get("TIMES", "20"))
OF_EACH_KIND = 2
LINK = re.compile(r'href="(/[^"#]*)"')
NUMBER = re.compile(r"/\d+/")
FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def run(*, rounds: int) -> list[Figure]:
    """Ask for every page TIMES times, whatever the rounds."""
    with running_product(with_demo=True) as product:
        seconds = loaded_after(product)
        owner = Visitor(product.url, email="alice@demo.scrm.local", password="demo")
        pages = list(owner.walk(START))
        found = owner.timed(pages)
    kinds: dict[str, list[float]] = defaultdict(list)
    for path, times in found.items():
        kinds[kind_of(path)] += times
    slow = sorted(kinds.items(), key=lambda each: -p95(each[1]))
    return [
        Figure(f"pages: the slowest of {len(kinds)} kinds, p95", "ms", [p95(slow[0][1])], LIMIT_MS, better="less"),
        Figure(f"demo: {BRAND} on the board", "s", [seconds], LOAD_LIMIT_SECONDS, better="less"),
        *(Figure(f"pages: {kind}, p95", "ms", [p95(times)], LIMIT_MS, better="less") for kind, times in slow),
    ]


def loaded_after(product: Product) -> float:
    """Wait until the demo brand is there; how long it took. Units: seconds."""
    told = re.compile(LOADED + r".* on the board after ([\d.]+) s")
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not (match := told.search(product.said())):
        if time.monotonic() > ends_at:
            raise RuntimeError(f"{BRAND} did not come:\n{product.said()}")
        time.sleep(1)
    return float(match[1])


def kind_of(path: str) -> str:
    """A page's address less its numbers and its question."""
    return NUMBER.sub("/…/", path.partition("?")[0])


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(times, n=20, method="inclusive")[-1]


class Visitor:
    """Somebody who is logged in."""

    def __init__(self, url: str, *, email: str, password: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        token = FIELD.search(self.read("/login/"))
        if token is None:
            raise RuntimeError("the log-in page has no form")
        form = {"username": email, "password": password, "csrfmiddlewaretoken": token[1]}
        asked = urllib.request.Request(f"{self.url}/login/", urllib.parse.urlencode(form).encode())
        asked.add_header("Referer", f"{self.url}/login/")
        self.opener.open(asked).close()

    def read(self, path: str) -> str:
        """A page's text; empty where it is no page."""
        with self.opener.open(f"{self.url}{path}") as answer:
            is_page = "text/html" in answer.headers.get("Content-Type", "")
            return answer.read().decode() if is_page else ""

    def walk(self, start: str) -> Iterator[str]:
        """The pages that links lead to below `start`, so many of each kind."""
        seen, waiting = {start}, [start]
        counts: dict[str, int] = defaultdict(int)
        while waiting:
            path = waiting.pop(0)
            if counts[kind_of(path)] >= OF_EACH_KIND:
                continue
            text = self.read(path)
            if not text:
                continue
            counts[kind_of(path)] += 1
            yield path
            links = {link.replace("&amp;", "&") for link in LINK.findall(text) if link.startswith(start)}
            waiting += sorted(links - seen)
            seen |= links

    def timed(self, pages: list[str]) -> dict[str, list[float]]:
        """How long each page takes, asked for in turns; the first turn warms up. Units: milliseconds."""
        found: dict[str, list[float]] = {path: [] for path in pages}
        for _ in range(TIMES + 1):
            for path, times in found.items():
                started = time.perf_counter()
                self.read(path)
                times.append((time.perf_counter() - started) * 1000)
        return {path: times[1:] for path, times in found.items()}
