"""Which news, segments and edges a rule depends on."""

from typing import Any

import pytest

from segments.rules import Dependencies, Edge, KnownNames, depends_on, edges_of, parse_rule
from tests.segments.rules.test_parsing import CITY, KNOWN, LAST, NET, TAG

NEW = {"identity", "profile"}


def facts(value: Any, known: KnownNames = KNOWN) -> Dependencies:
    return depends_on(parse_rule(value, known=known))


@pytest.mark.parametrize(
    ("leaf", "reasons"),
    [
        (TAG, {"tag"}),
        (CITY, {"profile"}),
        ({"type": "channel", "channels": [1]}, {"touch", "profile"}),
        ({"type": "acquired", "within_days": 1}, {"touch", "order"}),
        (LAST, {"order"}),
        ({"type": "first_order", "before_days": 1}, {"order"}),
        (NET, {"order", "refund"}),
        ({**NET, "measure": "count", "value": 2}, {"order"}),
        ({"type": "segment", "segment": 1}, set()),
    ],
)
def test_a_leaf_depends_on_its_own_news_and_its_opposite_on_new_contacts_too(leaf: Any, reasons: set[str]) -> None:
    assert facts(leaf).reasons == reasons
    assert facts({"type": "not", "of": leaf}).reasons == reasons | NEW


@pytest.mark.parametrize(
    "leaf",
    [
        {"type": "last_order", "never": True},
        {"type": "channel", "channels": [None]},
        {**NET, "op": "lte"},
        {**NET, "measure": "count", "op": "eq", "value": 0, "days": None},
    ],
)
def test_what_is_true_of_a_stranger_depends_on_new_contacts(leaf: Any) -> None:
    assert facts(leaf).reasons >= NEW
    assert not facts({"type": "all", "of": [TAG, leaf]}).reasons >= {"identity"}
    assert facts({"type": "any", "of": [TAG, leaf]}).reasons >= NEW


def test_segments_and_edges_are_gathered_from_all_nodes() -> None:
    value = {
        "type": "any",
        "of": [
            {"type": "not", "of": {"type": "all", "of": [LAST, {"type": "segment", "segment": 1}]}},
            {**NET, "measure": "count", "value": 2, "days": 7},
            NET,
            {"type": "acquired", "before_days": 3},
            {"type": "first_order", "from": "2026-01-01T00:00:00Z"},
        ],
    }

    told = facts(value)

    assert told.segment_ids == {1} and told.has_time
    assert edges_of(parse_rule(value, known=KNOWN)) == {
        Edge("last_purchase", 30),
        Edge("paid", 7),
        Edge("paid", 90),
        Edge("refunded", 90),
        Edge("acquired", 3),
    }


def test_time_alone_moves_nobody_where_no_window_moves() -> None:
    fixed = {"type": "all", "of": [TAG, {"type": "acquired", "from": "2026-01-01T00:00:00Z"}, {**NET, "days": None}]}

    assert not facts(fixed).has_time
