"""The contacts behind a cohort cell."""

from collections.abc import Generator
from typing import Any, NamedTuple

from django.db import connection

from analytics import periods
from analytics.ages import DAY_SECONDS, SLICE_DAYS
from analytics.cohorts import UNATTRIBUTED, CellContact, CellQuery, CellSums
from analytics.selectors.scopes import channel_key, channels_by_key
from analytics.selectors.sums import IN_SCOPE, Scope, maturity_instants
from tenants.models import Tenant

# Purpose: the contacts of one cohort with what each brought within a slice. Parameters: a Scope's; age (seconds;
# NULL: any), only_first. Grain: one contact. Units: minor units of the tenant's currency.
_OF_CELL = f"""
WITH people AS (
    SELECT contact_id, min(acquired_at) AS acquired_at,
           count(*) FILTER (WHERE kind = 1 AND in_slice) AS purchases,
           coalesce(sum(amount_minor) FILTER (WHERE in_slice), 0)::bigint AS net_minor,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 1 AND in_slice), 0)::bigint AS gross_minor
    FROM analytics_cohortfact
    CROSS JOIN LATERAL (SELECT CASE WHEN %(only_first)s THEN is_first
                               ELSE %(age)s::bigint IS NULL OR elapsed_seconds <= %(age)s::bigint END AS in_slice) AS s
    WHERE {IN_SCOPE} AND happened_at < %(as_of)s
    GROUP BY contact_id
)
"""  # noqa: S608 - fragments are constants
# The same with their names, the dearest first. Parameters besides: mature_before, limit (NULL: all); has_place, net,
# id (where to go on), way (1 onward, -1 back).
_PEOPLE = f"""
{_OF_CELL}, shown AS MATERIALIZED (
    SELECT * FROM people p
    WHERE NOT %(has_place)s
       OR (-p.net_minor * %(way)s, p.contact_id * %(way)s) > (-%(net)s::bigint * %(way)s, %(id)s::bigint * %(way)s)
    ORDER BY -p.net_minor * %(way)s, p.contact_id * %(way)s
    LIMIT %(limit)s
)
SELECT p.contact_id, c.name, coalesce(ch.slug, %(unattributed)s), p.acquired_at, p.purchases,
       p.net_minor, p.gross_minor, p.acquired_at < %(mature_before)s
FROM shown p
CROSS JOIN LATERAL (
    SELECT name, channel_id FROM contacts_contact
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND id = p.contact_id OFFSET 0) c
LEFT JOIN acquisition_channel ch ON ch.tenant_id = %(tenant)s AND ch.id = c.channel_id
ORDER BY -p.net_minor * %(way)s, p.contact_id * %(way)s
"""  # noqa: S608 - fragments are constants
# Their sums. Grain: one row.
_SUMS = f"""
{_OF_CELL}
SELECT count(*), count(*) FILTER (WHERE purchases > 0),
       coalesce(sum(net_minor), 0)::bigint, coalesce(sum(gross_minor), 0)::bigint
FROM people
"""  # noqa: S608 - fragments are constants

_BUNDLE = 2_000


class CellPlace(NamedTuple):
    """A contact's place in the list of a cell, and which way to read on from there."""

    net_minor: int
    contact_id: int
    is_back: bool = False


def contacts_of_cell(
    *, tenant: Tenant, query: CellQuery, place: CellPlace | None = None, limit: int | None = None
) -> list[CellContact]:
    """The contacts of a cell, the dearest first: all of the cohort, buyers or not; their sums are the cell's.

    Raises: UnknownChannel
    """
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, _people_parameters(tenant, query, place=place, limit=limit))
        found = [_contact(row) for row in cursor.fetchall()]
    return found[::-1] if place and place.is_back else found


def each_contact_of_cell(*, tenant: Tenant, query: CellQuery, limit: int) -> Generator[CellContact, None, None]:
    """The same from the first on, one at a time: the database hands them over in bundles, inside this transaction.

    Raises: UnknownChannel
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(_PEOPLE, _people_parameters(tenant, query, place=None, limit=limit))
        while rows := cursor.fetchmany(_BUNDLE):
            yield from map(_contact, rows)


def cell_sums(*, tenant: Tenant, query: CellQuery) -> CellSums:
    """What all the contacts of a cell sum to.

    Raises: UnknownChannel
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, _parameters(tenant, query))
        contacts, buyers, net, gross = cursor.fetchone()
    return CellSums(contacts=contacts, buyers=buyers, net_minor=net, gross_minor=gross)


def _people_parameters(
    tenant: Tenant, query: CellQuery, *, place: CellPlace | None, limit: int | None
) -> dict[str, Any]:
    return _parameters(tenant, query) | {
        "mature_before": maturity_instants(query.as_of).get(query.slice, query.as_of),
        "has_place": place is not None,
        "net": place.net_minor if place else 0,
        "id": place.contact_id if place else 0,
        "way": -1 if place and place.is_back else 1,
        "limit": limit,
        "unattributed": UNATTRIBUTED,
    }


def _parameters(tenant: Tenant, query: CellQuery) -> dict[str, Any]:
    days = SLICE_DAYS.get(query.slice)
    return _scope(tenant, query).parameters | {
        "age": None if days is None else days * DAY_SECONDS,
        "only_first": query.slice == "first",
    }


def _scope(tenant: Tenant, query: CellQuery) -> Scope:
    if query.last_date is None:
        start = periods.period_start(query.cohort_date, query.period)
        before = periods.next_period(start, query.period)
    else:
        start, before = query.cohort_date, periods.next_period(query.last_date, "day")
    return Scope(
        tenant=tenant,
        period=query.period,
        from_date=start,
        before_date=before,
        as_of=query.as_of,
        channel_key=channel_key(channels_by_key(tenant=tenant), query.channel),
        is_split=False,
    )


def _contact(row: tuple[Any, ...]) -> CellContact:
    contact_id, name, channel, acquired_at, purchases, net, gross, is_mature = row
    return CellContact(
        contact_id=contact_id,
        name=name,
        channel=channel,
        acquired_at=acquired_at,
        purchases=purchases,
        net_minor=net,
        gross_minor=gross,
        is_mature=is_mature,
    )
