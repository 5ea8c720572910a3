"""Search tokens."""

from hypothesis import given
from hypothesis import strategies as st

from contacts import tokens

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


def test_tokens_are_characters_pairs_and_phone_grams() -> None:
    assert tokens.contact_tokens(name="王小明", phones=["+86138"]) == [
        "#6138",
        "#8613",
        "小",
        "小明",
        "明",
        "王",
        "王小",
    ]


def test_folding_ignores_case_and_width() -> None:
    assert tokens.fold("ＡＢc É Ж１") == "abc é ж1"


def test_folding_says_the_same_to_sql() -> None:
    assert len(tokens.FOLDED_FROM) == len(tokens.FOLDED_TO)
    assert tokens.fold(tokens.FOLDED_FROM) == tokens.FOLDED_TO
    assert tokens.fold(tokens.FOLDED_TO) == tokens.FOLDED_TO


@given(TEXT, st.integers(0, 11), st.integers(1, 12))
def test_every_part_of_a_name_is_probed_by_tokens_that_the_name_has(name: str, start: int, length: int) -> None:
    part = tokens.fold(name[start : start + length]).strip()

    assert set(tokens.name_probe(part)) <= tokens.name_tokens(name)
    assert len(tokens.name_probe(part)) <= 3


@given(st.text("0123456789", min_size=4, max_size=15), st.integers(0, 11), st.integers(4, 15))
def test_every_part_of_a_phone_is_probed_by_tokens_that_the_phone_has(digits: str, start: int, length: int) -> None:
    part = digits[start : start + length]

    assert set(tokens.phone_probe(part)) <= tokens.phone_tokens(digits)


@given(st.text(max_size=200), st.lists(st.text("0123456789", max_size=15), max_size=30))
def test_tokens_of_one_contact_are_bounded(name: str, phones: list[str]) -> None:
    found = tokens.contact_tokens(name=name, phones=phones)

    assert len(found) <= 400 + 12 * tokens.PHONES_PER_CONTACT
    assert all(len(token) <= 6 for token in found)
