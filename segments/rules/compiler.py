"""A rule as one statement over sets, never a query per contact. Pure.

A select starts from one source, joins a contact's own row and sums to it by their keys, and asks every other source by
a hashed `IN`, written so that the planner cannot make a join of it: no wrong estimate can make it quadratic. A rule
that is true only where some source has a row starts there; alternatives that start from different sources are united.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from segments.rules.compiled import Compiled
from segments.rules.conditions import Fact, fact
from segments.rules.normal import Both, Normal, Test, normalise
from segments.rules.sources import CONTACTS, STATS, Sources
from segments.rules.tree import Rule

PREVIEW_SAMPLE = 10


@dataclass(frozen=True, slots=True)
class _All:
    """True when all of its parts are."""

    parts: tuple["_Part", ...]


@dataclass(frozen=True, slots=True)
class _Any:
    """True when one of its parts is."""

    parts: tuple["_Part", ...]


_Part = Fact | _All | _Any


def compile_rule(rule: Rule, *, tenant_id: int, at: datetime, contact_ids: Sequence[int] | None = None) -> Compiled:
    """Who matches at an instant, of all contacts or of these.

    Without `contact_ids` give it `work_mem` of 64 MB: a set that the planner thinks too large to hash is slow.

    Shape: one column `id`, each contact once, in no order.
    """
    sources = Sources(rule, tenant_id=tenant_id, at=at, contact_ids=contact_ids)
    whole = _facts(normalise(rule.root), sources)
    parts = whole.parts if isinstance(whole, _Any) else (whole,)
    groups = [(CONTACTS, parts)] if sources.is_probing else _groups(parts)
    selects = "\nUNION\n".join(_select(_Any(tuple(group)), sources, start=start) for start, group in groups)
    return Compiled(sources.shared() + selects, sources.params)


def compile_count(rule: Rule, *, tenant_id: int, at: datetime) -> Compiled:
    """How many match. Shape: one row, one integer."""
    found = compile_rule(rule, tenant_id=tenant_id, at=at)
    sql = f"SELECT count(*) FROM ({found.sql}) rule_found"  # noqa: S608 - compiled; values are parameters
    return Compiled(sql, found.params)


def compile_preview(rule: Rule, *, tenant_id: int, at: datetime, sample: int = PREVIEW_SAMPLE) -> Compiled:
    """How many match, and the newest few of them. Shape: one row: an integer, a list of ids."""
    found = compile_rule(rule, tenant_id=tenant_id, at=at)
    sql = f"""WITH rule_found AS MATERIALIZED ({found.sql})
SELECT (SELECT count(*) FROM rule_found),
       ARRAY(SELECT id FROM rule_found ORDER BY id DESC LIMIT %(rule_sample)s)"""  # noqa: S608 - compiled
    return Compiled(sql, {**found.params, "rule_sample": sample})


def _facts(normal: Normal, sources: Sources) -> _Part:
    """The tree with its tests as facts, those of one source in one group put together."""
    if isinstance(normal, Test):
        return fact(normal, sources)
    is_all = isinstance(normal, Both)
    parts = _together([_facts(part, sources) for part in normal.parts], is_all=is_all)
    return parts[0] if len(parts) == 1 else (_All if is_all else _Any)(tuple(parts))


def _together(parts: Iterable[_Part], *, is_all: bool) -> list[_Part]:
    """A source has one row of a contact at most, so that two facts about it are one."""
    found: dict[object, _Part] = {}
    for part in parts:
        key = (part.source, part.has_row) if isinstance(part, Fact) else part
        found[key] = _one_fact(found.get(key), part, is_all=is_all)
    return list(found.values())


def _one_fact(first: _Part | None, second: _Part, *, is_all: bool) -> _Part:
    if not isinstance(first, Fact) or not isinstance(second, Fact):
        return second
    word = "AND" if is_all == second.has_row else "OR"
    return Fact(second.source, f"({first.sql}) {word} ({second.sql})", second.has_row)


def _needs(part: _Part) -> frozenset[str]:
    """The sources without a row in which a part is never true."""
    if isinstance(part, Fact):
        return frozenset({part.source}) if part.source is not None and part.has_row else frozenset()
    needs = [_needs(inner) for inner in part.parts]
    return frozenset().union(*needs) if isinstance(part, _All) else frozenset.intersection(*needs)


def _groups(parts: Sequence[_Part]) -> list[tuple[str, list[_Part]]]:
    """Alternatives by the source that each starts from; all in one pass when one of them may be true of anybody."""
    needs = [_needs(part) for part in parts]
    if not all(needs):
        return [(CONTACTS, list(parts))]
    groups: dict[str, list[_Part]] = {}
    for part, sources in zip(parts, needs, strict=True):
        groups.setdefault(min(sources, key=_width), []).append(part)
    return list(groups.items())


def _width(source: str) -> tuple[bool, bool, str]:
    """Contacts, whose ranges have an index, before sets before sums, which hold nearly everybody."""
    return source != CONTACTS, source == STATS, source


def _select(part: _Part, sources: Sources, *, start: str) -> str:
    reads = _reads(part)
    joined = reads if sources.is_probing else reads & {CONTACTS, STATS}
    joins = "".join(sources.join(name, to=start) for name in sorted(joined - {start}))
    where = _sql(part, sources, joined | {start}, start)
    return f"SELECT {start}.contact_id AS id FROM {sources.start(start)}{joins}\nWHERE {where}"  # noqa: S608 - constants


def _reads(part: _Part) -> frozenset[str]:
    if isinstance(part, Fact):
        return frozenset() if part.source is None else frozenset({part.source})
    return frozenset().union(*(_reads(inner) for inner in part.parts))


def _sql(part: _Part, sources: Sources, joined: frozenset[str], start: str) -> str:
    """A part over joined sources, true where it is true, and else false or null."""
    if isinstance(part, Fact):
        return _fact_sql(part, sources, joined, start)
    word = " AND " if isinstance(part, _All) else " OR "
    return f"({word.join(_sql(inner, sources, joined, start) for inner in part.parts)})"


def _fact_sql(part: Fact, sources: Sources, joined: frozenset[str], start: str) -> str:
    if part.source is None:
        return "false" if part.has_row else "true"
    if part.source in joined:
        return _joined_sql(part, is_fixed=part.source != start != CONTACTS)
    among = f"SELECT {part.source}.contact_id FROM {sources.start(part.source)} WHERE {part.sql}"  # noqa: S608 - constants
    return f"({start}.contact_id IN ({among})) IS {'' if part.has_row else 'NOT '}TRUE"


def _joined_sql(part: Fact, *, is_fixed: bool) -> str:
    """`is_fixed`: the outer join must stay one, or a set that is thought to be small is read once for each row."""
    if not part.has_row:
        return f"({part.sql}) IS NOT TRUE"
    return f"coalesce({part.sql}, false)" if is_fixed else f"({part.sql})"
