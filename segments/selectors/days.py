"""Who came and went, day by day, and how many there were at the end of each day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import localtime

from tenants.models import Tenant
from tenants.timezones import zone

# Parameters: tenant, segments (ids), zone (IANA name), since (instant). Grain: a segment's day with moves.
_MOVES = """
SELECT segment_id, (at AT TIME ZONE %(zone)s)::date AS day,
       count(*) FILTER (WHERE is_entry), count(*) FILTER (WHERE NOT is_entry)
FROM segments_segmenttransition
WHERE tenant_id = %(tenant)s AND segment_id = ANY(%(segments)s::bigint[]) AND at >= %(since)s
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class DayMoves:
    """One day in the tenant's zone: how often people entered and left, and how many were in at its end."""

    date: date
    entered: int
    left: int
    size: int


def moves_by_day(
    *, tenant: Tenant, sizes: Mapping[int, int], since: date, at: datetime
) -> Mapping[int, list[DayMoves]]:
    """Each day of segments from `since` to the day of `at`, by segment; `sizes` are those at `at`."""
    clock = zone(tenant.timezone)
    begins_at = datetime.combine(since, time.min, tzinfo=clock)
    asked: dict[str, Any] = {"segments": sorted(sizes), "zone": tenant.timezone, "since": begins_at}
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, {"tenant": tenant.pk, **asked})
        moves = {(segment_id, day): (came, went) for segment_id, day, came, went in cursor.fetchall()}
    today = localtime(at, clock).date()
    days = [since + timedelta(days=number) for number in range((today - since).days + 1)]
    return {segment_id: _days(segment_id, size, days, moves) for segment_id, size in sizes.items()}


def _days(
    segment_id: int, size: int, days: list[date], moves: Mapping[tuple[int, date], tuple[int, int]]
) -> list[DayMoves]:
    """From today backwards: the evening before had those who left, and not those who entered."""
    found = []
    for day in reversed(days):
        entered, left = moves.get((segment_id, day), (0, 0))
        found.append(DayMoves(day, entered, left, max(0, size)))
        size += left - entered
    return found[::-1]
