"""After any sequence of news, clock moves, publishing and handwork, following the news left what a full build finds.

Each run draws rules and a story, lets the tick look at random times, and in the end compares every segment's people
with its rule evaluated for everybody, and with what its transitions say.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.cast import AT
from tests.segments import audience

pytestmark = pytest.mark.django_db

EXAMPLES = settings().max_examples
on_one_database = settings(
    max_examples=max(1, EXAMPLES * 3 // 5),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
DAYS = [1, 7, 30]
BUYERS = ["ann", "ben", "cem", "dot", "eve"]
TAGS, CHANNELS, LISTS, RULES = ["red", "blue"], ["kol", "ads"], [0, 1], [0, 1, 2, 3]
MICROSECOND = timedelta(microseconds=1)
NUDGES = [-MICROSECOND, timedelta(0), timedelta(0), MICROSECOND, timedelta(hours=3)]
# how the clock moves: over an edge by a microsecond, over nothing, over everything, and back
STEPS = [MICROSECOND, timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=3)]
STEPS += [*(timedelta(days=days) for days in DAYS), *(timedelta(days=days) - MICROSECOND for days in DAYS)]
BACK = [-timedelta(seconds=2), -timedelta(days=8)]
counter = itertools.count()

ages = st.builds(
    lambda days, nudge: nudge - timedelta(days=days), st.sampled_from([0, 0, *DAYS]), st.sampled_from(NUDGES)
)
buyers = st.sampled_from(BUYERS)


def _leaf(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


_days = st.sampled_from(DAYS)
_ops = st.sampled_from(["eq", "lt", "lte", "gt", "gte"])
_spans = [_leaf(kind, **{span: _days}) for kind in ("acquired", "last_order", "first_order")
          for span in ("within_days", "before_days")]  # fmt: skip
leaves = st.one_of(
    *_spans,
    _leaf("last_order", never=st.just(True)),
    _leaf("orders", measure=st.just("count"), op=_ops, value=st.integers(0, 2), days=st.sampled_from([None, *DAYS])),
    _leaf(
        "orders",
        measure=st.just("net"),
        op=_ops,
        value=st.sampled_from(["0", "5.00", "10.00"]),
        days=st.sampled_from([None, *DAYS]),
    ),
    _leaf("tag", tags=st.lists(st.sampled_from(TAGS), min_size=1, max_size=2), match=st.sampled_from(["any", "all"])),
    _leaf("channel", channels=st.lists(st.sampled_from([None, *CHANNELS]), min_size=1, max_size=2)),
    _leaf("attribute", attribute=st.just("cups"), op=st.sampled_from(["lt", "gte"]), value=st.sampled_from([1, 2])),
    _leaf("attribute", attribute=st.just("cups"), op=st.just("is_set")),
    _leaf("segment", list=st.sampled_from(LISTS)),
    *[_leaf("segment", rule=st.sampled_from(RULES))] * 4,
)
trees = st.recursive(
    leaves,
    lambda inner: (
        _leaf("all", of=st.lists(inner, min_size=1, max_size=3))
        | _leaf("any", of=st.lists(inner, min_size=1, max_size=3))
        | _leaf("not", of=inner)
    ),
    max_leaves=5,
)

orders = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from(["o1", "o2", "o3", "o4", "o5"]),
        "buyer": buyers,
        "status": st.sampled_from(["paid", "paid", "paid", "cancelled"]),
        "age": ages,
        "amount": st.sampled_from(["0.00", "5.00", "10.00"]),
        "refund": st.none() | st.tuples(st.sampled_from(["1.00", "5.00"]), ages),
    }
)
baskets = st.lists(orders, min_size=1, max_size=3, unique_by=lambda order: order["external_id"])
touches = st.fixed_dictionaries(
    {"buyer": buyers, "age": ages, "channel": st.sampled_from([None, *CHANNELS]), "cups": st.sampled_from([None, 1, 2])}
)
acts = st.one_of(
    st.tuples(st.just("orders"), baskets),
    st.tuples(st.just("orders"), baskets),
    st.tuples(st.just("refund"), st.tuples(buyers, st.sampled_from(["1.00", "5.00"]), ages)),
    st.tuples(st.just("contacts"), st.lists(touches, min_size=1, max_size=2)),
    st.tuples(st.just("tag"), st.tuples(buyers, st.sampled_from(TAGS), st.booleans())),
    st.tuples(st.just("list"), st.tuples(buyers, st.sampled_from(LISTS), st.booleans())),
    st.tuples(st.just("publish"), st.tuples(st.sampled_from(RULES), trees, st.booleans())),
    st.tuples(st.just("clock"), st.sampled_from([*STEPS, *STEPS, *BACK])),
    st.tuples(st.just("clock"), st.sampled_from(STEPS)),
    st.tuples(st.just("tick"), st.sampled_from([timedelta(0), timedelta(seconds=20)])),
    st.tuples(st.just("tick"), st.sampled_from([timedelta(0), timedelta(seconds=20)])),
)


@dataclass
class Stage:
    """A tenant, its clock, and what rules name by words."""

    tenant: Any
    api: Any
    now: datetime = AT
    tags: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, int] = field(default_factory=dict)
    lists: dict[int, int] = field(default_factory=dict)
    rules: dict[int, int] = field(default_factory=dict)
    told: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@pytest.mark.usefixtures("transactional_db")
@on_one_database
@given(first=st.lists(trees, min_size=len(RULES), max_size=len(RULES)), story=st.lists(acts, min_size=4, max_size=14))
def test_following_leaves_what_a_full_build_finds(first: list[Any], story: list[tuple[str, Any]]) -> None:
    stage = _set_up(first)

    for act, told in story:
        _ACTS[act](stage, told)
    _build_waiting(stage)
    audience.tick(stage.tenant, at=stage.now)
    _build_waiting(stage)

    _check(stage)


def _set_up(trees: list[Any]) -> Stage:
    from acquisition.models import Channel
    from contacts.models import Tag, TagGroup
    from contacts.services.attributes import define_attribute
    from tenants.context import tenant_transaction
    from tenants.models import Tenant
    from tests.cast import ApiClient, make_key

    slug = f"stage-{next(counter)}"
    tenant = Tenant.objects.create(slug=slug, name=slug, timezone="Asia/Shanghai", currency="GBP")
    stage = Stage(tenant, ApiClient(make_key(tenant)))
    with tenant_transaction(tenant.pk):
        group = TagGroup.objects.create(tenant=tenant, name="colours")
        stage.tags = {name: Tag.objects.create(tenant=tenant, group=group, name=name).pk for name in TAGS}
        stage.channels = {name: Channel.objects.create(tenant=tenant, slug=name, name=name).pk for name in CHANNELS}
        cups = define_attribute(tenant=tenant, key="cups", label="Cups", kind="number", actor="bob", at=AT)
        stage.attributes = {"cups": cups.pk}
    stage.lists = {number: audience.a_list(tenant, f"list {number}") for number in LISTS}
    for number, tree in enumerate(trees):
        stage.rules[number] = audience.draft(tenant, f"rule {number}", _rule(stage, tree))
        audience.publish(tenant, stage.rules[number])
    _build_waiting(stage)
    return stage


def _rule(stage: Stage, tree: Any) -> Any:
    """A drawn tree as a client sends it; a rule that is not there yet is the first list."""
    ids: dict[str, Any] = {"tags": stage.tags, "channels": {**stage.channels, None: None}}
    told: dict[str, Any] = {name: [ids[name][each] for each in tree[name]] for name in ids if name in tree}
    if tree["type"] == "attribute":
        told["attribute"] = stage.attributes[tree["attribute"]]
    if tree["type"] == "segment":
        named = stage.lists[tree["list"]] if "list" in tree else stage.rules.get(tree["rule"], stage.lists[0])
        return {"type": "segment", "segment": named}
    if "of" in tree:
        told["of"] = [_rule(stage, each) for each in tree["of"]] if tree["type"] != "not" else _rule(stage, tree["of"])
    return {key: value for key, value in {**tree, **told}.items() if value is not None}


def _post(stage: Stage, path: str, body: Any) -> None:
    response = stage.api.post(path, body)
    assert response.status_code == 200, response.content
    assert "error" not in response.json()["summary"], response.content


def _version(stage: Stage) -> str:
    return (AT + timedelta(seconds=next(stage.told))).isoformat()


def _tell_orders(stage: Stage, told: list[dict[str, Any]]) -> None:
    rows = []
    for order in told:
        row = {name: order[name] for name in ("external_id", "status", "amount")} | {"currency": "GBP"}
        row |= {"buyer": {"shop_buyer_id": order["buyer"]}, "updated_at": _version(stage), "refunds": []}
        row["paid_at"] = (stage.now + order["age"]).isoformat()
        if order["refund"]:
            amount, age = order["refund"]
            back = {"external_id": "r", "amount": amount, "refunded_at": (stage.now + age).isoformat()}
            row["refunds"] = [back]
        rows.append(row)
    _post(stage, "/orders/bulk", {"source": "shop", "orders": rows})


def _tell_refund(stage: Stage, told: tuple[str, str, timedelta]) -> None:
    buyer, amount, age = told
    row = {"external_id": f"alone {next(stage.told)}", "buyer": {"shop_buyer_id": buyer}, "currency": "GBP"}
    row |= {"amount": amount, "refunded_at": (stage.now + age).isoformat()}
    _post(stage, "/refunds/bulk", {"source": "shop", "refunds": [row]})


def _tell_contacts(stage: Stage, told: list[dict[str, Any]]) -> None:
    rows: list[dict[str, Any]] = []
    for touch in told:
        acquired = {"at": (stage.now + touch["age"]).isoformat()}
        acquired |= {"channel": touch["channel"]} if touch["channel"] else {}
        row = {"identities": {"shop:shop": touch["buyer"]}, "acquired": acquired, "updated_at": _version(stage)}
        rows.append(row | {"attributes": {"cups": touch["cups"]}})
    _post(stage, "/contacts/bulk", {"contacts": rows})


def _contact(stage: Stage, buyer: str) -> int | None:
    from contacts.models import Identity
    from tenants.context import tenant_transaction

    with tenant_transaction(stage.tenant.pk):
        rows = Identity.objects.for_tenant(stage.tenant).filter(kind="shop:shop", value=buyer)
        contact_id: int | None = rows.values_list("contact_id", flat=True).first()
        return contact_id


def _tell_tag(stage: Stage, told: tuple[str, str, bool]) -> None:
    buyer, name, is_put = told
    contact_id = _contact(stage, buyer)
    if contact_id is not None:
        (audience.carry if is_put else audience.drop)(stage.tenant, stage.tags[name], [contact_id])


def _tell_list(stage: Stage, told: tuple[str, int, bool]) -> None:
    from segments.services.members import add_members, remove_members
    from tenants.context import tenant_transaction

    buyer, number, is_put = told
    contact_id = _contact(stage, buyer)
    if contact_id is not None:
        change = add_members if is_put else remove_members
        with tenant_transaction(stage.tenant.pk):
            change(tenant=stage.tenant, segment_id=stage.lists[number], contact_ids=[contact_id], at=stage.now)


def _publish(stage: Stage, told: tuple[int, Any, bool]) -> None:
    """Another rule; rings are refused, and not every build is done at once."""
    from segments.services.publishing import SegmentsFormARing

    number, tree, is_built = told
    audience.edit(stage.tenant, stage.rules[number], _rule(stage, tree), at=stage.now)
    try:
        audience.publish(stage.tenant, stage.rules[number], at=stage.now)
    except SegmentsFormARing:
        event("a ring was refused")
        return
    if is_built:
        _build_waiting(stage)


def _move_clock(stage: Stage, step: timedelta) -> None:
    stage.now += step


def _tick(stage: Stage, scan_every: timedelta) -> None:
    audience.tick(stage.tenant, at=stage.now, scan_every=scan_every)


_ACTS: dict[str, Any] = {
    "orders": _tell_orders,
    "refund": _tell_refund,
    "contacts": _tell_contacts,
    "tag": _tell_tag,
    "list": _tell_list,
    "publish": _publish,
    "clock": _move_clock,
    "tick": _tick,
}


def _build_waiting(stage: Stage) -> None:
    for segment_id in stage.rules.values():
        if audience.segment(stage.tenant, segment_id).build == "waiting":
            audience.build(stage.tenant, segment_id, at=stage.now)


def _check(stage: Stage) -> None:
    from django.db import connection

    from segments.models import Segment, SegmentCursor, SegmentMember, SegmentTransition
    from segments.rules import compile_rule
    from segments.selectors.rules import live_rule
    from tenants.context import tenant_transaction

    tenant = stage.tenant
    with tenant_transaction(tenant.pk):
        at = max(stage.now, SegmentCursor.objects.for_tenant(tenant).get().scanned_at)
        held: dict[int, dict[int, datetime]] = {segment_id: {} for segment_id in stage.rules.values()}
        held |= {segment_id: {} for segment_id in stage.lists.values()}
        for member in SegmentMember.objects.for_tenant(tenant):
            held[member.segment_id][member.contact_id] = member.entered_at
        for segment_id in stage.rules.values():
            rule = live_rule(tenant=tenant, segment_id=segment_id)
            assert rule is not None
            compiled = compile_rule(rule.tree, tenant_id=tenant.pk, at=at)
            with connection.cursor() as cursor:
                cursor.execute(compiled.sql, compiled.params)
                assert sorted(held[segment_id]) == sorted(pk for (pk,) in cursor.fetchall())
        said: dict[int, dict[int, datetime]] = {segment_id: {} for segment_id in held}
        for move in SegmentTransition.objects.for_tenant(tenant).order_by("id"):
            inside = said[move.segment_id]
            assert move.is_entry == (move.contact_id not in inside)  # nobody enters twice, or leaves without being in
            if move.is_entry:
                inside[move.contact_id] = move.at
            else:
                del inside[move.contact_id]
        assert said == held
        sizes = dict(Segment.objects.for_tenant(tenant).values_list("pk", "size"))
        assert sizes == {segment_id: len(inside) for segment_id, inside in held.items()}
    event(f"{sum(bool(inside) for inside in held.values())} segments with people")
