"""Who is in a window: those of whom a rule can be true by it, as far as sums of purchases tell."""

from datetime import UTC, datetime
from typing import Any

import pytest

from segments.rules import parse_rule
from segments.rules.conditions import Fact
from segments.rules.normal import normalise
from segments.rules.parts import Part, parts_of
from segments.rules.sources import STATS, Sources
from segments.rules.windows import narrowed
from tests.segments.rules.test_parsing import KNOWN, TAG

AT = datetime(2026, 11, 21, tzinfo=UTC)
OFTEN = {"type": "orders", "measure": "count", "op": "gte", "value": 2, "days": 90}
MUCH = {"type": "orders", "measure": "net", "op": "gt", "value": "300.00", "days": 90}
OLD = {"type": "orders", "measure": "count", "op": "gte", "value": 9}
NEW = {"type": "orders", "measure": "count", "op": "lt", "value": 4}


def every(*rules: Any) -> Any:
    return {"type": "all", "of": list(rules)}


def some(*rules: Any) -> Any:
    return {"type": "any", "of": list(rules)}


def no(rule: Any) -> Any:
    return {"type": "not", "of": rule}


def found(value: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """What the rule still asks of the sums to date, and who is in each window, with values in place of parameters."""
    rule = parse_rule(value, known=KNOWN)
    sources = Sources(rule, tenant_id=1, at=AT, contact_ids=None)
    left, buyers = narrowed(parts_of(normalise(rule.root), sources), sources.windows)
    told = [fact.sql % sources.params for fact in _facts(left) if fact.source == STATS]
    return told, [(each.needs % sources.params, each.to_date % sources.params) for each in buyers.values()]


def _facts(part: Part) -> list[Fact]:
    return [part] if isinstance(part, Fact) else [each for inner in part.parts for each in _facts(inner)]


@pytest.mark.parametrize(
    ("op", "value", "needs"),
    [
        ("gte", "0.01", "<sums>.gross >= 1"),
        ("gt", "0", "<sums>.gross > 0"),
        ("eq", "5.00", "<sums>.gross >= 500"),
        # true of somebody who has bought nothing: the opposite is asked
        ("lt", "0.01", "<sums>.gross >= 1"),
        ("lte", "0", "<sums>.gross > 0"),
        # refunds alone can make it true, or its opposite
        ("eq", "0", None),
        ("eq", "-0.01", None),
        ("gte", "0", None),
        ("gt", "-0.01", None),
        ("lt", "0", None),
        ("lte", "-0.01", None),
    ],
)
def test_a_sum_needs_purchases_unless_refunds_alone_can_make_it_true(op: str, value: str, needs: str | None) -> None:
    leaf = {**MUCH, "op": op, "value": value}

    assert found(leaf) == found(no(leaf)) == ([], [(f"({needs})", "")] if needs else [])


def test_sums_beside_the_only_fact_about_a_window_are_asked_there_alone() -> None:
    asked = every(OFTEN, MUCH, OLD, NEW, TAG)

    assert found(asked) == (
        [],
        [
            (
                "((<sums>.purchases >= 2) AND (<sums>.gross > 30000))",
                "((s.purchases >= 2) AND (s.gross > 30000)) AND (s.purchases >= 9) AND (NOT (s.purchases >= 4))",
            )
        ],
    )


@pytest.mark.parametrize("window", [no(OFTEN), some(OFTEN, MUCH, TAG), some(every(OFTEN, NEW), MUCH)])
def test_sums_beside_are_asked_of_everybody_who_may_have_no_row(window: Any) -> None:
    told, ((_, to_date),) = found(every(window, OLD, TAG))

    assert "s.purchases >= 9" in told
    assert to_date == ""


def test_a_shared_window_holds_whom_any_of_its_facts_can_be_true_of() -> None:
    shared = some(every(OFTEN, OLD), every(MUCH, NEW))

    assert found(shared) == (
        ["s.purchases >= 9", "s.purchases >= 4"],
        [("(<sums>.purchases >= 2) OR (<sums>.gross > 30000)", "")],
    )
    assert found(some(shared, {**MUCH, "op": "lt", "value": "0"})) == (["s.purchases >= 9", "s.purchases >= 4"], [])


def test_each_window_of_a_group_asks_for_the_sums_beside_it() -> None:
    asked = some(TAG, every(OFTEN, {**MUCH, "days": 30}, OLD))

    assert found(asked) == (
        [],
        [
            ("(<sums>.purchases >= 2)", "(s.purchases >= 2) AND (s.purchases >= 9)"),
            ("(<sums>.gross > 30000)", "(s.gross > 30000) AND (s.purchases >= 9)"),
        ],
    )
