"""Keyset pages of the console's lists: "load more", at row 10 as fast as at row 450,000."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

PAGE_SIZE = 50
COUNT_CAP = 10_000
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows and where the next ones begin; `after` is empty on the last page."""

    rows: list[Row]
    after: str


def newest_first(rows: QuerySet[Any], *, field: str, after: str, size: int = PAGE_SIZE) -> Page[Any]:
    """Take the page behind `after`, by instant and id, both descending; rows without one come first."""
    return _page(rows.filter(_behind(field, after)).order_by(f"-{field}", "-id"), field, size)


def soonest_first(rows: QuerySet[Any], *, field: str, after: str, size: int = PAGE_SIZE) -> Page[Any]:
    """Take the page behind `after`, by instant and id, both ascending; every row has an instant."""
    place = parse_cursor(after)
    if place is not None and place[0] is not None:
        later = Q(**{f"{field}__gt": place[0]}) | Q(id__gt=place[1])
        rows = rows.filter(Q(**{f"{field}__gte": place[0]}) & later)
    return _page(rows.order_by(field, "id"), field, size)


def capped_count(rows: QuerySet[Any], *, cap: int = COUNT_CAP) -> str:
    """How many rows, said exactly up to the cap and as "10,000+" beyond."""
    count = rows.order_by()[: cap + 1].count()
    return f"{cap:,}+" if count > cap else f"{count:,}"


def cursor(at: datetime | None, pk: int) -> str:
    """Where a page ended."""
    return f"{at.isoformat() if at else ''}~{pk}"


def parse_cursor(text: str) -> tuple[datetime | None, int] | None:
    """Read `cursor`'s words; None for anything else, which is the first page."""
    at, mark, pk = text.partition("~")
    try:
        place = (instant(at) if at else None, int(pk))
    except ValueError:
        return None
    return place if mark else None


def instant(text: str) -> datetime:
    """Read an instant that the database takes: with an offset, of less than 16 hours.

    Raises: ValueError
    """
    at = datetime.fromisoformat(text)
    offset = at.utcoffset()
    if offset is None or abs(offset) >= timedelta(hours=16):
        raise ValueError(text)
    return at


def _page(rows: QuerySet[Any], field: str, size: int) -> Page[Any]:
    found = list(rows[: size + 1])
    shown = found[:size]
    more = len(found) > size
    return Page(shown, cursor(getattr(shown[-1], field), shown[-1].pk) if more else "")


def _behind(field: str, after: str) -> Q:
    place = parse_cursor(after)
    if place is None:
        return Q()
    at, pk = place
    if at is None:
        return Q(**{f"{field}__isnull": True, "id__lt": pk}) | Q(**{f"{field}__isnull": False})
    earlier = Q(**{f"{field}__lt": at}) | Q(id__lt=pk)
    return Q(**{f"{field}__lte": at}) & earlier
