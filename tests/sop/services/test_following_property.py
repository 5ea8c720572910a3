"""However people come, go and buy, and whenever ticks look, their runs are what the rules say one by one."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop.models import Sop
from sop.selectors.reports import sop_report
from sop.services.editing import save_draft
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop import stage
from tests.sop.stage import DAY, MINUTE

pytestmark = pytest.mark.django_db

EXAMPLES = settings().max_examples
PEOPLE = 3
counter = itertools.count()
Flags = dict[str, Any]

happenings = st.one_of(
    st.tuples(st.just("move"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("move"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("order"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("publish"), st.booleans()),
    st.tuples(st.just("tick"), st.none()),
    st.tuples(st.just("finish"), st.none()),
)


@dataclass
class Rules:
    """The oracle: what a run is, said one happening after the other."""

    flags: Flags
    inside: set[int] = field(default_factory=set)
    runs: list[list[Any]] = field(default_factory=list)

    def move(self, who: int) -> None:
        if who in self.inside:
            self.inside.remove(who)
            if self.flags["exits_on_leaving"]:
                self.end(who, "exited", "left")
        else:
            self.inside.add(who)
            self.begin(who)

    def begin(self, who: int) -> None:
        hers = [run for run in self.runs if run[0] == who]
        if not hers or (self.flags["may_reenter"] and all(run[1] != "active" for run in hers)):
            self.runs.append([who, "active", ""])

    def end(self, who: int, state: str, reason: str) -> None:
        for run in self.runs:
            if run[0] == who and run[1] == "active":
                run[1:] = [state, reason]


@pytest.mark.usefixtures("transactional_db")
@settings(
    max_examples=EXAMPLES // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    flags=st.fixed_dictionaries(dict.fromkeys(("exits_on_leaving", "exits_on_order", "may_reenter"), st.booleans())),
    told=st.lists(happenings, max_size=25),
)
def test_runs_are_what_the_rules_say_one_by_one(flags: Flags, told: list[tuple[str, Any]]) -> None:
    number = next(counter)
    tenant = Tenant.objects.create(slug=f"t{number}", name="T", timezone="Europe/Berlin", currency="EUR")
    world = World(tenant, flags)

    for what, detail in told:
        getattr(world, what)(detail)
    world.tick()

    names = {pk: who for who, pk in enumerate(world.people)}
    found = sorted([names[pk], place, state, reason] for place, (pk, state, reason) in world.runs())
    said = sorted([who, place, state, reason] for place, (who, state, reason) in enumerate(world.rules.runs))
    assert [row[:1] + row[2:] for row in found] == [row[:1] + row[2:] for row in said]
    world.adds_up()


class World:
    """A tenant in which all of it happens, a minute apart, and the oracle that is told the same."""

    def __init__(self, tenant: Tenant, flags: Flags) -> None:
        self.tenant, self.flags, self.rules, self.at = tenant, flags, Rules(flags), AT
        self.people = stage.people(tenant, PEOPLE)
        self.segment = stage.audience(tenant)
        self.sop: Sop = stage.make(tenant, self.segment, **flags)
        stage.publish(tenant, self.sop, at=self.at)

    def move(self, who: int) -> None:
        self.at += MINUTE
        act = stage.leave if who in self.rules.inside else stage.enter
        act(self.tenant, self.segment, [self.people[who]], at=self.at)
        self.rules.move(who)

    def order(self, who: int) -> None:
        """Orders and transitions are two streams: which of two came first is known to the tick only."""
        self.tick()
        stage.order(self.tenant, [self.people[who]], at=self.at)
        self.tick()
        if self.flags["exits_on_order"]:
            self.rules.end(who, "exited", "ordered")

    def publish(self, takes_members: bool) -> None:
        if takes_members:
            self.tick()
        with tenant_transaction(self.tenant.pk):
            said = stage.draft(self.segment, **self.flags)
            save_draft(tenant=self.tenant, sop_id=self.sop.pk, draft=said, actor="tests", at=self.at)
        stage.publish(self.tenant, self.sop, include_members=takes_members, at=self.at)
        if takes_members:
            for who in sorted(self.rules.inside):
                self.rules.begin(who)

    def tick(self, _: None = None) -> None:
        self.at += MINUTE
        stage.tick(self.tenant, at=self.at)

    def finish(self, _: None) -> None:
        self.tick()
        self.at += 2 * DAY
        stage.settle(self.tenant, self.sop, at=self.at)
        self.tick()
        for who in range(PEOPLE):
            self.rules.end(who, "completed", "")

    def runs(self) -> Any:
        return enumerate(stage.runs(self.tenant, self.sop))

    def adds_up(self) -> None:
        with tenant_transaction(self.tenant.pk):
            report = sop_report(tenant=self.tenant, sop_id=self.sop.pk)
        sums = [one.waiting + one.completed + sum(one.exited.values()) for one in (v.runs for v in report.versions)]
        assert sums == [one.runs.entered for one in report.versions]
        assert report.runs.entered == sum(sums) == len(self.rules.runs)
        assert all(step.total == one.runs.entered for one in report.versions for step in one.steps)
