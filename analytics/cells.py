"""From exact sums to the cells of a cohort row; pure arithmetic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from analytics import ratios
from analytics.ages import BUCKETS, SLICE_DAYS, SLICES, slice_bucket
from analytics.cohorts import Incomplete, SliceCell, SliceName

# the channel key of contacts without one, and of rows that hold all channels
NO_CHANNEL = 0
ALL_CHANNELS = -1
_LAST_BUCKETS: Mapping[SliceName, int] = {name: slice_bucket(name) for name in SLICES if name != "first"}


class Sums(NamedTuple):
    """Sums of one part of a period × channel × age bucket; refunds are positive.

    `part` counts the maturity days (`maturity_days`) that are not after the part's days.
    """

    start: date
    channel_key: int
    part: int
    bucket: int
    contacts: int
    order_contacts: int
    buyers: int
    gross_minor: int
    refund_minor: int
    first_gross_minor: int
    first_refund_minor: int
    last_happened_at: datetime


class Boundary(NamedTuple):
    """The mature contacts of the one day on which a slice's maturity falls."""

    name: SliceName
    start: date
    channel_key: int
    contacts: int
    gross_minor: int
    refund_minor: int


@dataclass(slots=True)
class Value:
    """Contacts and what they brought; minor units, refunds positive."""

    contacts: int = 0
    gross_minor: int = 0
    refund_minor: int = 0

    def add(self, contacts: int, gross_minor: int, refund_minor: int) -> None:
        """Count more in."""
        self.contacts += contacts
        self.gross_minor += gross_minor
        self.refund_minor += refund_minor


def _no_values() -> dict[SliceName, Value]:
    return {name: Value() for name in SLICE_DAYS}


@dataclass(slots=True)
class CohortSums:
    """All sums of one period and channel: by age bucket, of `first`, and of the mature contacts by slice."""

    contacts: int = 0
    order_contacts: int = 0
    buyers: int = 0
    first: Value = field(default_factory=Value)
    buckets: list[Value] = field(default_factory=lambda: [Value() for _ in range(BUCKETS)])
    mature: dict[SliceName, Value] = field(default_factory=_no_values)

    def values(self) -> dict[SliceName, Value]:
        """What all contacts brought within each slice."""
        gross = list(accumulate(bucket.gross_minor for bucket in self.buckets))
        refund = list(accumulate(bucket.refund_minor for bucket in self.buckets))
        found = {name: Value(self.contacts, gross[last], refund[last]) for name, last in _LAST_BUCKETS.items()}
        return found | {"first": Value(self.contacts, self.first.gross_minor, self.first.refund_minor)}


def joined(parts: Iterable[CohortSums]) -> CohortSums:
    """The sums of all parts together."""
    whole = CohortSums()
    for part in parts:
        whole.contacts += part.contacts
        whole.order_contacts += part.order_contacts
        whole.buyers += part.buyers
        values = ((whole.first, part.first), *zip(whole.buckets, part.buckets, strict=True))
        for value, more in (*values, *((whole.mature[name], more) for name, more in part.mature.items())):
            value.add(more.contacts, more.gross_minor, more.refund_minor)
    return whole


def gather(
    *, sums: Iterable[Sums], boundaries: Iterable[Boundary], mature_parts: Mapping[SliceName, int]
) -> dict[tuple[date, int], CohortSums]:
    """Sums by (period, channel). `mature_parts`: by slice, the last part whose contacts are all mature."""
    cohorts: defaultdict[tuple[date, int], CohortSums] = defaultdict(CohortSums)
    limits = [(name, part, _LAST_BUCKETS[name]) for name, part in mature_parts.items()]
    for row in sums:
        cohort = cohorts[row.start, row.channel_key]
        cohort.contacts += row.contacts
        cohort.order_contacts += row.order_contacts
        cohort.buyers += row.buyers
        cohort.first.add(0, row.first_gross_minor, row.first_refund_minor)
        cohort.buckets[row.bucket].add(row.contacts, row.gross_minor, row.refund_minor)
        for name, part, bucket in limits:
            if row.part <= part and row.bucket <= bucket:
                cohort.mature[name].add(row.contacts, row.gross_minor, row.refund_minor)
    for found in boundaries:
        cohorts[found.start, found.channel_key].mature[found.name].add(
            found.contacts, found.gross_minor, found.refund_minor
        )
    return dict(cohorts)


