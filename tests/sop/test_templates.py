"""Texts with variables: compiled when saved, rendered without a way to fail."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.templates import MAX_LENGTH, Compiled, TextFault, attribute_value, compile_text, render, variables

KEYS = ("city", "最爱口味")

COMPILED = [
    ("您好", ["您好"]),
    ("{{ contact.name|您 }}，您好！", [["contact.name", "您"], "，您好！"]),
    ("{{contact.name}}", [["contact.name", ""]]),
    (
        "a{{ brand.name }}b{{ attribute.最爱口味 | 甜|辣 }}",
        ["a", ["brand.name", ""], "b", ["attribute.最爱口味", "甜|辣"]],
    ),
    ("{ } {x} {{attribute.city|{}}}", ["{ } {x} ", ["attribute.city", "{"], "}"]),
    ("a\r\nb", ["a\nb"]),
]


@pytest.mark.parametrize(("text", "compiled"), COMPILED)
def test_text_is_compiled(text: str, compiled: list[object]) -> None:
    assert compile_text(text, attributes=KEYS) == compiled


# text, code, position, line, column
FAULTS = [
    ("", "blank", 0, 1, 1),
    (" \n ", "blank", 0, 1, 1),
    ("a" * (MAX_LENGTH + 1), "too_long", MAX_LENGTH, 1, MAX_LENGTH + 1),
    ("ab\x00", "control_character", 2, 1, 3),
    ("您好\n {{ contact.nmae }}", "unknown_variable", 4, 2, 2),
    ("{{ attribute.town }}", "unknown_variable", 0, 1, 1),
    ("{{ attribute. }}", "unknown_variable", 0, 1, 1),
    ("{{ }}", "unknown_variable", 0, 1, 1),
    ("{{ contact.name", "not_closed", 0, 1, 1),
    ("{{ contact.name {{ brand.name }}", "not_closed", 0, 1, 1),
    ("a }} b", "not_opened", 2, 1, 3),
]


@pytest.mark.parametrize(("text", "code", "position", "line", "column"), FAULTS)
def test_fault_names_its_place(text: str, code: str, position: int, line: int, column: int) -> None:
    with pytest.raises(TextFault) as refused:
        compile_text(text, attributes=KEYS)

    fault = refused.value
    assert (fault.code, fault.position, fault.line, fault.column) == (code, position, line, column)
    assert str(line) in str(fault) and str(column) in str(fault)


def test_longest_text_is_taken() -> None:
    assert compile_text("a" * MAX_LENGTH, attributes=()) == ["a" * MAX_LENGTH]


def test_rendering_says_values_and_fallbacks() -> None:
    compiled = compile_text("{{ contact.name|您 }}@{{ brand.name }} {{ attribute.city|那里 }}", attributes=KEYS)

    assert (
        render(compiled, {"contact.name": "小明", "brand.name": "甜品", "attribute.city": "北京"}) == "小明@甜品 北京"
    )
    assert render(compiled, {"contact.name": "", "brand.name": "甜品"}) == "您@甜品 那里"
    assert render(compiled, {}) == "您@ 那里"
    assert variables(compiled) == {"contact.name", "brand.name", "attribute.city"}


def test_a_value_is_never_read_as_a_template() -> None:
    compiled = compile_text("{{ contact.name }}", attributes=())

    assert render(compiled, {"contact.name": "{{ brand.name }}", "brand.name": "x"}) == "{{ brand.name }}"


def test_attributes_are_said_as_text() -> None:
    said = [attribute_value(value) for value in ("北京", 3, 2.0, 2.5, True, None, [1], {"a": 1})]

    assert said == ["北京", "3", "2", "2.5", "", "", "", ""]


LETTERS = st.text(alphabet=string.ascii_letters + "{}| .\n您")


@given(LETTERS, st.dictionaries(st.sampled_from(["contact.name"]), st.text()))
def test_every_text_renders_or_has_a_fault_inside_it(text: str, values: dict[str, str]) -> None:
    compiled, place = compiled_or_place(text)

    assert 0 <= place <= len(text)
    assert isinstance(render(compiled, values), str)


def compiled_or_place(text: str) -> tuple[Compiled, int]:
    try:
        return compile_text(text, attributes=KEYS), 0
    except TextFault as fault:
        return [], fault.position
