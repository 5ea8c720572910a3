"""The repurchase board: whom messages reached, who bought again, and how the two go together.

Three statements read everything in whole sets: touches and consent from the rows themselves, first and second
purchases and rhythms from what the ticks keep of each buyer (`fresh_at` says how far), so that a board of now reads the
orders of those alone who bought today. A board of long ago looks up everybody who bought since.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Min

from analytics import periods
from analytics.repurchase import (
    HORIZONS,
    MOST_TOUCHES,
    BoardDays,
    Demand,
    Exposure,
    FirstMonth,
    RepurchaseBoard,
    RepurchaseQuery,
    Share,
    TouchRow,
    curve_of,
    days_of,
)
from analytics.selectors.cohorts import fresh_at
from analytics.selectors.repurchase_sql import EXPOSURE, LIVES, TOUCHES
from contacts.models import TouchKind
from orders.models import ContactStats
from tenants.models import Tenant

MOST_MONTHS = 24
_ONE_DAY = timedelta(days=1)


def repurchase_board(*, tenant: Tenant, query: RepurchaseQuery) -> RepurchaseBoard:
    """Exposure, trust and demand in a range of days, and who bought again: by touches, by time, by month."""
    days = days_of(query, tenant.timezone)
    before = min(periods.start_of_day(days.to_date + _ONE_DAY, tenant.timezone), query.as_of)
    left, months, rhythm = _lives(tenant, query, before)
    return RepurchaseBoard(
        query=query,
        days=days,
        timezone=tenant.timezone,
        fresh_at=fresh_at(tenant=tenant),
        exposure=_exposure(tenant, days, before),
        demand=_demand(rhythm),
        touches=_touches(tenant, days),
        curve=curve_of((day, is_again, count) for _, _, day, is_again, count, *_ in left),
        months=_months(months, _truncated_month(tenant, query)),
    )


def _exposure(tenant: Tenant, days: BoardDays, before: datetime) -> Exposure:
    ((pool, reached, messages, refused, opted_out),) = _rows(
        EXPOSURE,
        tenant_id=tenant.pk,
        start=periods.start_of_day(days.from_date, tenant.timezone),
        before=before,
        touch_kind=TouchKind.PRIVATE_CHAT.value,
    )
    return Exposure(
        reached=Share(people=pool, count=reached),
        messages=messages,
        refused=Share(people=pool, count=refused),
        opted_out=Share(people=pool, count=opted_out),
    )


def _touches(tenant: Tenant, days: BoardDays) -> tuple[TouchRow, ...]:
    rows = _rows(
        TOUCHES,
        tenant_id=tenant.pk,
        touch_from=periods.start_of_day(days.touch_from, tenant.timezone),
        after_from=periods.start_of_day(days.after_from, tenant.timezone),
        after_before=periods.start_of_day(days.after_to + _ONE_DAY, tenant.timezone),
        most=MOST_TOUCHES,
        touch_kind=TouchKind.PRIVATE_CHAT.value,
    )
    found = {touches: counts for touches, *counts in rows}
    return tuple(_touch_row(touches, *found.get(touches, (0, 0, 0))) for touches in range(MOST_TOUCHES + 1))


def _touch_row(touches: int, people: int, bought: int, opted_out: int) -> TouchRow:
    return TouchRow(
        touches=touches,
        repurchased=Share(people=people, count=bought),
        opted_out=Share(people=people, count=opted_out),
    )


def _lives(tenant: Tenant, query: RepurchaseQuery, before: datetime) -> tuple[list[Any], list[Any], Sequence[int]]:
    """When buyers were followed no more, the months of first purchase, and the one row of rhythms."""
    first_from = query.first_from and periods.start_of_day(query.first_from, tenant.timezone)
    rows = _rows(
        LIVES,
        tenant_id=tenant.pk,
        as_of=query.as_of,
        first_from=first_from,
        first_before=before,
        before=before,
        zone=tenant.timezone,
    )
    by_kind: dict[str, list[Any]] = {"followed": [], "month": [], "rhythm": []}
    for row in rows:
        by_kind[row[0]].append(row)
    ((_, _, _, _, people, _, due, overdue, *_),) = by_kind["rhythm"]
    return by_kind["followed"], by_kind["month"], (people, due, overdue)


def _demand(rhythm: Sequence[int]) -> Demand:
    people, due, overdue = rhythm
    return Demand(due=Share(people=people, count=due), overdue=Share(people=people, count=overdue))


def _months(rows: Sequence[Any], truncated: date | None) -> tuple[FirstMonth, ...]:
    months = [
        FirstMonth(
            month=month,
            to_date=Share(people=buyers, count=again),
            within={
                days: Share(people=observed, count=bought)
                for days, observed, bought in zip(HORIZONS, counts[::2], counts[1::2], strict=True)
            },
            is_left_truncated=month == truncated,
        )
        for _, month, _, _, buyers, again, *counts in sorted(rows, key=lambda row: row[1])
    ]
    return tuple(months[-MOST_MONTHS:])


def _truncated_month(tenant: Tenant, query: RepurchaseQuery) -> date | None:
    """The month with which the tenant's orders begin: its first purchases may be old customers' later ones."""
    stats = ContactStats.objects.for_tenant(tenant).filter(first_purchase_at__lt=query.as_of)
    first = stats.aggregate(first=Min("first_purchase_at"))["first"]
    return first and periods.local_date(first, tenant.timezone).replace(day=1)


def _rows(statement: str, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
