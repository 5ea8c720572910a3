"""Of whom a window must be known, so that no more orders are grouped, and no more refunds looked up. Pure.

A contact who is left out has no row in the window. That is right where no fact about the window is true of the row it
would have had, or where the sums to date that a rule asks for beside the one fact about it are others.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from segments.rules.conditions import Fact
from segments.rules.parts import AllOf, AnyOf, Part
from segments.rules.sources import STATS, SUMS, Buyers


def narrowed(whole: Part, windows: Collection[str]) -> tuple[Part, Mapping[str, Buyers]]:
    """A rule, and by window who is in it; windows that must hold everybody are left out.

    Sums to date that are asked for beside the only fact about a window are asked of its buyers, no more by the rule.
    """
    facts = {window: [fact for fact in _facts(whole) if fact.source == window] for window in windows}
    needs = {window: [fact.needs for fact in found] for window, found in facts.items()}
    left, asked = _without_repeats(whole, {window for window, each in needs.items() if len(each) == 1 and all(each)})
    buyers = {
        window: Buyers(_joined(" OR ", each), asked.get(window, "")) for window, each in needs.items() if all(each)
    }
    return left, buyers


def _facts(part: Part) -> Iterator[Fact]:
    if isinstance(part, Fact):
        yield part
    else:
        for inner in part.parts:
            yield from _facts(inner)


def _without_repeats(part: Part, once: Collection[str]) -> tuple[Part, dict[str, str]]:
    """A part less the sums to date that these windows ask for in its place, and by window what it asks for so."""
    if isinstance(part, Fact):
        return part, {}
    inner = [_without_repeats(each, once) for each in part.parts]
    parts = tuple(each for each, _ in inner)
    asked = {window: sums for _, each in inner for window, sums in each.items()}
    if isinstance(part, AnyOf):
        return AnyOf(parts), asked
    sums = [each for each in parts if isinstance(each, Fact) and each.source == STATS]
    rows = [each for each in parts if isinstance(each, Fact) and each.source in once and each.has_row]
    if not sums or not rows:
        return AllOf(parts), asked
    told = {fact.source: [fact.needs.replace(SUMS, STATS), *map(_told, sums)] for fact in rows}
    here = {window: _joined(" AND ", told[window]) for window in once if window in told}
    return AllOf(tuple(each for each in parts if each not in sums)), asked | here


def _told(sums: Fact) -> str:
    """Of whoever has bought something: none of the sums is null then."""
    return sums.sql if sums.has_row else f"NOT ({sums.sql})"


def _joined(word: str, parts: Iterable[str]) -> str:
    return word.join(f"({part})" for part in dict.fromkeys(parts))
