"""What the tests of a rule read: sub-selects with at most one row per contact, each named once. Pure."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contacts.attributes import COLUMNS
from segments.rules.tree import AttributeLeaf, OrdersLeaf, Rule, SegmentLeaf, TagLeaf, nodes_of
from segments.rules.values import Typed
from tenants.arrays import array_of

CONTACTS = "c"
STATS = "s"
# becomes what stands for sums of purchases: those to date, or those of a window
SUMS = "<sums>"
_CASTS = {"text": "text", "number": "float8", "date": "date"}
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
# decisions/0008: the planner takes the average tenant, not one that its statistics do not know
TENANT = "(SELECT %(rule_tenant)s::bigint)"
# `<of>` becomes whose rows are read: everybody's, or those of the contact at hand; `<tenant>` the tenant's number
_EVERYBODY = "IS NOT NULL"
_CONTACTS = """SELECT id AS contact_id, channel_id, acquired_at FROM contacts_contact
  WHERE tenant_id = <tenant> AND id <of>"""
_STATS = """SELECT contact_id, purchases, gross_minor AS gross, gross_minor - refunded_minor AS net, first_purchase_at,
    last_purchase_at
  FROM orders_contactstats WHERE tenant_id = <tenant> AND contact_id <of>"""
_TAGGED = """SELECT contact_id FROM contacts_contacttag
  WHERE tenant_id = <tenant> AND contact_id <of> AND tag_id"""
_VALUED = """SELECT contact_id FROM contacts_attributevalue
  WHERE tenant_id = <tenant> AND contact_id <of> AND attribute_id"""
_MEMBERS = """SELECT contact_id FROM segments_segmentmember
  WHERE tenant_id = <tenant> AND contact_id <of> AND segment_id"""
# what is in a window; `<since>` becomes its first instant
_BOUGHT = """SELECT o.contact_id, count(*) AS purchases, sum(o.base_amount_minor) AS gross FROM orders_order o
  WHERE o.tenant_id = <tenant> AND o.paid_at > <since> AND o.status = 'paid' AND o.amount_minor > 0
    AND o.contact_id <of>
  GROUP BY o.contact_id"""
# An order is looked up by its key: `version_at` stands in no index, so that none by time, which starts with the tenant
# too, can be read in place of the row.
_RETURNED = """SELECT f.contact_id, sum(f.base_amount_minor) AS minor FROM orders_refund f
  LEFT JOIN LATERAL (
    SELECT status FROM orders_order
    WHERE tenant_id = <tenant> AND id = f.order_id AND version_at < 'infinity' OFFSET 0) o ON true
  WHERE f.tenant_id = <tenant> AND f.refunded_at > <since> AND NOT f.is_superseded
    AND (f.order_id IS NULL OR o.status = 'paid') AND f.contact_id <of>
  GROUP BY f.contact_id"""
# a window; `<bought>` becomes a FROM item that holds what was bought in it
_COUNTED = "SELECT p.contact_id, p.purchases FROM <bought> p"
_SUMMED = """SELECT coalesce(p.contact_id, r.contact_id) AS contact_id, coalesce(p.purchases, 0) AS purchases,
    coalesce(p.gross, 0) - coalesce(r.minor, 0) AS net
  FROM <bought> p
  FULL JOIN (<returned>) r ON r.contact_id = p.contact_id""".replace("<returned>", _RETURNED)

# the same of one contact, if there is anything in `<bought>`: no refund is read else
_SUMMED_OF_BUYER = """SELECT p.contact_id, p.purchases, p.gross - coalesce(r.minor, 0) AS net
  FROM <bought> p
  LEFT JOIN (<returned>) r ON true""".replace("<returned>", _RETURNED)


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who is in a window: of whose sums there `needs` is true, and `to_date`, if anything, of those to date."""

    needs: str
    to_date: str = ""


