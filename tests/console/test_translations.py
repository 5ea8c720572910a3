"""The Chinese catalogues are whole: what is compiled is what is written, and nothing is left out or guessed."""

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CATALOGUES = [ROOT / folder / "zh_Hans/LC_MESSAGES/django.po" for folder in ("locale", "locale_unfold")]
_PLACES = re.compile(r"%\((\w+)\)|\{(\w*)\}|%[sd]")


def entries(catalogue: Path) -> dict[str, str]:
    """What a .po says: id → Chinese (the first form; Chinese has one)."""
    found, key, held = {}, "", {"msgid": "", "msgstr": ""}
    for line in [*catalogue.read_text(encoding="utf-8").splitlines(), 'msgid ""']:
        if match := re.match(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[0\])? "(.*)"$', line):
            begins = match[1] == "msgctxt" or (match[1] == "msgid" and key != "msgctxt")
            if begins:
                found[_key(held)] = held["msgstr"]
                held = {"msgid": "", "msgstr": ""}
            key = match[1]
            held[key] = match[2]
        elif line.startswith('"'):
            held[key] = held.get(key, "") + line[1:-1]
    return found


def _key(held: dict[str, str]) -> str:
    return f"{held['msgctxt']}\\x04{held['msgid']}" if "msgctxt" in held else held["msgid"]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-4])
def test_nothing_is_fuzzy_untranslated_or_missing_a_placeholder(catalogue: Path) -> None:
    told = entries(catalogue)

    assert "fuzzy" not in catalogue.read_text(encoding="utf-8")
    assert [each for each, chinese in told.items() if not chinese] == []
    differing = {
        each for each, chinese in told.items() if each and set(_PLACES.findall(each)) - set(_PLACES.findall(chinese))
    }
    assert differing == set()


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-4])
def test_the_compiled_catalogue_is_the_written_one(catalogue: Path) -> None:
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        held = gettext.GNUTranslations(compiled)

    unescaped = {
        each.encode().decode("unicode_escape").encode("latin-1").decode(): chinese
        for each, chinese in entries(catalogue).items()
        if each
    }
    assert {each: held.ngettext(each, each, 1) == held.gettext(each) or each for each in unescaped}
    assert len({key if isinstance(key, str) else key[0] for key in held._catalog if key}) == len(unescaped)  # type: ignore[attr-defined]


def test_an_idea_has_one_word() -> None:
    """Cohort 同期群, contact 客户, spend 投放费用, segment 人群: none of them by another name."""
    others = ("队列", "联系人", "花费", "分群")

    found = {each: chinese for each, chinese in entries(CATALOGUES[0]).items() if any(w in chinese for w in others)}

    assert found == {}


@pytest.mark.servers
def test_every_string_of_the_code_is_in_the_catalogue(tmp_path: Path) -> None:
    assert shutil.which("xgettext"), "install gettext"
    for name in ("scrm", "tenants", "contacts", "acquisition", "orders", "segments", "sop", "analytics", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    (tmp_path / "locale").mkdir()

    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-location"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )

    extracted = set(entries(tmp_path / "locale/zh_Hans/LC_MESSAGES/django.po"))
    assert extracted - set(entries(CATALOGUES[0])) == set()
