"""Parameters of the analytics addresses."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from analytics.channels import Basis, ChannelQuery, RankedBy
from analytics.cohorts import CellQuery, CohortQuery, Period, SliceName
from analytics.repurchase import RepurchaseQuery
from analytics.sops import MAX_DAYS, SopQuery, Window
from analytics.sops import RankedBy as SopsRankedBy
from tenants.api.problems import ApiProblem
from tenants.api.queries import PageQuery, Query
from tenants.incoming import Day, Instant
from tenants.results import FieldError

MAX_ROWS = 5_000
Format = Literal["json", "csv", "xlsx"]
Margin = Annotated[
    str,
    Meta(
        pattern=r"^(0?\.[0-9]{1,4}|0|1(\.0{1,4})?)\Z",
        description="The share of revenue that counts towards payback; the tenant's without it.",
        extra={
            "code": "invalid_margin",
            "detail": 'Send a decimal from 0 to 1 with at most 4 places, such as "0.5".',
        },
    ),
]
ChannelSlug = Annotated[
    str,
    Meta(
        max_length=60,
        description="A channel's slug, or `unattributed` for contacts without one; all if empty.",
    ),
]
AsOf = Annotated[
    Instant, Meta(description="Only what happened before this time counts; now without it, or where it lies ahead.")
]


class CohortsQuery(Query, kw_only=True, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """Which cohorts. A range snaps outward to whole periods; without one it is the tenant's data.

    Periods of the range × (1 + the channels, with `split`) are at most 5,000.
    """

    period: Period = "month"
    from_date: Day | None = None
    to_date: Day | None = None
    as_of: AsOf | None = None
    margin: Margin | None = None
    channel: ChannelSlug = ""
    live_code: Annotated[str, Meta(max_length=60, description="There are no live codes yet: leave it empty.")] = ""
    split: Annotated[Literal["", "channel"], Meta(description="`channel`: each channel's rows beside the whole.")] = ""
    format: Format = "json"


class ChannelsQuery(Query, kw_only=True, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """Which acquisition days, and how channels are ranked; without a range it is the tenant's data."""

    from_date: Day | None = None
    to_date: Day | None = None
    as_of: AsOf | None = None
    margin: Margin | None = None
    slice: Annotated[SliceName, Meta(description="The age at which channels are ranked.")] = "30d"
    rank_by: RankedBy = "roi"
    basis: Annotated[Basis, Meta(description="Ranks and shares of value: net of refunds, or gross.")] = "net"
    format: Format = "json"


