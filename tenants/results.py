"""What a bulk write answers, row by row; pure shapes shared by services and the API."""

from collections.abc import Collection, Hashable, Sequence
from typing import Literal, TypeVar

import msgspec

_T = TypeVar("_T", bound=Hashable)
Status = Literal["created", "updated", "unchanged", "stale", "error"]


class FieldError(msgspec.Struct, frozen=True):
    """One thing wrong with one field. `pointer` is a JSON pointer into the request's body."""

    pointer: str
    code: str
    detail: str


class RowResult(msgspec.Struct, frozen=True):
    """What became of one item: its position in the call, their id, our id."""

    index: int
    external_id: str | None
    status: Status
    id: int | None = None
    errors: tuple[FieldError, ...] = ()


class BulkResult(msgspec.Struct, frozen=True):
    """The answer to a bulk write: one result per item, in order, and how many there were of each status."""

    results: list[RowResult]
    summary: dict[Status, int]


def first_claims(moved: Collection[_T], wanted: Sequence[Collection[_T]]) -> list[bool]:
    """For each row's wishes, in order, whether it is the first to name something that moved."""
    left, claims = set(moved), []
    for wishes in wanted:
        mine = left.intersection(wishes)
        left -= mine
        claims.append(bool(mine))
    return claims
