"""What a cohort table is asked for and what it holds: plain values for the API, the board and exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Period = Literal["day", "week", "month"]
SliceName = Literal["first", "7d", "30d", "60d", "90d", "180d", "365d", "to_date"]
PaybackStatus = Literal["no_customers", "no_spend", "period_open", "reached", "not_reached"]
Incomplete = Literal["", "no_contacts", "period_open", "maturing"]

# the channel of contacts that have none
UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortQuery:
    """Which cohorts are asked for.

    `from_date` and `to_date` (both included) snap outward to whole periods; without them the range is the
    tenant's data. `as_of` is exclusive event time. `channel` is a slug or `UNATTRIBUTED`. Without a margin it is
    the tenant's. `max_rows` refuses a table that could hold more.
    """

    as_of: datetime
    period: Period = "month"
    from_date: date | None = None
    to_date: date | None = None
    margin: Decimal | None = None
    channel: str | None = None
    split_by_channel: bool = False
    max_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceCell:
    """The value of one cohort (or of a total's complete cohorts) at one age.

    Units: minor units of the tenant's currency; ratios have 6 places, half up; None is an empty cell.
    `contacts` and `cost_minor` are the cell's own denominators. `complete_at` is None in a total, and where the
    cell can never be complete because nobody was acquired.
    """

    contacts: int
    cost_minor: int
    net_minor: int
    gross_minor: int
    clv_net: Decimal | None
    clv_gross: Decimal | None
    roi: Decimal | None
    roi_gross: Decimal | None
    is_complete: bool
    incomplete: Incomplete
    complete_at: datetime | None
    mature_contacts: int
    mature_net_minor: int
    mature_gross_minor: int
    clv_net_mature: Decimal | None
    clv_gross_mature: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payback:
    """When a cohort's net revenue × margin first covered its cost, and since when it always has.

    `days` and `sustained_days` have 2 places; `observed_days` is how long all members have been observed.
    """

    status: PaybackStatus
    days: Decimal | None = None
    sustained_days: Decimal | None = None
    observed_days: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """One cohort, of all channels (`channel` is None) or of one.

    `cohort_date` is the period's first day, `last_date` its last; `order_contacts` were acquired by an order.
    """

    cohort_date: date
    last_date: date
    channel: str | None
    channel_name: str
    contacts: int
    order_contacts: int
    buyers: int
    cost_minor: int
    cac: Decimal | None
    is_left_truncated: bool
    slices: Mapping[SliceName, SliceCell]
    payback: Payback


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTotal:
    """What one channel's contacts cost over the whole range."""

    channel: str
    name: str
    is_paid: bool
    contacts: int
    cost_minor: int
    cac: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTotals:
    """All rows of the range: blended and paid CAC; a slice's total has the complete rows only.

    `is_fully_loaded`: the cost holds staff hours and tools as well.
    """

    contacts: int
    buyers: int
    cost_minor: int
    cac: Decimal | None
    paid_contacts: int
    paid_cost_minor: int
    paid_cac: Decimal | None
    is_fully_loaded: bool
    slices: Mapping[SliceName, SliceCell]
    channels: tuple[ChannelTotal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTable:
    """Cohort rows in order of time; with a split, each whole cohort is followed by its channels.

    `from_date` and `to_date` are the snapped range (both included; None when the tenant has no data).
    `fresh_at` is when the numbers last held everything that had come in.
    """

    period: Period
    from_date: date | None
    to_date: date | None
    timezone: str
    currency: str
    as_of: datetime
    margin: Decimal
    fresh_at: datetime | None
    rows: tuple[CohortRow, ...]
    totals: CohortTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class CellContact:
    """One contact behind a cell, and what it brought within the slice in minor units of the tenant's currency."""

    contact_id: int
    name: str
    channel: str
    acquired_at: datetime
    purchases: int
    net_minor: int
    gross_minor: int
    is_mature: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSums:
    """All contacts behind a cell: how many, how many bought within the slice, and what they brought (minor units)."""

    contacts: int
    buyers: int
    net_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellQuery:
    """Which cell is opened: a cohort's first day, its slice, and its channel (None: all).

    With `last_date` it is a range of acquisition days, both ends included, whatever the period.
    """

    cohort_date: date
    slice: SliceName
    as_of: datetime
    period: Period = "month"
    channel: str | None = None
    last_date: date | None = None
