"""The guide's pages as text: the commands that a reader runs, and what they are said to answer. Pure."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "guide"
IMAGES = FOLDER / "images"
LANGUAGES = ("zh", "en")
# what stands in an answer for what is different each time
ANYTHING = "…"
_FENCE = re.compile(
    r"^<!-- (?:run: (?P<name>[\w-]+)|(?P<answer>answer)) -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """Something that a reader runs. `answer`: what it says, in which ANYTHING stands for anything; "" if unsaid."""

    name: str
    language: str
    code: str
    answer: str = ""


def page_path(name: str, language: str) -> Path:
    """Where a page is written in a language."""
    return FOLDER / f"{name}.{language}.md"


def page_names() -> list[str]:
    """The guide's pages, by name."""
    return sorted({path.name.split(".")[0] for path in FOLDER.glob("*.md")})


def blocks(name: str, language: str) -> list[Block]:
    """What is to be run on a page, in order."""
    found: list[Block] = []
    for match in _FENCE.finditer(page_path(name, language).read_text(encoding="utf-8")):
        if match["answer"]:
            last = found.pop()
            found.append(Block(last.name, last.language, last.code, match["text"]))
        else:
            found.append(Block(match["name"], match["language"], match["text"]))
    return found


def block(name: str, block_name: str, language: str) -> Block:
    """One of them."""
    return next(each for each in blocks(name, language) if each.name == block_name)


def is_answered(answer: str, output: str) -> bool:
    """Whether an output says what the page says, as JSON where that is JSON; JSON may hold more keys than are shown."""
    try:
        shown = json.loads(answer.replace(f": {ANYTHING}", f': "{ANYTHING}"'))
    except ValueError:
        parts = (re.escape(part) for part in answer.strip().split(ANYTHING))
        return re.fullmatch(".*".join(parts), output.strip(), re.DOTALL) is not None
    return _holds(shown, json.loads(output))


def _holds(shown: Any, found: Any) -> bool:
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict):
        return isinstance(found, dict) and all(key in found and _holds(shown[key], found[key]) for key in shown)
    if isinstance(shown, list):
        is_as_long = isinstance(found, list) and len(found) == len(shown)
        return is_as_long and all(_holds(*pair) for pair in zip(shown, found, strict=True))
    return bool(shown == found)
