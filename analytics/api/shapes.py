"""Cohorts as the API writes them: money and ratios as decimal strings, null for an empty cell."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from analytics.cohorts import (
    CellContact,
    CohortRow,
    CohortTable,
    CohortTotals,
    Incomplete,
    Payback,
    PaybackStatus,
    Period,
    SliceCell,
    SliceName,
)
from analytics.definitions import definition_texts
from tenants.money import to_string


class CohortSlice(msgspec.Struct, frozen=True):
    """The value at one age; `incomplete` says why a cell is not complete, `complete_at` when it will be."""

    contacts: int
    revenue_net: str
    revenue_gross: str
    clv_net: Decimal | None
    clv_gross: Decimal | None
    roi: Decimal | None
    roi_gross: Decimal | None
    complete: bool
    incomplete: Incomplete
    complete_at: datetime | None
    mature_contacts: int
    revenue_net_mature: str
    clv_net_mature: Decimal | None


class CohortPayback(msgspec.Struct, frozen=True):
    """When net revenue × margin covered the cost, in days with 2 places."""

    status: PaybackStatus
    days: Decimal | None
    sustained_days: Decimal | None
    observed_days: Decimal | None


class CohortLine(msgspec.Struct, frozen=True):
    """One cohort; `channel` is null for all channels."""

    cohort: date
    channel: str | None
    contacts: int
    buyers: int
    cost: str
    cac: Decimal | None
    left_truncated: bool
    slices: dict[SliceName, CohortSlice]
    payback: CohortPayback


class CohortChannel(msgspec.Struct, frozen=True):
    """One channel's cost per contact over the range."""

    channel: str
    paid: bool
    contacts: int
    cost: str
    cac: Decimal | None


class PaidTotal(msgspec.Struct, frozen=True):
    """Contacts and cost of the paid channels."""

    contacts: int
    cost: str
    cac: Decimal | None


class CohortSum(msgspec.Struct, frozen=True):
    """All cohorts of the range; a slice holds the complete ones only, with their own contacts and cost."""

    contacts: int
    buyers: int
    cost: str
    cac: Decimal | None
    paid: PaidTotal
    fully_loaded: bool
    slices: dict[SliceName, CohortSlice]
    channels: list[CohortChannel]


class Cohorts(msgspec.Struct, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """A cohort table with what its words mean."""

    period: Period
    from_date: date | None
    to_date: date | None
    timezone: str
    currency: str
    as_of: datetime
    margin: str
    fresh_at: datetime | None
    definitions: dict[str, str]
    rows: list[CohortLine]
    totals: CohortSum


class CohortContact(msgspec.Struct, frozen=True):
    """One contact behind a cell, and what it brought within the slice."""

    id: int
    name: str
    channel: str
    acquired_at: datetime
    purchases: int
    revenue_net: str
    revenue_gross: str
    mature: bool


class CohortContactPage(msgspec.Struct, frozen=True):
    """A page of the contacts behind a cell, the dearest first."""

    results: list[CohortContact]
    next: str | None
    previous: str | None


def cohorts(table: CohortTable) -> Cohorts:
    """A whole table."""
    return Cohorts(
        period=table.period,
        from_date=table.from_date,
        to_date=table.to_date,
        timezone=table.timezone,
        currency=table.currency,
        as_of=table.as_of,
        margin=margin_text(table.margin),
        fresh_at=table.fresh_at,
        definitions=definition_texts(),
        rows=[_line(row, table.currency) for row in table.rows],
        totals=_totals(table.totals, table.currency),
    )


def margin_text(margin: Decimal) -> str:
    """A margin with at least 2 places."""
    return f"{margin:.2f}" if margin == round(margin, 2) else f"{margin.normalize():f}"


def cell_contact(person: CellContact, currency: str) -> CohortContact:
    """One contact of a cell."""
    return CohortContact(
        id=person.contact_id,
        name=person.name,
        channel=person.channel,
        acquired_at=person.acquired_at,
        purchases=person.purchases,
        revenue_net=to_string(person.net_minor, currency),
        revenue_gross=to_string(person.gross_minor, currency),
        mature=person.is_mature,
    )


def _line(row: CohortRow, currency: str) -> CohortLine:
    return CohortLine(
        cohort=row.cohort_date,
        channel=row.channel,
        contacts=row.contacts,
        buyers=row.buyers,
        cost=to_string(row.cost_minor, currency),
        cac=row.cac,
        left_truncated=row.is_left_truncated,
        slices={name: cohort_slice(cell, currency) for name, cell in row.slices.items()},
        payback=cohort_payback(row.payback),
    )


def cohort_payback(payback: Payback) -> CohortPayback:
    """A payback."""
    return CohortPayback(
        status=payback.status,
        days=payback.days,
        sustained_days=payback.sustained_days,
        observed_days=payback.observed_days,
    )


def cohort_slice(cell: SliceCell, currency: str) -> CohortSlice:
    """One cell."""
    return CohortSlice(
        contacts=cell.contacts,
        revenue_net=to_string(cell.net_minor, currency),
        revenue_gross=to_string(cell.gross_minor, currency),
        clv_net=cell.clv_net,
        clv_gross=cell.clv_gross,
        roi=cell.roi,
        roi_gross=cell.roi_gross,
        complete=cell.is_complete,
        incomplete=cell.incomplete,
        complete_at=cell.complete_at,
        mature_contacts=cell.mature_contacts,
        revenue_net_mature=to_string(cell.mature_net_minor, currency),
        clv_net_mature=cell.clv_net_mature,
    )


def _totals(totals: CohortTotals, currency: str) -> CohortSum:
    return CohortSum(
        contacts=totals.contacts,
        buyers=totals.buyers,
        cost=to_string(totals.cost_minor, currency),
        cac=totals.cac,
        paid=PaidTotal(totals.paid_contacts, to_string(totals.paid_cost_minor, currency), totals.paid_cac),
        fully_loaded=totals.is_fully_loaded,
        slices={name: cohort_slice(cell, currency) for name, cell in totals.slices.items()},
        channels=[
            CohortChannel(
                channel=channel.channel,
                paid=channel.is_paid,
                contacts=channel.contacts,
                cost=to_string(channel.cost_minor, currency),
                cac=channel.cac,
            )
            for channel in totals.channels
        ],
    )
