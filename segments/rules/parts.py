"""A rule as facts in groups, those about one source in one group put together. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from segments.rules.conditions import Fact, fact
from segments.rules.normal import Both, Normal, Test
from segments.rules.sources import Sources


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when all of its parts are."""

    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when one of its parts is."""

    parts: tuple["Part", ...]


Part = Fact | AllOf | AnyOf


def parts_of(normal: Normal, sources: Sources) -> Part:
    """The tree with its tests as facts."""
    if isinstance(normal, Test):
        return fact(normal, sources)
    is_all = isinstance(normal, Both)
    parts = _together([parts_of(part, sources) for part in normal.parts], is_all=is_all)
    return parts[0] if len(parts) == 1 else (AllOf if is_all else AnyOf)(tuple(parts))


def _together(parts: Iterable[Part], *, is_all: bool) -> list[Part]:
    """A source has one row of a contact at most, so that two facts about it are one."""
    found: dict[object, Part] = {}
    for part in parts:
        key = (part.source, part.has_row) if isinstance(part, Fact) else part
        found[key] = _one_fact(found.get(key), part, is_all=is_all)
    return list(found.values())


def _one_fact(first: Part | None, second: Part, *, is_all: bool) -> Part:
    if not isinstance(first, Fact) or not isinstance(second, Fact):
        return second
    word = "AND" if is_all == second.has_row else "OR"
    needs = [each.needs for each in (first, second) if each.needs]
    needed = f" {word} ".join(f"({each})" for each in needs) if word == "AND" or len(needs) == 2 else ""
    return Fact(second.source, f"({first.sql}) {word} ({second.sql})", second.has_row, needed)