def row_cells(
    *, sums: CohortSums, cost_minor: int, period_end: datetime, as_of: datetime, currency: str
) -> dict[SliceName, SliceCell]:
    """The cells of one cohort row. `period_end` is the first instant after the period."""
    cells = {}
    values = sums.values()
    for name in SLICES:
        complete_at = period_end + timedelta(days=SLICE_DAYS.get(name, 0))
        cells[name] = make_cell(
            value=values[name],
            # at no age, all are mature
            mature=sums.mature.get(name, values[name]),
            cost_minor=cost_minor,
            incomplete=_incomplete(sums.contacts, period_end, complete_at, as_of),
            complete_at=complete_at if sums.contacts else None,
            currency=currency,
        )
    return cells


def total_cells(*, rows: Iterable[Mapping[SliceName, SliceCell]], currency: str) -> dict[SliceName, SliceCell]:
    """A total's cells: the complete rows only, each slice with its own denominators."""
    kept = list(rows)
    return {name: _total([cells[name] for cells in kept], currency) for name in SLICES}


def make_cell(
    *,
    value: Value,
    mature: Value,
    cost_minor: int,
    incomplete: Incomplete,
    complete_at: datetime | None,
    currency: str,
) -> SliceCell:
    """Form the ratios of one cell, last, from its exact sums."""
    net, mature_net = value.gross_minor - value.refund_minor, mature.gross_minor - mature.refund_minor
    clv_net, clv_gross = _per_contact(value, currency)
    # most are complete: all mature
    mature_clvs = (clv_net, clv_gross) if mature == value else _per_contact(mature, currency)
    return SliceCell(
        contacts=value.contacts,
        cost_minor=cost_minor,
        net_minor=net,
        gross_minor=value.gross_minor,
        clv_net=clv_net,
        clv_gross=clv_gross,
        roi=ratios.return_on(net, cost_minor) if value.contacts else None,
        roi_gross=ratios.return_on(value.gross_minor, cost_minor) if value.contacts else None,
        is_complete=not incomplete,
        incomplete=incomplete,
        complete_at=complete_at,
        mature_contacts=mature.contacts,
        mature_net_minor=mature_net,
        mature_gross_minor=mature.gross_minor,
        clv_net_mature=mature_clvs[0],
        clv_gross_mature=mature_clvs[1],
    )


def _per_contact(value: Value, currency: str) -> tuple[Decimal | None, Decimal | None]:
    """Net and gross over contacts."""
    net = value.gross_minor - value.refund_minor
    gross = ratios.per_contact(value.gross_minor, value.contacts, currency)
    return ratios.per_contact(net, value.contacts, currency), gross


def _total(cells: list[SliceCell], currency: str) -> SliceCell:
    value, mature = Value(), Value()
    complete = [cell for cell in cells if cell.is_complete]
    for cell in complete:
        value.add(cell.contacts, cell.gross_minor, cell.gross_minor - cell.net_minor)
    for cell in cells:
        refund = cell.mature_gross_minor - cell.mature_net_minor
        mature.add(cell.mature_contacts, cell.mature_gross_minor, refund)
    return make_cell(
        value=value,
        mature=mature,
        cost_minor=sum(cell.cost_minor for cell in complete),
        incomplete="" if complete else "no_contacts",
        complete_at=None,
        currency=currency,
    )


def _incomplete(contacts: int, period_end: datetime, complete_at: datetime, as_of: datetime) -> Incomplete:
    if not contacts:
        return "no_contacts"
    if period_end > as_of:
        return "period_open"
    return "maturing" if complete_at > as_of else ""
