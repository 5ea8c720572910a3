"""A rule as one statement over sets, never a query per contact. Pure.

A select starts from one source, joins a contact's own row and sums to it by their keys, and asks every other source by
an `IN`. A rule that is true only where some source has a row starts there; alternatives that start from different
sources are united. Some contacts alone are looked up by their keys, each in a source only where nothing cheaper has
decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segments.rules.compiled import Compiled
from segments.rules.conditions import Fact
from segments.rules.normal import normalise
from segments.rules.parts import AllOf, AnyOf, Part, parts_of
from segments.rules.sources import CONTACTS, STATS, SUMS, Sources
from segments.rules.tree import Rule
from segments.rules.windows import narrowed

PREVIEW_SAMPLE = 10


@dataclass(frozen=True, slots=True)
class _Start:
    """The source that a select starts from, and whether few of its rows are left before others are joined."""

    source: str
    leaves_few: bool = False


_ANYBODY = _Start(CONTACTS)


def compile_rule(rule: Rule, *, tenant_id: int, at: datetime, contact_ids: Sequence[int] | None = None) -> Compiled:
    """Who matches at an instant, of all contacts or of these.

    Without `contact_ids` it is to be executed `by_sets`: then no wrong estimate can make it quadratic.

    Shape: one column `id`, each contact once, in no order.
    """
    sources = Sources(rule, tenant_id=tenant_id, at=at, contact_ids=contact_ids)
    whole = parts_of(normalise(rule.root), sources)
    if sources.is_probing:
        return Compiled(_select(whole, sources, _ANYBODY), sources.params)
    whole, buyers = narrowed(whole, sources.windows)
    groups = _groups(whole.parts if isinstance(whole, AnyOf) else (whole,))
    selects = "\nUNION\n".join(_select(AnyOf(tuple(group)), sources, start) for start, group in groups)
    return Compiled(sources.shared(buyers) + selects, sources.params)


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


def _needs(part: Part) -> frozenset[str]:
    """The sources without a row in which a part is never true."""
    if isinstance(part, Fact):
        return frozenset({part.source}) if part.source is not None and part.has_row else frozenset()
    needs = [_needs(inner) for inner in part.parts]
    return frozenset().union(*needs) if isinstance(part, AllOf) else frozenset.intersection(*needs)


def _groups(parts: Sequence[Part]) -> list[tuple[_Start, list[Part]]]:
    """Alternatives by the source that each starts from; all in one pass when one of them may be true of anybody."""
    needs = [_needs(part) for part in parts]
    if not all(needs):
        return [(_ANYBODY, list(parts))]
    groups: dict[_Start, list[Part]] = {}
    for part, sources in zip(parts, needs, strict=True):
        groups.setdefault(_start(sources), []).append(part)
    return list(groups.items())


def _start(needs: frozenset[str]) -> _Start:
    """Sets, where there are some to be in at once: that leaves few, whose rows are looked up. Else one source.

    Contacts, whose ranges have an index, come before a set, and that before sums, which hold nearly everybody.
    """
    sets = sorted(needs - {CONTACTS, STATS})
    if len(sets) > 1:
        return _Start(sets[0], leaves_few=True)
    return _Start(CONTACTS if CONTACTS in needs else sets[0] if sets else STATS)


def _select(part: Part, sources: Sources, start: _Start) -> str:
    name = start.source
    joined = _reads(part, is_probing=sources.is_probing) & {CONTACTS, STATS}
    joins = "".join(sources.join(each, to=name, by_key=start.leaves_few) for each in sorted(joined - {name}))
    where = _sql(part, sources, joined | {name}, name)
    return f"SELECT {name}.contact_id AS id FROM {sources.start(name)}{joins}\nWHERE {where}"  # noqa: S608 - constants


def _reads(part: Part, *, is_probing: bool) -> frozenset[str]:
    if isinstance(part, Fact):
        sums = {STATS} if is_probing and part.needs and part.has_row else set()
        return frozenset(sums if part.source is None else {*sums, part.source})
    return frozenset().union(*(_reads(inner, is_probing=is_probing) for inner in part.parts))


def _sql(part: Part, sources: Sources, joined: frozenset[str], start: str) -> str:
    """A part over joined sources, true where it is true, and else false or null."""
    if isinstance(part, Fact):
        return _fact_sql(part, sources, joined, start)
    word = " AND " if isinstance(part, AllOf) else " OR "
    parts = sorted(part.parts, key=lambda inner: _cost(inner, sources, joined))
    return f"({word.join(_sql(inner, sources, joined, start) for inner in parts)})"


def _cost(part: Part, sources: Sources, joined: frozenset[str]) -> int:
    """What is to be asked first: what is at hand, then what is in a set, then windows."""
    if isinstance(part, Fact):
        return 0 if part.source is None or part.source in joined else 2 if part.source in sources.windows else 1
    return max(_cost(inner, sources, joined) for inner in part.parts)


def _fact_sql(part: Fact, sources: Sources, joined: frozenset[str], start: str) -> str:
    if part.source is None:
        return "false" if part.has_row else "true"
    if part.source in joined:
        return _joined_sql(part, is_fixed=part.source != start != CONTACTS)
    if sources.is_probing:
        return _probed_sql(part, sources, start)
    among = f"SELECT {part.source}.contact_id FROM {sources.start(part.source)} WHERE {part.sql}"  # noqa: S608 - constants
    is_in = f"{start}.contact_id IN ({among})"
    return is_in if part.has_row else f"({is_in}) IS NOT TRUE"


def _probed_sql(part: Fact, sources: Sources, start: str) -> str:
    """`OFFSET 0` keeps it a look-up: the planner may not make a join of it."""
    assert part.source is not None
    needs = part.needs if part.has_row else ""
    probe = sources.probe(part.source, to=start, needs=needs)
    found = f"EXISTS (SELECT FROM ({probe}) {part.source} WHERE {part.sql} OFFSET 0)"
    if needs:  # who has not bought enough to date has not in the window
        return f"(({needs.replace(SUMS, STATS)}) AND {found})"
    return found if part.has_row else f"NOT {found}"


def _joined_sql(part: Fact, *, is_fixed: bool) -> str:
    """`is_fixed`: the outer join must stay one, or a set that is thought to be small is read once for each row."""
    if not part.has_row:
        return f"({part.sql}) IS NOT TRUE"
    return f"coalesce({part.sql}, false)" if is_fixed else f"({part.sql})"
