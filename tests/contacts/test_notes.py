"""Notes as people write them."""

import pytest

from contacts.notes import MAX_LENGTH, InvalidNote, clean_note


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  喜欢辣的 ", "喜欢辣的"),
        ("one\r\ntwo\rthree\n\n", "one\ntwo\nthree"),
        ("a\tb 👩‍👧", "a\tb 👩‍👧"),
        ("字" * MAX_LENGTH + "\r\n", "字" * MAX_LENGTH),
    ],
)
def test_a_note_is_kept_without_outer_blanks(text: str, clean: str) -> None:
    assert clean_note(text) == clean


@pytest.mark.parametrize("text", ["", " \n ", "字" * (MAX_LENGTH + 1), "a\0b", "bell\a", "\ud800"])
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        clean_note(text)
