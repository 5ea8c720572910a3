"""Ages, periods and ratios, on plain values."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from analytics import ages, periods, ratios
from analytics.cohorts import Period, SliceName


@pytest.mark.parametrize(
    ("elapsed", "days"),
    [(0, 0), (1, 1), (86_400, 1), (86_401, 3), (7 * 86_400, 7), (7 * 86_400 + 1, 15), (365 * 86_400, 365)],
)
def test_an_age_falls_in_the_bucket_that_ends_at_or_after_it(elapsed: int, days: int) -> None:
    assert ages.EDGES[ages.bucket_of(elapsed)] == days * 86_400


@pytest.mark.parametrize(("name", "days"), ages.SLICE_DAYS.items())
def test_a_slice_ends_with_its_last_bucket(name: SliceName, days: int) -> None:
    assert ages.bucket_range(ages.slice_bucket(name))[1] == days * 86_400


@pytest.mark.parametrize(
    ("day", "period", "start", "following"),
    [
        (date(2024, 2, 29), "month", date(2024, 2, 1), date(2024, 3, 1)),
        (date(2024, 12, 31), "month", date(2024, 12, 1), date(2025, 1, 1)),
        (date(2024, 3, 3), "week", date(2024, 2, 26), date(2024, 3, 4)),
        (date(2024, 2, 29), "day", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_periods_are_whole(day: date, period: Period, start: date, following: date) -> None:
    assert periods.period_start(day, period) == start
    assert periods.next_period(start, period) == following


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2024, 3, 10), "America/New_York", datetime(2024, 3, 10, 5, tzinfo=UTC)),
        (date(2024, 3, 11), "America/New_York", datetime(2024, 3, 11, 4, tzinfo=UTC)),
        # no midnight: the clock springs from 24:00 to 01:00
        (date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # two midnights: the first begins the day
        (date(2024, 11, 3), "America/Havana", datetime(2024, 11, 3, 4, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_first_instant(day: date, zone: str, instant: datetime) -> None:
    assert periods.start_of_day(day, zone) == instant
    assert periods.local_date(instant, zone) == day


def test_ratios_round_half_up_from_exact_integers() -> None:
    assert ratios.per_contact(1, 200, "GBP") == Decimal("0.000050")
    assert ratios.per_contact(-1, 3_000_000, "JPY") == Decimal("0.000000")
    assert ratios.return_on(1, 2_000_000) == Decimal("0.000001")
    assert ratios.return_on(-1, 2_000_000) == Decimal("-0.000001")
    assert str(ratios.per_contact(0, 7, "GBP")) == "0.000000"
    assert (ratios.per_contact(1, 0, "GBP"), ratios.return_on(1, 0)) == (None, None)
    assert ratios.days_of(43_200) == Decimal("0.50")


def test_needed_revenue_is_the_least_that_covers_the_cost() -> None:
    assert ratios.needed_revenue(100, Decimal(1)) == 100
    assert ratios.needed_revenue(100, Decimal("0.3333")) == 301
    assert ratios.needed_revenue(100, Decimal(0)) is None


@pytest.mark.parametrize(
    ("elapsed", "first", "last"),
    [
        (0, 0, 0),
        (1, 1, 600),
        (600, 1, 600),
        (601, 601, 1_200),
        (3_601, 3_601, 7_200),
        (86_400, 82_801, 86_400),
        (86_401, 86_401, 97_200),
        (7 * 86_400, 7 * 86_400 - 10_799, 7 * 86_400),
        (7 * 86_400 + 1, 7 * 86_400 + 1, 8 * 86_400),
    ],
)
def test_an_age_falls_in_the_step_that_holds_it(elapsed: int, first: int, last: int) -> None:
    assert ages.step_range(ages.step_end(elapsed)) == (first, last)
