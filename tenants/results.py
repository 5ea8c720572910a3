"""What a bulk write answers, row by row; pure shapes shared by services and the API."""

from typing import Literal

import msgspec

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
