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
    """Take the page behind `after`, by instant and id, both descending; rows without one come last.

    Those are asked for apart, where the others end: an index that has them first still serves.
    """
    place = parse_cursor(after)
    timed = rows.filter(**{f"{field}__isnull": False}).order_by(f"-{field}", "-id")
    timeless = rows.filter(**{f"{field}__isnull": True}).order_by("-id")
    if place is not None and place[0] is None:
        return _page(list(timeless.filter(id__lt=place[1])[: size + 1]), field, size)
    if place is not None:
        timed = timed.filter(Q(**{f"{field}__lte": place[0]}) & (Q(**{f"{field}__lt": place[0]}) | Q(id__lt=place[1])))
    found = list(timed[: size + 1])
    if len(found) <= size and rows.model._meta.get_field(field).null:
        found += timeless[: size + 1 - len(found)]
    return _page(found, field, size)


def soonest_first(rows: QuerySet[Any], *, field: str, after: str, size: int = PAGE_SIZE) -> Page[Any]:
    """Take the page behind `after`, by instant and id, both ascending; every row has an instant."""
    place = parse_cursor(after)
    if place is not None and place[0] is not None:
        later = Q(**{f"{field}__gt": place[0]}) | Q(id__gt=place[1])
        rows = rows.filter(Q(**{f"{field}__gte": place[0]}) & later)
    return _page(list(rows.order_by(field, "id")[: size + 1]), field, size)


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


def _page(found: list[Any], field: str, size: int) -> Page[Any]:
    """`found`: the rows of a page and one more, if there is one."""
    shown = found[:size]
    more = len(found) > size
    return Page(shown, cursor(getattr(shown[-1], field), shown[-1].pk) if more else "")
