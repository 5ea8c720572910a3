"""Why a contact matches a rule or does not: the truth of every node. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segments.rules.compiled import Compiled
from segments.rules.conditions import Fact, fact
from segments.rules.normal import Test
from segments.rules.sources import CONTACTS, Sources
from segments.rules.tree import All, Any_, Node, Not, OrdersLeaf, Rule, nodes_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of a rule for one contact; `pointer` is within the rule, `""` for the whole."""

    pointer: str
    node: Node
    is_true: bool


def compile_explain(rule: Rule, *, tenant_id: int, at: datetime, contact_id: int) -> Compiled:
    """Which leaves are true of a contact at an instant.

    Shape: one row, or none where there is no such contact; a boolean per leaf, for `read_explanation`.
    """
    sources = Sources(rule, tenant_id=tenant_id, at=at, contact_ids=[contact_id])
    told = [fact(Test(leaf, True), sources) for _, leaf in _leaves(rule)]
    reads = {each.source for each in told if each.source is not None} - {CONTACTS}
    joins = "".join(sources.join(name, to=CONTACTS) for name in sorted(reads))
    columns = ", ".join(map(_truth, told))
    sql = f"SELECT {columns} FROM {sources.start(CONTACTS)}{joins}"  # noqa: S608 - compiled; values are parameters
    return Compiled(sql, sources.params)


def compile_windows(rule: Rule, *, tenant_id: int, at: datetime, contact_id: int) -> Compiled | None:
    """What the order leaves with `days` count of a contact; None where the rule has none.

    Shape: one row, or none where there is no such contact; one integer per leaf, for `read_windows`. Units: purchases,
    or minor units.
    """
    leaves = _windows(rule)
    if not leaves:
        return None
    sources = Sources(rule, tenant_id=tenant_id, at=at, contact_ids=[contact_id])
    names = [sources.window(days) for leaf in leaves if (days := leaf.days) is not None]
    joins = "".join(sources.join(name, to=CONTACTS) for name in sorted(set(names)))
    amounts = ["purchases" if leaf.measure == "count" else "net" for leaf in leaves]
    columns = ", ".join(f"coalesce({name}.{of}, 0)::bigint" for name, of in zip(names, amounts, strict=True))
    sql = f"SELECT {columns} FROM {sources.start(CONTACTS)}{joins}"  # noqa: S608 - compiled; values are parameters
    return Compiled(sql, sources.params)


def read_windows(rule: Rule, row: Sequence[int]) -> dict[OrdersLeaf, int]:
    """The row of `compile_windows` by leaf."""
    return dict(zip(_windows(rule), row, strict=True))


def _windows(rule: Rule) -> list[OrdersLeaf]:
    found = (node for _, node in nodes_of(rule) if isinstance(node, OrdersLeaf) and node.days is not None)
    return list(dict.fromkeys(found))


def _truth(told: Fact) -> str:
    return "false" if told.source is None else f"({told.sql}) IS {'' if told.has_row else 'NOT '}TRUE"


def read_explanation(rule: Rule, row: Sequence[Any]) -> list[Explanation]:
    """The row of `compile_explain` as the truth of every node, groups too, root first."""
    known = {place: bool(value) for (place, _), value in zip(_leaves(rule), row, strict=True)}
    nodes = list(nodes_of(rule))
    for place, node in reversed(nodes):  # what is inside a node comes after it
        if isinstance(node, Not):
            known[place] = not known[f"{place}/of"]
        elif isinstance(node, All | Any_):
            inner = [known[f"{place}/of/{index}"] for index in range(len(node.of))]
            known[place] = all(inner) if isinstance(node, All) else any(inner)
    return [Explanation(place, node, known[place]) for place, node in nodes]


def _leaves(rule: Rule) -> list[tuple[str, Any]]:
    return [(place, node) for place, node in nodes_of(rule) if not isinstance(node, All | Any_ | Not)]
