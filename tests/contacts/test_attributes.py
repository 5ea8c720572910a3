"""What a contact's attribute says, by its kind."""

import datetime as dt
from typing import Any

import pytest

from contacts.attributes import (
    KINDS,
    InvalidAttribute,
    TypedValue,
    clean_choices,
    clean_key,
    clean_label,
    typed_value,
)

YES, NO = TypedValue(number=1.0), TypedValue(number=0.0)
VALUES = [
    ("text", "北京", TypedValue(text="北京")),
    ("text", "x" * 200, TypedValue(text="x" * 200)),
    *[("text", value, None) for value in ("", "x" * 201, "a\0b", 7, True, None, ["x"], {"x": 1})],
    ("number", 7, TypedValue(number=7.0)),
    ("number", -0.25, TypedValue(number=-0.25)),
    ("number", "-12.50", TypedValue(number=-12.5)),
    ("number", 2**63, TypedValue(number=float(2**63))),
    *[
        ("number", value, None)
        for value in (True, "", "1e5", "１２", " 7", "1,000", "inf", float("inf"), float("nan"), 10**400, None, [7])
    ],
    ("date", "2024-02-29", TypedValue(date=dt.date(2024, 2, 29))),
    ("date", "1900-01-01", TypedValue(date=dt.date(1900, 1, 1))),
    *[
        ("date", value, None)
        for value in ("2023-02-29", "20240229", "2024-W09-4", "1899-12-31", "3000-01-01", "2024-02-29T00:00:00Z", 7)
    ],
    ("yes_no", True, YES),
    ("yes_no", False, NO),
    *[("yes_no", value, None) for value in (1, 0, "true", "", None)],
    ("choice", "gold", TypedValue(text="gold")),
    *[("choice", value, None) for value in ("iron", "Gold", "gold ", 1, None)],
]


@pytest.mark.parametrize(("kind", "value", "typed"), VALUES)
def test_a_value_is_of_its_kind_or_none(kind: str, value: Any, typed: TypedValue | None) -> None:
    assert typed_value(value, kind=kind, choices=["gold", "silver"]) == typed


def test_the_kinds_are_those_of_the_model() -> None:
    from contacts.models import Attribute

    assert tuple(Attribute.Kind.values) == KINDS


def test_definitions_are_cleaned() -> None:
    assert (clean_key(" 城市 "), clean_label(" City "), clean_choices([" a ", "b", "a"], kind="choice")) == (
        "城市",
        "City",
        ["a", "b"],
    )
    assert clean_choices([], kind="text") == []


@pytest.mark.parametrize("key", ["", " ", "x" * 61, "a\0b", "a|b", "{a", "a}"])
def test_a_key_that_no_text_could_name_is_refused(key: str) -> None:
    with pytest.raises(InvalidAttribute) as refusal:
        clean_key(key)

    assert (refusal.value.field, refusal.value.code) == ("key", "invalid_key")


@pytest.mark.parametrize("label", ["", " ", "x" * 61, "a\nb"])
def test_a_label_must_say_something(label: str) -> None:
    with pytest.raises(InvalidAttribute):
        clean_label(label)


@pytest.mark.parametrize(
    ("choices", "kind", "code"),
    [
        (["a"], "text", "no_choices"),
        ([], "choice", "invalid_choices"),
        ([" "], "choice", "invalid_choices"),
        (["x" * 201], "choice", "invalid_choices"),
        ([str(number) for number in range(201)], "choice", "invalid_choices"),
    ],
)
def test_choices_belong_to_a_choice_and_it_has_some(choices: list[str], kind: str, code: str) -> None:
    with pytest.raises(InvalidAttribute) as refusal:
        clean_choices(choices, kind=kind)

    assert refusal.value.code == code
