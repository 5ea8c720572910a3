"""The guide's pages: each in both languages, with the same commands and the same pictures, none of them heavy."""

import re

import pytest

from tests.guide.blocks import FOLDER, IMAGES, LANGUAGES, blocks, is_answered, page_names, page_path

MOST_BYTES = 200 * 1024
_IMAGE = re.compile(r"!\[[^\]]+\]\(images/([\w.-]+\.webp)\)")


def pictures(name: str, language: str) -> list[str]:
    return _IMAGE.findall(page_path(name, language).read_text(encoding="utf-8"))


def test_every_page_is_there_in_both_languages() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == {
        f"{name}.{language}.md" for name in page_names() for language in LANGUAGES
    }


@pytest.mark.parametrize("name", page_names())
def test_both_languages_run_the_same_and_show_the_same(name: str) -> None:
    assert blocks(name, "zh") == blocks(name, "en")
    assert all(file.endswith(".en.webp") for file in pictures(name, "en"))
    assert pictures(name, "zh") == [file.replace(".en.webp", ".zh.webp") for file in pictures(name, "en")]


def test_every_picture_is_shown_and_light() -> None:
    shown = {picture for name in page_names() for language in LANGUAGES for picture in pictures(name, language)}
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}

    assert set(sizes) == shown
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", page_names())
def test_commands_are_marked_each_with_a_name_of_its_own(name: str, language: str) -> None:
    found = [each.name for each in blocks(name, language)]
    text = page_path(name, language).read_text(encoding="utf-8")

    assert len(found) == len(set(found)) == text.count("<!-- run:")


def test_an_answer_may_leave_out_what_differs() -> None:
    said = '{"results": [{"status": "created", "id": 5}], "summary": {"created": 1}}'

    assert is_answered('{"results": [{"status": "created", "id": …}]}', said)
    assert not is_answered('{"results": [{"status": "updated"}]}', said)
    assert not is_answered('{"results": []}', said)
    assert is_answered("facts …\n0\n", "facts 12, rollups 3\n0\n")
    assert not is_answered("facts …\n0\n", "facts 12\n1\n")
