"""What a client sends as a rule: taken, or refused with an error at each node that cannot be meant."""

from typing import Any

import msgspec
import pytest

from segments.rules import (
    InvalidRule,
    KnownAttribute,
    KnownNames,
    nodes_of,
    parse_rule,
    read_rule,
    rule_schema,
    rule_value,
)

KNOWN = KnownNames(
    currency="GBP",
    tags={1: "taste/sweet", 2: "taste/salty"},
    attributes={
        1: KnownAttribute("City", "choice", ("Bath", "York")),
        2: KnownAttribute("Children", "number"),
        3: KnownAttribute("Birthday", "date"),
        4: KnownAttribute("Owns a car", "yes_no"),
        5: KnownAttribute("Note", "text"),
    },
    channels={1: "Search"},
    segments={1: "Regulars"},
)
TAG = {"type": "tag", "tags": [1]}
LAST = {"type": "last_order", "within_days": 30}
NET = {"type": "orders", "measure": "net", "op": "gte", "value": "300.00", "days": 90}
CITY = {"type": "attribute", "attribute": 1, "op": "eq", "value": "Bath"}
EVERY_KIND = {
    "type": "all",
    "of": [
        {"type": "any", "of": [{"type": "tag", "tags": [1, 2], "match": "all"}, TAG]},
        {"type": "not", "of": {"type": "channel", "channels": [1, None]}},
        CITY,
        {"type": "attribute", "attribute": 2, "op": "between", "value": [1, 2.5]},
        {"type": "attribute", "attribute": 3, "op": "in", "value": ["2024-02-29"]},
        {"type": "attribute", "attribute": 4, "op": "eq", "value": True},
        {"type": "attribute", "attribute": 5, "op": "is_set"},
        {"type": "acquired", "from": "2026-01-01T00:00:00+08:00", "until": "2026-02-01T00:00:00Z"},
        LAST,
        {"type": "first_order", "never": True},
        {"type": "orders", "measure": "count", "op": "eq", "value": 0},
        NET,
        {"type": "segment", "segment": 1},
    ],
}


def errors(value: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRule) as refused:
        parse_rule(value, known=KNOWN)
    assert all(error.detail for error in refused.value.errors)
    return [(error.pointer, error.code) for error in refused.value.errors]


def nested(depth: int) -> Any:
    return {"type": "not", "of": nested(depth - 1)} if depth > 1 else TAG


def test_every_kind_of_node_is_taken_and_given_back_in_one_form() -> None:
    rule = parse_rule(EVERY_KIND, known=KNOWN)

    value = rule_value(rule)

    assert rule_value(parse_rule(value, known=KNOWN)) == value
    assert read_rule(value, known=KNOWN) == rule
    assert [place for place, _ in nodes_of(rule)][:6] == ["", "/of/0", "/of/0/of/0", "/of/0/of/1", "/of/1", "/of/1/of"]


def test_the_largest_rule_is_taken() -> None:
    parse_rule(nested(10), known=KNOWN)
    parse_rule({"type": "any", "of": [TAG] * 99}, known=KNOWN)


