"""Which of the versions of one call, and of what is held, is the newest; and what each row is told. Pure.

Content and refunds list have a version each, so that any arrival order of the same versions ends the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec

from orders.versions import OrderVersion, RefundLine, Version, is_newer
from tenants.results import Status


class Held(msgspec.Struct, frozen=True):
    """What the table holds under one key."""

    id: int
    version: Version
    contact_id: int | None
    currency: str
    dated_at: datetime
    table_rate: Decimal | None
    buyer: str
    refunds_version: Version | None = None
    order_external_id: str = ""
    order_id: int | None = None


class Decision(msgspec.Struct):
    """What to write under one key, and each row's status."""

    held: Held | None
    content: OrderVersion | None = None
    refunds: OrderVersion | None = None
    statuses: dict[int, Status] = {}

    @property
    def refunds_version(self) -> Version | None:
        """The version of the refunds list after this call."""
        if self.refunds is not None:
            return self.refunds.refunds_version
        return self.held.refunds_version if self.held else None

    @property
    def refund_lines(self) -> tuple[RefundLine, ...]:
        """The refunds list to write."""
        return (self.refunds.refunds if self.refunds else None) or ()


class _Versioned(Protocol):
    @property
    def index(self) -> int: ...
    @property
    def external_id(self) -> str: ...
    @property
    def version(self) -> Version: ...


V = TypeVar("V", bound=_Versioned)


def decide_orders(*, versions: Iterable[OrderVersion], held: Mapping[str, Held]) -> dict[str, Decision]:
    """Decide each order of a call. Shape: by external id, sorted."""
    grouped = _by_key(versions)
    return {key: _decide_order(grouped[key], held.get(key)) for key in sorted(grouped)}


def decide_refunds(*, versions: Iterable[V], held: Mapping[str, Held]) -> tuple[dict[str, V], dict[int, Status]]:
    """Decide each lone refund of a call. Shape: what to write by external id, sorted; each row's status."""
    grouped = _by_key(versions)
    winners: dict[str, V] = {}
    statuses: dict[int, Status] = {}
    for key in sorted(grouped):
        kept = held.get(key)
        newest = max(grouped[key], key=lambda row: row.version)
        applies = is_newer(newest.version, kept.version if kept else None)
        if applies:
            winners[key] = newest
        final = newest.version if applies or kept is None else kept.version
        for row in grouped[key]:
            statuses[row.index] = "unchanged" if row.version == final else "stale"
        if applies:
            statuses[newest.index] = "updated" if kept else "created"
    return winners, statuses


def _by_key(versions: Iterable[V]) -> dict[str, list[V]]:
    grouped: defaultdict[str, list[V]] = defaultdict(list)
    for row in versions:
        grouped[row.external_id].append(row)
    return grouped


def _decide_order(rows: list[OrderVersion], held: Held | None) -> Decision:
    decision = Decision(held=held, statuses={})
    newest = rows[0] if len(rows) == 1 else max(rows, key=lambda row: row.version)
    if is_newer(newest.version, held.version if held else None):
        decision.content = newest
    with_list = [row for row in rows if row.refunds_version is not None]
    if with_list:
        newest_list = max(with_list, key=lambda row: row.refunds_version or row.version)
        if is_newer(newest_list.refunds_version, held.refunds_version if held else None):
            decision.refunds = newest_list
    _tell(decision, rows)
    return decision


def _tell(decision: Decision, rows: list[OrderVersion]) -> None:
    written: Status = "updated" if decision.held else "created"
    newest = decision.content or decision.held
    for row in rows:
        if row is decision.content:
            decision.statuses[row.index] = written
        elif row is decision.refunds:
            decision.statuses[row.index] = "updated"
        elif newest and row.version == newest.version and row.refunds_version in (None, decision.refunds_version):
            decision.statuses[row.index] = "unchanged"
        else:
            decision.statuses[row.index] = "stale"