class Sources:
    """Names the sources of one rule, writes their SQL and gathers the parameters.

    With `contact_ids` each source is probed for these contacts only.
    """

    def __init__(self, rule: Rule, *, tenant_id: int, at: datetime, contact_ids: Sequence[int] | None) -> None:
        self.rule = rule
        self.at = at
        self.params: dict[str, Any] = {"rule_tenant": tenant_id}
        self.is_probing = contact_ids is not None
        if contact_ids is not None:
            # as the text of an array: a list of thousands of constants takes long to plan
            self.params["rule_ids"] = array_of(sorted(set(contact_ids)))
        self._bodies = {CONTACTS: _CONTACTS, STATS: _STATS}
        self.windows: dict[str, str] = {}  # the first instant of each
        self._made: dict[Hashable, str] = {}
        self._net_days = {
            leaf.days for _, leaf in nodes_of(rule) if isinstance(leaf, OrdersLeaf) and leaf.measure == "net"
        }

    def add(self, value: Any) -> str:
        """A new parameter, as the SQL names it."""
        name = f"rule_{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def edge(self, days: int) -> str:
        """The instant that whole days before now are."""
        return self._once(("edge", days), lambda: self.add(self.at - timedelta(days=days)))

    def tags(self, leaf: TagLeaf) -> str:
        """Who carries any, or all, of some tags."""
        tags = tuple(sorted(set(leaf.tags)))
        having = f" HAVING count(*) = {len(tags)}" if leaf.match == "all" else ""
        if len(tags) == 1:
            return self._source(tags, lambda: f"{_TAGGED} = {self.add(tags[0])}")
        return self._source(
            (tags, having), lambda: f"{_TAGGED} = ANY({self.add(list(tags))}::bigint[]) GROUP BY contact_id{having}"
        )

    def segment(self, leaf: SegmentLeaf) -> str:
        """Who is in a segment."""
        return self._source(leaf, lambda: f"{_MEMBERS} = {self.add(leaf.segment)}")

    def values(self, leaf: AttributeLeaf, kind: str, values: tuple[Typed, ...]) -> str:
        """Who has a value of an attribute that compares so."""
        return self._source(
            leaf, lambda: f"{_VALUED} = {self.add(leaf.attribute)} AND {self._comparison(leaf, kind, values)}"
        )

    def _comparison(self, leaf: AttributeLeaf, kind: str, values: tuple[Typed, ...]) -> str:
        column = COLUMNS[kind]
        cast = _CASTS[column]
        if leaf.op == "is_set":
            return f"{column} IS NOT NULL"
        if leaf.op == "in":
            return f"{column} = ANY({self.add(list(dict.fromkeys(values)))}::{cast}[])"
        if leaf.op == "between":
            return f"{column} BETWEEN {self.add(values[0])}::{cast} AND {self.add(values[1])}::{cast}"
        return f"{column} {_COMPARISONS[leaf.op]} {self.add(values[0])}::{cast}"

    def window(self, days: int) -> str:
        """What each contact bought within some days: `purchases`, and `net` where the rule asks for it."""
        return self._once(("window", days), lambda: self._window(days))

    def _window(self, days: int) -> str:
        name = self._name(_SUMMED if days in self._net_days else _COUNTED)
        self.windows[name] = self.edge(days)
        return name

    def shared(self, buyers: Mapping[str, Buyers]) -> str:
        """The windows, aggregated once however often they are read, as a statement's first words."""
        if self.is_probing or not self.windows:
            return ""
        told = [item for name in self.windows for item in self._shared(name, buyers.get(name))]
        return f"WITH {', '.join(f'{name} AS ({body})' for name, body in told)}\n"

    def _shared(self, name: str, buyers: Buyers | None) -> list[tuple[str, str]]:
        if buyers is None:
            return [(name, self._read(name, _EVERYBODY))]
        bought = f"{name}_bought"
        among = f"IN (SELECT contact_id FROM {bought})"  # noqa: S608 - constants
        return [(bought, self._bought(name, buyers)), (name, self._read(name, among, bought=bought))]

    def _bought(self, name: str, buyers: Buyers) -> str:
        among = f"SELECT {STATS}.contact_id FROM {self.start(STATS)} WHERE {buyers.to_date}"  # noqa: S608 - compiled
        of = f"IN ({among})" if buyers.to_date else _EVERYBODY
        body, needs = _filled(_BOUGHT, of, self.windows[name]), buyers.needs.replace(SUMS, "p")
        return f"SELECT p.* FROM ({body}) p WHERE {needs}"  # noqa: S608 - compiled

    def start(self, name: str) -> str:
        """The FROM item with which a select starts; the contacts, when it probes."""
        if self.is_probing:
            probe = self._read(name, "= k.id OFFSET 0")
            return f"unnest(%(rule_ids)s::bigint[]) AS k(id)\nCROSS JOIN LATERAL ({probe}) {name}"
        return name if name in self.windows else f"({self._read(name, _EVERYBODY)}) {name}"

    def join(self, name: str, *, to: str, by_key: bool = False) -> str:
        """An outer join of a source to the one that the select started from; `by_key`: whatever the planner thinks."""
        if self.is_probing or by_key:
            return f"\nLEFT JOIN LATERAL ({self.probe(name, to=to)} OFFSET 0) {name} ON true"
        return f"\nLEFT JOIN {self.start(name)} ON {name}.contact_id = {to}.contact_id"

    def probe(self, name: str, *, to: str, needs: str = "") -> str:
        """The row of the contact that a select is at; of a window only what `needs` leaves."""
        body, bought = self._bodies[name], f"({_BOUGHT})"
        if needs:
            body = body.replace(_SUMMED, _SUMMED_OF_BUYER)
            bought = f"(SELECT p.* FROM {bought} p WHERE {needs.replace(SUMS, 'p')})"  # noqa: S608 - compiled
        return _filled(body.replace("<bought>", bought), f"= {to}.contact_id", self.windows.get(name, ""))

    def _read(self, name: str, of: str, *, bought: str = f"({_BOUGHT})") -> str:
        body = self._bodies[name].replace("<bought>", bought)
        return _filled(body, of, self.windows.get(name, ""))

    def _source(self, key: Hashable, make: Callable[[], str]) -> str:
        return self._once(key, lambda: self._name(make()))

    def _name(self, body: str) -> str:
        name = f"x{len(self._bodies)}"
        self._bodies[name] = body
        return name

    def _once(self, key: Hashable, make: Callable[[], str]) -> str:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def _filled(body: str, of: str, since: str) -> str:
    return body.replace("<of>", of).replace("<since>", since).replace("<tenant>", TENANT)