@pytest.mark.parametrize(
    ("value", "place", "code"),
    [
        (None, "", "invalid"),
        ([TAG], "", "invalid"),
        ({}, "/type", "unknown_type"),
        ({"type": ["tag"]}, "/type", "unknown_type"),
        ({"type": "age"}, "/type", "unknown_type"),
        ({"type": "all"}, "/of", "required"),
        ({"type": "all", "of": []}, "/of", "empty_group"),
        ({"type": "all", "of": TAG}, "/of", "invalid"),
        ({"type": "not", "of": [TAG]}, "/of", "invalid"),
        ({"type": "not", "of": TAG, "a/b": 1}, "/a~1b", "unknown_field"),
        ({"type": "all", "of": [TAG] * 100}, "/of/99", "too_many_nodes"),
        ({"type": "all", "of": [TAG] * 5000}, "/of/99", "too_many_nodes"),
        (nested(11), "/of" * 10, "too_deep"),
        ({"type": "tag"}, "/tags", "required"),
        ({"type": "tag", "tags": []}, "/tags", "invalid_ids"),
        ({"type": "tag", "tags": [1, 9]}, "/tags/1", "unknown_tag"),
        ({"type": "tag", "tags": [10**30]}, "/tags/0", "invalid_ids"),
        ({"type": "tag", "tags": [1], "match": "none"}, "/match", "invalid_match"),
        ({"type": "tag", "tags": [1], "colour": "red"}, "/colour", "unknown_field"),
        ({"type": "channel", "channels": [None, 9]}, "/channels/1", "unknown_channel"),
        ({"type": "segment", "segment": 9}, "/segment", "unknown_segment"),
        ({"type": "segment", "segment": True}, "/segment", "invalid_id"),
        ({**CITY, "attribute": 9}, "/attribute", "unknown_attribute"),
        ({**CITY, "op": "like"}, "/op", "invalid_op"),
        ({**CITY, "op": "lt"}, "/op", "invalid_op"),
        ({**CITY, "value": "Leeds"}, "/value", "unknown_choice"),
        ({**CITY, "op": "in", "value": ["Bath", "Leeds"]}, "/value/1", "unknown_choice"),
        ({**CITY, "value": {}}, "/value", "invalid_value"),
        ({**CITY, "value": ["Bath"]}, "/value", "invalid_value"),
        ({**CITY, "op": "in", "value": "Bath"}, "/value", "invalid_value"),
        ({**CITY, "op": "is_set"}, "/value", "unknown_field"),
        ({"type": "attribute", "attribute": 1, "op": "eq"}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "value": "2"}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "value": True}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "value": 10**400}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "value": float("nan")}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "op": "between", "value": [2, 1]}, "/value", "invalid_range"),
        ({**CITY, "attribute": 2, "op": "between", "value": [1]}, "/value", "invalid_value"),
        ({**CITY, "attribute": 2, "op": "between", "value": [1, "2"]}, "/value/1", "invalid_value"),
        ({**CITY, "attribute": 3, "value": "2026-02-30"}, "/value", "invalid_date"),
        ({**CITY, "attribute": 3, "value": "2026-W01-1"}, "/value", "invalid_date"),
        ({**CITY, "attribute": 3, "value": "1899-12-31"}, "/value", "invalid_date"),
        ({**CITY, "attribute": 4, "value": 1}, "/value", "invalid_value"),
        ({**CITY, "attribute": 5, "value": "a\0b"}, "/value", "invalid_value"),
        ({**CITY, "attribute": 5, "value": "\ud800"}, "/value", "invalid_value"),
        ({**CITY, "attribute": 5, "value": "x" * 201}, "/value", "invalid_value"),
        ({"type": "acquired"}, "", "one_span"),
        ({"type": "acquired", "never": True}, "/never", "unknown_field"),
        ({"type": "acquired", "within_days": 1, "before_days": 1}, "", "one_span"),
        ({**LAST, "never": True}, "", "one_span"),
        ({"type": "last_order", "never": False}, "/never", "invalid_value"),
        ({**LAST, "within_days": 0}, "/within_days", "invalid_days"),
        ({**LAST, "within_days": 36_501}, "/within_days", "invalid_days"),
        ({**LAST, "within_days": 1.5}, "/within_days", "invalid_days"),
        ({"type": "acquired", "from": "2026-01-01T00:00:00"}, "/from", "invalid_time"),
        ({"type": "acquired", "from": "1026-01-01T00:00:00Z"}, "/from", "invalid_date"),
        ({"type": "acquired", "until": "2026-01-01T00:00:00+17:00"}, "/until", "invalid_time"),
        (
            {"type": "acquired", "from": "2026-01-01T08:00:00+08:00", "until": "2026-01-01T00:00:00Z"},
            "/until",
            "invalid_range",
        ),
        ({**NET, "measure": "gross"}, "/measure", "invalid_measure"),
        ({**NET, "value": 300}, "/value", "invalid_decimal"),
        ({**NET, "value": "3e2"}, "/value", "invalid_decimal"),
        ({**NET, "value": "٣٠٠"}, "/value", "invalid_decimal"),
        ({**NET, "value": "300.001"}, "/value", "too_many_decimals"),
        ({**NET, "value": 300.5}, "/value", "invalid_value"),
        ({**NET, "measure": "count"}, "/value", "invalid_value"),
        ({**NET, "measure": "count", "value": -1}, "/value", "invalid_value"),
        ({**NET, "measure": "count", "value": 10**30}, "/value", "invalid_value"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(value: Any, place: str, code: str) -> None:
    inner = {"type": "all", "of": [TAG, value]}

    assert errors(value)[0] == (f"/rule{place}", code)
    if code not in ("too_deep", "too_many_nodes"):
        assert errors(inner) == [(f"/rule/of/1{place}", code)]


def test_each_wrong_node_has_an_error_of_its_own() -> None:
    wrong = {"type": "any", "of": [{"type": "tag", "tags": [8, 9]}, TAG, {"type": "not", "of": {"type": "x"}}]}

    assert errors(wrong) == [
        ("/rule/of/0/tags/0", "unknown_tag"),
        ("/rule/of/0/tags/1", "unknown_tag"),
        ("/rule/of/2/of/type", "unknown_type"),
    ]


def test_a_kept_rule_is_read_whatever_was_deleted_since() -> None:
    bare = KnownNames(currency="GBP")

    rule = read_rule(rule_value(parse_rule(EVERY_KIND, known=KNOWN)), known=bare)

    assert rule_value(rule) == rule_value(parse_rule(EVERY_KIND, known=KNOWN))
    with pytest.raises(InvalidRule):
        read_rule({"type": "all", "of": []}, known=bare)


def test_the_schema_names_every_kind_of_node() -> None:
    schema = rule_schema()

    kinds = schema["discriminator"]["mapping"]
    assert set(kinds) == set("all any not tag attribute channel acquired last_order first_order orders segment".split())
    assert set(schema["$defs"]["LastOrderLeaf"]["properties"]) == {
        "type",
        "within_days",
        "before_days",
        "from",
        "until",
        "never",
    }
    assert msgspec.json.encode(schema)
