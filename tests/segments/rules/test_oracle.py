"""What the compiled SQL finds is what the definitions say, for random rules over random histories."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.segments.rules import oracle
from tests.segments.rules.histories import AT, MICROSECOND, Life, World, bought, lives, rules, timed, trees, write

pytestmark = pytest.mark.django_db

TREES = 5  # per history
EXAMPLES = settings().max_examples
on_one_database = settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
fewer = settings(on_one_database, max_examples=EXAMPLES // 4)
looks = st.sampled_from([AT, AT, AT - MICROSECOND, AT + MICROSECOND, AT + timedelta(days=7)])


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(
    people=st.lists(lives, min_size=1, max_size=8),
    asked=st.lists(trees | rules, min_size=TREES, max_size=TREES),
    at=looks,
)
def test_rules_find_whom_the_definitions_name(people: list[Life], asked: list[Any], at: datetime) -> None:
    from segments.rules import compile_count, compile_preview, compile_rule, parse_rule
    from tenants.context import tenant_transaction

    world = write(people)
    ids = sorted(world.people)
    some = [*ids[::2], 0]

    with tenant_transaction(world.tenant.pk):
        for tree in asked:
            rule = parse_rule(world.rule(tree), known=world.known)
            named = _named(world, tree, at)
            event(f"finds {'nobody' if not named else 'all' if len(named) == len(ids) else 'some'}")
            place = {"tenant_id": world.tenant.pk, "at": at}

            assert _ids(compile_rule(rule, **place)) == named
            assert _ids(compile_rule(rule, contact_ids=some, **place)) == [pk for pk in named if pk in some]
            assert _rows(compile_count(rule, **place)) == [(len(named),)]
            assert _rows(compile_preview(rule, sample=3, **place)) == [(len(named), named[::-1][:3])]


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(people=st.lists(lives, min_size=4, max_size=8), asked=st.lists(bought, min_size=4 * TREES, max_size=4 * TREES))
def test_nobody_is_missed_by_a_window_that_holds_some_alone(people: list[Life], asked: list[Any]) -> None:
    from segments.rules import compile_rule, parse_rule
    from tenants.context import tenant_transaction

    world = write(people)

    with tenant_transaction(world.tenant.pk):
        for tree in asked:
            rule = parse_rule(world.rule(tree), known=world.known)

            assert _ids(compile_rule(rule, tenant_id=world.tenant.pk, at=AT)) == _named(world, tree, AT)


@pytest.mark.usefixtures("transactional_db")
@fewer
@given(people=st.lists(lives, min_size=1, max_size=3), tree=trees, at=looks)
def test_explanations_are_right_at_every_node(people: list[Life], tree: Any, at: datetime) -> None:
    from segments.rules import compile_explain, parse_rule, read_explanation
    from tenants.context import tenant_transaction

    world = write(people)
    rule = parse_rule(world.rule(tree), known=world.known)

    with tenant_transaction(world.tenant.pk):
        for pk, person in world.people.items():
            (row,) = _rows(compile_explain(rule, tenant_id=world.tenant.pk, at=at, contact_id=pk))
            told = {each.pointer: each.is_true for each in read_explanation(rule, row)}

            assert told == {place: oracle.matches(node, person, at) for place, node in _nodes(tree, "")}


@pytest.mark.usefixtures("transactional_db")
@fewer
@given(
    people=st.lists(lives, min_size=1, max_size=8),
    asked=st.lists(timed | trees, min_size=TREES, max_size=TREES),
    looks=st.sampled_from(
        [
            (AT - MICROSECOND, AT),
            (AT, AT + MICROSECOND),
            (AT - timedelta(hours=5), AT),
            (AT - timedelta(days=2), AT),
            (AT, AT + timedelta(days=7)),
        ]
    ),
)
def test_time_moves_only_those_whose_instant_crossed_an_edge(
    people: list[Life], asked: list[Any], looks: tuple[datetime, datetime]
) -> None:
    from segments.rules import crossed_sql, depends_on, edges_of, parse_rule
    from tenants.context import tenant_transaction

    world, (since, until) = write(people), looks

    with tenant_transaction(world.tenant.pk):
        for tree in asked:
            rule = parse_rule(world.rule(tree), known=world.known)
            moved = set(_named(world, tree, since)) ^ set(_named(world, tree, until))
            event(f"moves {'some' if moved else 'nobody'}")

            crossed = _rows(crossed_sql(edges_of(rule), tenant_id=world.tenant.pk, since=since, until=until))

            assert moved <= {contact_id for contact_id, _, _ in crossed}
            assert depends_on(rule).has_time == bool(edges_of(rule))


def _named(world: World, tree: Any, at: datetime) -> list[int]:
    return [pk for pk, person in sorted(world.people.items()) if oracle.matches(tree, person, at)]


def _nodes(tree: Any, place: str) -> list[tuple[str, Any]]:
    inner = tree.get("of", [])
    below = {f"{place}/of": inner} if isinstance(inner, dict) else {f"{place}/of/{n}": e for n, e in enumerate(inner)}
    return [(place, tree), *(node for step, child in below.items() for node in _nodes(child, step))]


def _ids(compiled: Any) -> list[int]:
    return sorted(pk for (pk,) in _rows(compiled))


def _rows(compiled: Any) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.params)
        return list(cursor.fetchall())
