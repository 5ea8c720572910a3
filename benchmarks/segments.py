"""Segments: four rules beside SQL by hand, the fourth also person by person; full builds; people with news.

SIZE=contacts (default 500,000; five orders each), of a tenant beside which 99 others hold as much. Every statement runs
as the run-time role, under row security. That rules, SQL by hand, builds and the loop find the same people is checked.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks import audience
from benchmarks.cohorts import inside
from benchmarks.figures import Figure
from benchmarks.place import make_place
from benchmarks.population import AS_OF, make_population
from benchmarks.rules import BY_HAND, NAMES, parameters, rules, whom_iv_finds
from benchmarks.sizes import asked_size

SIZE = asked_size(500_000)
ASKED_ONE_BY_ONE = min(2_000, SIZE)
CHANGED = min(1_000, SIZE)
ONE_BY_ONE = f"rule iv one by one, scaled from {ASKED_ONE_BY_ONE:,} people"
FULL, FILL = "full build, nobody moves", "full build, everybody enters"
NEWS, MINUTE = f"{CHANGED:,} people with news", "a minute passes"
MEMBERS = "SELECT contact_id FROM segments_segmentmember WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s"
PEOPLE = "SELECT id FROM contacts_contact WHERE tenant_id = %(tenant)s"
# Whom it finds goes no further than a sum: rows that travel would cost both sides the same, and hide what differs.
# The sum stands apart (OFFSET 0), as the product's diff does: it must not be made by the workers of a parallel scan.
SUMMED = "SELECT count(*), sum(id) FROM (SELECT id FROM ({}) found(id) OFFSET 0) apart"


def run(*, rounds: int) -> list[Figure]:
    """Measure on a tenant of SIZE contacts, everything once a round; a round before the first is not counted."""
    shop = Shop(make_population(make_place(), size=SIZE)[0])
    shop.compare()
    found = [shop.one_round(number) for number in range(rounds + 1)][1:]
    times = {name: [each[name] for each in found] for name in found[0]}
    size = f"({SIZE:,} contacts)"
    figures = [Figure(f"segments: {name} {size}", "ms", values, better="less") for name, values in times.items()]
    return [*ratios(times), *figures]


def ratios(times: dict[str, list[float]]) -> list[Figure]:
    """Round by round, one time over another."""

    def over(first: str, second: str, goal: float | None = None) -> Figure:
        values = [a / b for a, b in zip(times[first], times[second], strict=True)]
        return Figure(f"segments: {first} ÷ {second}", "", values, goal, better="less")

    loop = [a / b for a, b in zip(times[ONE_BY_ONE], times[FULL], strict=True)]
    return [
        *(over(f"rule {name}", f"rule {name} by hand", goal=1.3) for name in NAMES),
        Figure(f"segments: {ONE_BY_ONE} ÷ full build", "×", loop, goal=100),
        over(FULL, "rule iv by hand", goal=1.5),
        over(FILL, "rule iv by hand"),
        over(NEWS, FULL, goal=0.05),
        over(MINUTE, FULL, goal=0.01),
    ]


class Shop:
    """The tenant, its rules, and the segment whose people follow rule iv."""

    def __init__(self, tenant: Any) -> None:
        self.tenant, self.at, self.random = tenant, AS_OF, random.Random(7)
        named = self.names()
        self.rules = self.parsed(rules(**named))
        self.asked = parameters(tenant_id=tenant.pk, at=AS_OF, **named)
        self.people = sorted(self.ids(PEOPLE, self.asked))
        self.segment_id = audience.publish(tenant, "iv", self.rules["iv"], at=self.at)
        audience.build(tenant, self.segment_id, at=self.at)

    def names(self) -> dict[str, Any]:
        """What the rules name: a tag, the attribute, three channels."""
        from acquisition.models import Channel
        from contacts.models import Attribute, Tag

        with inside(self.tenant):
            first = [model.objects.for_tenant(self.tenant).order_by("pk") for model in (Tag, Attribute, Channel)]
            tags, attributes, channels = (list(rows.values_list("pk", flat=True)[:3]) for rows in first)
        return {"tag": tags[0], "city": attributes[0], "channels": channels}

    def parsed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The rules, checked."""
        from segments.rules import parse_rule
        from segments.selectors.rules import known_names

        with inside(self.tenant):
            known = known_names(tenant=self.tenant)
        return {name: parse_rule(value, known=known) for name, value in values.items()}

    def compare(self) -> None:
        """Make sure that all ways find the same people."""
        for name in NAMES:
            wanted = self.ids(BY_HAND[name], self.asked)
            self.agree(f"rule {name}", self.ids(*self.compiled(name)), wanted)
        members = self.ids(MEMBERS, {"tenant": self.tenant.pk, "segment": self.segment_id})
        self.agree("built", members, wanted)
        sample = self.sample(ASKED_ONE_BY_ONE)
        self.agree("one by one", set(self.one_by_one(sample)), wanted & set(sample))

    def agree(self, what: str, found: set[int], wanted: set[int]) -> None:
        """Refuse what finds other people."""
        print(f"{what}: {len(found):,} people", flush=True)
        if found != wanted or not wanted:
            raise AssertionError(f"{what}: {len(found ^ wanted)} people differ of {len(wanted)}")

    def one_round(self, number: int) -> dict[str, float]:
        """Each once, in turn. Units: milliseconds."""
        found = {}
        for name in NAMES:
            pair = {f"rule {name} by hand": self.by_hand, f"rule {name}": self.by_rule}
            for way in sorted(pair, reverse=number % 2 == 1):  # neither is always the one that finds warm pages
                found[way] = clocked(partial(pair[way], name))
        asked = self.sample(ASKED_ONE_BY_ONE)
        found[ONE_BY_ONE] = SIZE / len(asked) * clocked(partial(self.one_by_one, asked))
        found |= self.builds(number) | self.news(number)
        print({name: round(value) for name, value in found.items()}, flush=True)
        return found

    def builds(self, number: int) -> dict[str, float]:
        """A full build of the segment as it is, and the first of a new one."""
        audience.ask_for_build(self.tenant)
        full = clocked(partial(audience.build, self.tenant, self.segment_id, at=self.at))
        new = audience.publish(self.tenant, f"iv {number}", self.rules["iv"], at=self.at)
        fill = clocked(partial(audience.build, self.tenant, new, at=self.at))
        audience.archive(self.tenant, new, at=self.at)
        return {FULL: full, FILL: fill}

    def news(self, number: int) -> dict[str, float]:
        """Some people have bought again; then time passes over the edges of others."""
        audience.let_buy(self.tenant, self.sample(CHANGED), number=number, at=self.at)
        tick = partial(audience.follow, self.tenant, scan_every=timedelta(minutes=1))
        news = clocked(partial(tick, at=self.at))
        self.at += timedelta(minutes=1)
        return {NEWS: news, MINUTE: clocked(partial(tick, at=self.at))}

    def by_hand(self, name: str) -> None:
        """Find them by the SQL by hand, which is faster when the planner may loop."""
        from django.db import connection

        with inside(self.tenant), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
            cursor.execute(SUMMED.format(BY_HAND[name]), self.asked)
            cursor.fetchall()

    def by_rule(self, name: str) -> None:
        """Find them by the rule, compiled anew."""
        sql, values = self.compiled(name)
        self.execute(SUMMED.format(sql), values)

    def one_by_one(self, contact_ids: list[int]) -> list[int]:
        """Find those of these people whom rule iv finds, one by one."""
        from django.db import connection

        with inside(self.tenant), connection.cursor() as cursor:
            return whom_iv_finds(cursor, contact_ids, self.asked)

    def compiled(self, name: str) -> tuple[str, dict[str, Any]]:
        """A rule as the product's SQL."""
        from segments.rules import compile_rule

        made = compile_rule(self.rules[name], tenant_id=self.tenant.pk, at=AS_OF)
        return made.sql, dict(made.params)

    def ids(self, statement: str, values: dict[str, Any]) -> set[int]:
        """The first column."""
        return {row[0] for row in self.execute(statement, values)}

    def execute(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run one statement planned as a full build or a preview, in a transaction of its own."""
        from django.db import connection

        from segments.planning import by_sets

        with inside(self.tenant), by_sets(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def sample(self, count: int) -> list[int]:
        """The ids of some people."""
        return self.random.sample(self.people, count)


def clocked(step: Callable[[], Any]) -> float:
    """How long a step takes. Units: milliseconds."""
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1000
