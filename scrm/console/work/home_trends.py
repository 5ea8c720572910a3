"""How a figure went from cohort to cohort as a small line, and how many cohorts have paid back. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from analytics.cohorts import CohortRow, CohortTable, SliceName
from scrm.figures import money, number, ratio
from tenants.money import exponent

WIDTH, HEIGHT, MARGIN = 96, 24, 2
MOST = 12
AGE: SliceName = "30d"


@dataclass(frozen=True, slots=True)
class Trend:
    """A line of `points` in a drawing of 96 × 24, and what its ends say."""

    points: str
    first: str
    last: str
    first_cohort: str
    last_cohort: str


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Of the cohorts that had a cost and are over: how many paid back, and the youngest of them."""

    reached: int
    cohorts: int
    youngest: CohortRow | None


def trends_of(table: CohortTable) -> dict[str, Trend | None]:
    """The lines of contacts, CAC, and CLV and ROI at an equal age, over the last twelve cohorts that are over."""
    over = [row for row in table.rows if row.slices["first"].is_complete][-MOST:]
    at_age = [row for row in table.rows if row.slices[AGE].is_complete][-MOST:]

    def as_money(units: Decimal) -> str:
        minor = units.scaleb(exponent(table.currency)).quantize(Decimal(1), ROUND_HALF_UP)
        return money(int(minor), table.currency)

    return {
        "contacts": _trend(over, lambda row: Decimal(row.contacts), number),
        "cac": _trend(over, lambda row: row.cac, as_money),
        "clv": _trend(at_age, lambda row: row.slices[AGE].clv_net, as_money),
        "roi": _trend(at_age, lambda row: row.slices[AGE].roi, lambda value: ratio(value, 2)),
    }


def paid_back(table: CohortTable) -> PaidBack:
    """Count the cohorts whose payback could be searched to the end of what was observed."""
    searched = [row for row in table.rows if row.payback.status in ("reached", "not_reached")]
    reached = [row for row in searched if row.payback.status == "reached"]
    return PaidBack(len(reached), len(searched), reached[-1] if reached else None)


def _trend(
    rows: Sequence[CohortRow], value: Callable[[CohortRow], Decimal | None], show: Callable[[Decimal], str]
) -> Trend | None:
    told = [(row, found) for row in rows if (found := value(row)) is not None]
    if len(told) < 3:
        return None
    (first, from_value), (last, to_value) = told[0], told[-1]
    return Trend(
        points=line_points([found for _row, found in told]),
        first=show(from_value),
        last=show(to_value),
        first_cohort=f"{first.cohort_date:%Y-%m}",
        last_cohort=f"{last.cohort_date:%Y-%m}",
    )


def line_points(values: Sequence[Decimal]) -> str:
    """Place two values or more as an SVG polyline: oldest left, lowest at the bottom."""
    low, high = min(values), max(values)
    across = Decimal(WIDTH - 2 * MARGIN) / (len(values) - 1)
    up = Decimal(HEIGHT - 2 * MARGIN) / (high - low) if high > low else Decimal(0)
    middle = Decimal(0) if high > low else Decimal(HEIGHT) / 2 - MARGIN
    places = [
        (MARGIN + across * place, HEIGHT - MARGIN - up * (value - low) - middle) for place, value in enumerate(values)
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
