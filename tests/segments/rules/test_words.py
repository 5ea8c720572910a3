"""A rule in words."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone, translation

from segments.rules import describe, parse_rule, phrases
from tests.segments.rules.test_parsing import CITY, EVERY_KIND, KNOWN, LAST, NET, TAG


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"), timezone.override("UTC"):
        yield


def words(value: Any) -> str:
    return describe(parse_rule(value, known=KNOWN), KNOWN)


def test_groups_are_told_with_brackets_only_where_they_are_needed() -> None:
    either = {"type": "any", "of": [CITY, {"type": "not", "of": LAST}]}

    assert words({"type": "all", "of": [TAG, either]}) == (
        "tagged taste/sweet and (City is Bath or not: last purchase in the last 30 days)"
    )
    assert words({"type": "all", "of": [either]}) == "City is Bath or not: last purchase in the last 30 days"
    assert words(NET) == "net sum in the last 90 days: at least 300.00 GBP"


def test_every_node_has_words() -> None:
    told = phrases(parse_rule(EVERY_KIND, known=KNOWN), KNOWN)

    assert told == {
        "": "all of these",
        "/of/0": "one of these",
        "/of/0/of/0": "tagged with all of taste/sweet, taste/salty",
        "/of/0/of/1": "tagged taste/sweet",
        "/of/1": "not this",
        "/of/1/of": "came by Search, no channel",
        "/of/2": "City is Bath",
        "/of/3": "Children is between 1 and 2.5",
        "/of/4": "Birthday is one of 2024-02-29",
        "/of/5": "Owns a car is yes",
        "/of/6": "Note is known",
        "/of/7": "acquired from 2025-12-31 16:00 until 2026-02-01 00:00",
        "/of/8": "last purchase in the last 30 days",
        "/of/9": "has never bought",
        "/of/10": "number of purchases ever: exactly 0",
        "/of/11": "net sum in the last 90 days: at least 300.00 GBP",
        "/of/12": "in the segment Regulars",
    }


def test_what_was_deleted_is_said_to_be() -> None:
    assert describe(parse_rule(TAG, known=KNOWN), KNOWN.__class__(currency="GBP")) == "tagged a deleted tag"
