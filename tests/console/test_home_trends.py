"""The small lines beside the home page's figures."""

from decimal import Decimal

import pytest

from scrm.console.work.home_today import Hour, hours_of
from scrm.console.work.home_trends import line_points
from sop.selectors.today import HourCount

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ([1, 2, 3], "2.0,22.0 48.0,12.0 94.0,2.0"),
        ([3, 1], "2.0,2.0 94.0,22.0"),
        ([5, 5, 5], "2.0,12.0 48.0,12.0 94.0,12.0"),
    ],
)
def test_a_line_fills_its_drawing_and_an_even_one_lies_in_the_middle(values: list[int], points: str) -> None:
    assert line_points([Decimal(value) for value in values]) == points


def test_hours_without_touchpoints_stand_between_those_with() -> None:
    rows = [
        HourCount(9, "sent", "", 3),
        HourCount(9, "skipped", "cap", 1),
        HourCount(11, "planned", "", 2),
        HourCount(11, "unknown", "", 1),
    ]

    assert hours_of(rows) == [Hour(9, 3, 0, 1), Hour(10, 0, 0, 0), Hour(11, 0, 3, 0)]
    assert hours_of([]) == []
