"""The heat of a value beside its cost."""

from decimal import Decimal

import pytest

from scrm.console.work.heat import LIMITS, NAMES, heat_step


@pytest.mark.parametrize(
    ("share", "step"),
    [("-1", 0), ("0.3299", 0), ("0.33", 1), ("0.9999", 2), ("1", 3), ("1.9999", 5), ("2", 6), ("99", 6)],
)
def test_each_limit_begins_its_step(share: str, step: int) -> None:
    assert heat_step(Decimal(share), contacts=30) == step


def test_too_few_contacts_or_no_cost_give_no_heat() -> None:
    assert heat_step(Decimal(1), contacts=29) is None
    assert heat_step(None, contacts=100) is None


def test_every_step_has_its_name() -> None:
    assert len(NAMES) == len(LIMITS) + 1 == 7
