"""The guide's pictures: screens as the tests see them, kept where `make docs-images` asks for them."""

import base64
import os
from dataclasses import dataclass
from typing import Any

from tests.guide.blocks import IMAGES

IS_WANTED = bool(os.environ.get("SCRM_GUIDE_IMAGES"))
QUALITY = 80


@dataclass(frozen=True)
class Camera:
    """Takes pictures for readers of one language; without being asked it takes none."""

    language: str

    def __call__(self, page: Any, name: str) -> None:
        """Keep what the window shows, as WebP."""
        if not IS_WANTED:
            return
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)
        chromium = page.context.new_cdp_session(page)
        shot = chromium.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        IMAGES.mkdir(exist_ok=True)
        (IMAGES / f"{name}.{self.language}.webp").write_bytes(base64.b64decode(shot["data"]))