class SopsQuery(Query, kw_only=True, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """On which days messages were due, and how SOPs are ranked; without a range it is the last 30 days."""

    from_date: Day | None = None
    to_date: Annotated[Day | None, Meta(description="At most 366 days are read at once.")] = None
    as_of: AsOf | None = None
    window: Annotated[Window, Meta(description="How long after a message an order counts.")] = "7d"
    rank_by: Annotated[
        SopsRankedBy,
        Meta(description="`bought`: share of those reached who bought; `revenue`: net revenue per contact reached."),
    ] = "bought"
    format: Format = "json"


class RepurchasesQuery(Query, kw_only=True, frozen=True, rename={"from_date": "from", "to_date": "to"}):
    """Which days exposure is read over; without a range the last 30 that are over."""

    from_date: Day | None = None
    to_date: Day | None = None
    first_from: Annotated[
        Day | None, Meta(description="The curve and the months are of buyers whose first purchase is not before this.")
    ] = None
    as_of: AsOf | None = None
    format: Format = "json"


class CellContactsQuery(PageQuery, kw_only=True, frozen=True):
    """Which cell is opened."""

    cohort: Day
    slice: SliceName
    period: Period = "month"
    channel: ChannelSlug = ""
    to: Annotated[
        Day | None,
        Meta(description="The last acquisition day of a range that begins on `cohort`; the period is not asked then."),
    ] = None
    as_of: AsOf | None = None
    format: Annotated[
        Format,
        Meta(
            description="A file holds all contacts from the dearest on, whatever `limit` and `cursor` say, but at "
            "most 100,000: one that leaves some out is called `contacts-first-100000`."
        ),
    ] = "json"


def cohort_query(query: CohortsQuery, *, at: datetime) -> CohortQuery:
    """What the domain is asked; without an as-of it is `at`.

    Raises: ApiProblem 400 that names the parameter
    """
    _refuse_backwards(query.from_date, query.to_date, named="from")
    if query.live_code:
        raise refused("?live_code", "unknown_live_code", "There is no such live code.")
    return CohortQuery(
        as_of=min(query.as_of or at, at),
        period=query.period,
        from_date=query.from_date,
        to_date=query.to_date,
        margin=None if query.margin is None else Decimal(query.margin),
        channel=query.channel or None,
        split_by_channel=bool(query.split),
        max_rows=MAX_ROWS,
    )


def channel_query(query: ChannelsQuery, *, at: datetime) -> ChannelQuery:
    """What the domain is asked; without an as-of it is `at`.

    Raises: ApiProblem 400 that names the parameter
    """
    _refuse_backwards(query.from_date, query.to_date, named="from")
    return ChannelQuery(
        as_of=min(query.as_of or at, at),
        from_date=query.from_date,
        to_date=query.to_date,
        margin=None if query.margin is None else Decimal(query.margin),
        slice=query.slice,
        ranked_by=query.rank_by,
        basis=query.basis,
    )


def sop_query(query: SopsQuery, *, at: datetime) -> SopQuery:
    """What the domain is asked; without an as-of it is `at`.

    Raises: ApiProblem 400 that names the parameter
    """
    _refuse_backwards(query.from_date, query.to_date, named="from")
    return SopQuery(
        as_of=min(query.as_of or at, at),
        from_date=query.from_date,
        to_date=query.to_date,
        window=query.window,
        ranked_by=query.rank_by,
    )


def range_too_long() -> ApiProblem:
    """The answer to more days than a board of SOPs reads at once."""
    return refused("?from", "range_too_long", f"Ask for at most {MAX_DAYS} days.")


def repurchase_query(query: RepurchasesQuery, *, at: datetime) -> RepurchaseQuery:
    """What the domain is asked; without an as-of it is `at`.

    Raises: ApiProblem 400 that names the parameter
    """
    _refuse_backwards(query.from_date, query.to_date, named="from")
    return RepurchaseQuery(
        as_of=min(query.as_of or at, at), from_date=query.from_date, to_date=query.to_date, first_from=query.first_from
    )


def cell_query(query: CellContactsQuery, *, at: datetime) -> CellQuery:
    """Which cell the domain is asked to open; without an as-of it is `at`.

    Raises: ApiProblem 400 that names the parameter
    """
    _refuse_backwards(query.cohort, query.to, named="cohort")
    return CellQuery(
        cohort_date=query.cohort,
        slice=query.slice,
        as_of=min(query.as_of or at, at),
        period=query.period,
        channel=query.channel or None,
        last_date=query.to,
    )


def _refuse_backwards(first: date | None, last: date | None, *, named: str) -> None:
    if first and last and first > last:
        raise refused("?to", "invalid_range", f"`to` is before `{named}`.")


def too_many_rows(query: CohortsQuery, *, is_split_to_blame: bool) -> ApiProblem:
    """The answer to a table that would be too long, naming the parameter that makes it so."""
    if is_split_to_blame:
        parameter, fix = "?split", "leave out the split, or ask for a shorter range or longer periods"
    elif query.period == "month":
        parameter, fix = ("?from" if query.from_date else "?to"), "ask for a shorter range"
    else:
        parameter, fix = "?period", "ask for longer periods or a shorter range"
    return refused(parameter, "too_many_rows", f"This could be more than {MAX_ROWS:,} rows: {fix}.")


def refused(parameter: str, code: str, detail: str) -> ApiProblem:
    """The answer to a parameter that cannot be used."""
    return ApiProblem(400, "The query cannot be used; see errors.", errors=[FieldError(parameter, code, detail)])
