"""How sure a share is."""

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segments.intervals import wilson


def test_an_interval_is_wilsons() -> None:
    assert [str(end) for end in wilson(10, 100) or ()] == ["0.055229", "0.174366"]
    assert [str(end) for end in wilson(0, 30) or ()] == ["0.000000", "0.113513"]
    assert wilson(0, 0) is None


@given(people=st.integers(1, 5_000), data=st.data())
def test_an_interval_holds_its_share_and_narrows_with_more_people(people: int, data: Any) -> None:
    count = data.draw(st.integers(0, people))

    low, high = wilson(count, people) or (None, None)
    wider = wilson(count * 4, people * 4)

    assert low is not None and high is not None and wider is not None
    assert 0 <= low <= Fraction(count, people) <= high <= 1
    assert wider[1] - wider[0] < high - low
