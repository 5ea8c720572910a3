"""The windows whose edges time moves over instants, and whom it has moved out of one between two looks. Pure."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from segments.rules.compiled import Compiled
from segments.rules.sources import TENANT
from segments.rules.tree import AcquiredLeaf, FirstOrderLeaf, LastOrderLeaf, OrdersLeaf, Rule, nodes_of

Instant = Literal["paid", "refunded", "first_purchase", "last_purchase", "acquired"]
_OF_LEAF: dict[type, Instant] = {
    AcquiredLeaf: "acquired",
    FirstOrderLeaf: "first_purchase",
    LastOrderLeaf: "last_purchase",
}
# by instant: table, contact, column, and which rows count; ranges of (tenant, column)
_WHERE: dict[Instant, tuple[str, str, str, str]] = {
    "paid": ("orders_order", "contact_id", "paid_at", " AND status = 'paid' AND amount_minor > 0"),
    "refunded": ("orders_refund", "contact_id", "refunded_at", " AND NOT is_superseded"),
    "first_purchase": ("orders_contactstats", "contact_id", "first_purchase_at", ""),
    "last_purchase": ("orders_contactstats", "contact_id", "last_purchase_at", ""),
    "acquired": ("contacts_contact", "id", "acquired_at", ""),
}
_CROSSED = """SELECT <contact> AS contact_id, '<instant>' AS instant, <days> AS days FROM <from>
  AND <contact> IS NOT NULL AND <column> > %(rule_since_<n>)s AND <column> <= %(rule_until_<n>)s"""
_NOBODY = "SELECT NULL::bigint AS contact_id, ''::text AS instant, 0 AS days WHERE false"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A kind of instant that leaves a rule's window when it is this many whole days old."""

    instant: Instant
    days: int


def edges_of(rule: Rule) -> frozenset[Edge]:
    """The edges of a rule; none where time alone changes nothing."""
    return frozenset(edge for _, node in nodes_of(rule) for edge in _edges(node))


def _edges(node: object) -> Iterator[Edge]:
    if isinstance(node, OrdersLeaf) and node.days is not None:
        yield Edge("paid", node.days)
        if node.measure == "net":
            yield Edge("refunded", node.days)
    elif isinstance(node, AcquiredLeaf | LastOrderLeaf | FirstOrderLeaf):
        days = node.within_days or node.before_days
        if days is not None:
            yield Edge(_OF_LEAF[type(node)], days)


def crossed_sql(edges: Set[Edge], *, tenant_id: int, since: datetime, until: datetime) -> Compiled:
    """Whose instants came to stand on or behind an edge after `since` and up to `until`.

    A rule that was right at `since`, and is looked at again for these contacts at `until`, is right at `until`.

    Shape: `contact_id`, `instant`, `days`, each once, in no order: deal rows to the rules that have the edge.
    """
    params: dict[str, object] = {"rule_tenant": tenant_id}
    selects = []
    for number, edge in enumerate(sorted(edges)):
        table, contact, column, counts = _WHERE[edge.instant]
        age = timedelta(days=edge.days)
        params |= {f"rule_since_{number}": since - age, f"rule_until_{number}": until - age}
        selects.append(
            _CROSSED.replace("<contact>", contact)
            .replace("<instant>", edge.instant)
            .replace("<days>", str(edge.days))
            .replace("<column>", column)
            .replace("<n>", str(number))
            .replace("<from>", f"{table} WHERE tenant_id = {TENANT}{counts}")
        )
    return Compiled("\nUNION\n".join(selects) or _NOBODY, params)
