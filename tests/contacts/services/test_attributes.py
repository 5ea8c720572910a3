"""Attributes that a tenant defines: their values follow what contacts say, whatever happens in which order."""

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.attributes import InvalidAttribute, typed_value
from contacts.models import Attribute, AttributeValue, Change, Contact
from contacts.profiles import Told
from contacts.services import attributes
from contacts.services.profiles import ToldOf, edit_contact, tell_profiles
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT, _tenant
from tests.contacts.crowd import changes, make_people

pytestmark = pytest.mark.django_db

BY_BOB: dict[str, Any] = {"actor": "bob@example.com", "at": AT}
EXAMPLES = settings().max_examples
KEYS = ("city", "points", "born", "member", "tier")
KINDS = ("text", "number", "date", "yes_no", "choice")
CHOICES = (["gold"], ["gold", "silver"], ["silver", "北京"])
counter = itertools.count()


def run(service: Callable[..., Any], tenant: Any, **told: Any) -> Any:
    with tenant_transaction(tenant.pk):
        return service(tenant=tenant, **BY_BOB, **told)


def tell(tenant: Any, by_contact: Mapping[int, Mapping[str, Any]]) -> None:
    """What a source says of contacts."""
    rows = [ToldOf(contact_id, Told(attributes=said)) for contact_id, said in by_contact.items()]
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        tell_profiles(tenant=tenant, rows=rows, at=AT)


def forget_changes(tenant: Any) -> None:
    with tenant_transaction(tenant.pk):
        Change.objects.for_tenant(tenant).delete()


def kept(tenant: Any) -> set[tuple[Any, ...]]:
    with tenant_transaction(tenant.pk):
        rows = AttributeValue.objects.for_tenant(tenant)
        return set(rows.values_list("attribute_id", "contact_id", "text", "number", "date"))


def derived(tenant: Any) -> set[tuple[Any, ...]]:
    """What the values must be: each attribute of each contact read anew."""
    with tenant_transaction(tenant.pk):
        defined = list(Attribute.objects.for_tenant(tenant))
        people = list(Contact.objects.for_tenant(tenant).values_list("pk", "attributes"))
    read = (
        (attribute.pk, pk, typed_value(said.get(attribute.key), kind=attribute.kind, choices=attribute.choices))
        for attribute in defined
        for pk, said in people
    )
    return {(attribute, contact, *value) for attribute, contact, value in read if value is not None}


def test_a_new_attribute_is_read_from_what_contacts_say_already(acme: Any) -> None:
    ann, ben, cy = make_people(acme, "ann", "ben", "cy")
    tell(acme, {ann: {"points": 3}, ben: {"points": "4.5"}, cy: {"points": "many"}})
    forget_changes(acme)

    points = run(attributes.define_attribute, acme, key=" points ", label="Points", kind="number")

    assert kept(acme) == {(points.pk, ann, None, 3.0, None), (points.pk, ben, None, 4.5, None)}
    assert changes(acme) == []


def test_values_follow_a_source_and_a_hand(acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    born = run(attributes.define_attribute, acme, key="born", label="Born", kind="date")
    tier = run(attributes.define_attribute, acme, key="tier", label="Tier", kind="choice", choices=["gold"])
    tell(acme, {ann: {"born": "1990-05-01", "tier": "gold", "other": 1}})
    told = kept(acme)

    with tenant_transaction(acme.pk):
        said = {"tier": None, "born": "1991-05-01"}
        edit_contact(tenant=acme, contact_id=ann, attributes=said, at=AT)

    assert {row[:2] for row in told} == {(born.pk, ann), (tier.pk, ann)}
    assert kept(acme) == derived(acme) != told
    assert len(kept(acme)) == 1


def test_other_choices_move_people_in_and_out_and_tell_them_alone(acme: Any) -> None:
    ann, ben, cy = make_people(acme, "ann", "ben", "cy")
    tier = run(attributes.define_attribute, acme, key="tier", label="Tier", kind="choice", choices=["gold", "iron"])
    tell(acme, {ann: {"tier": "gold"}, ben: {"tier": "iron"}, cy: {"tier": "tin"}})
    forget_changes(acme)

    run(attributes.edit_attribute, acme, attribute_id=tier.pk, choices=["gold", "tin"], label="Level", position=4)

    assert {(contact, text) for _, contact, text, _, _ in kept(acme)} == {(ann, "gold"), (cy, "tin")}
    assert changes(acme) == [(ben, "profile"), (cy, "profile")]
    with tenant_transaction(acme.pk):
        held = Attribute.objects.for_tenant(acme).get()
    assert (held.label, held.choices, held.position) == ("Level", ["gold", "tin"], 4)


def test_a_deleted_attribute_leaves_what_contacts_say(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    city = run(attributes.define_attribute, acme, key="city", label="City", kind="text")
    tell(acme, {ann: {"city": "Leeds"}, ben: {"city": 7}})
    forget_changes(acme)

    run(attributes.delete_attribute, acme, attribute_id=city.pk)

    assert (kept(acme), changes(acme)) == (set(), [(ann, "profile")])
    with tenant_transaction(acme.pk):
        assert Contact.objects.for_tenant(acme).get(pk=ann).attributes == {"city": "Leeds"}


def test_attributes_stand_in_the_order_in_which_they_were_defined(acme: Any) -> None:
    for key in ("a", "b", "c"):
        run(attributes.define_attribute, acme, key=key, label=key, kind="text")

    with tenant_transaction(acme.pk):
        assert list(Attribute.objects.for_tenant(acme).order_by("key").values_list("position", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("told", "field", "code"),
    [
        ({"key": "city"}, "key", "key_taken"),
        ({"key": "a|b"}, "key", "invalid_key"),
        ({"kind": "list"}, "kind", "invalid_kind"),
        ({"label": ""}, "label", "invalid_label"),
        ({"choices": ["x"]}, "choices", "no_choices"),
    ],
)
def test_what_cannot_be_a_definition_is_refused(acme: Any, told: dict[str, Any], field: str, code: str) -> None:
    run(attributes.define_attribute, acme, key="city", label="City", kind="text")

    with pytest.raises(InvalidAttribute) as refusal:
        run(attributes.define_attribute, acme, **{"key": "new", "label": "New", "kind": "text", **told})

    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_a_hundred_attributes_are_enough(acme: Any) -> None:
    with tenant_transaction(acme.pk):
        Attribute.objects.bulk_create(
            [Attribute(tenant=acme, key=f"k{n}", label="x", kind="text", position=n) for n in range(100)]
        )

    with pytest.raises(InvalidAttribute) as refusal:
        run(attributes.define_attribute, acme, key="one more", label="x", kind="text")

    assert refusal.value.code == "too_many"


def test_another_tenants_attribute_is_not_there(acme: Any, globex: Any) -> None:
    city = run(attributes.define_attribute, globex, key="city", label="城市", kind="text")

    for service in (attributes.edit_attribute, attributes.delete_attribute):
        with pytest.raises(Attribute.DoesNotExist):
            run(service, acme, attribute_id=city.pk)


@pytest.mark.parametrize("people", [1, 40])
def test_statements_do_not_grow_with_people_or_values(acme: Any, people: int) -> None:
    ids = make_people(acme, *(f"p{number}" for number in range(people)))
    tell(acme, {pk: {"n": number} for number, pk in enumerate(ids)})

    with CaptureQueriesContext(connection) as defining:
        attribute = run(attributes.define_attribute, acme, key="n", label="n", kind="number")
    with CaptureQueriesContext(connection) as telling:
        tell(acme, {pk: {"n": number + 1} for number, pk in enumerate(ids)})
    with CaptureQueriesContext(connection) as deleting:
        run(attributes.delete_attribute, acme, attribute_id=attribute.pk)

    assert (len(defining), len(telling), len(deleting)) == (11, 9, 9)


SAID = st.one_of(
    st.sampled_from(["gold", "silver", "北京", "gold ", "", "x" * 201, "2024-02-29", "2023-02-29", "7.50", "-0"]),
    st.sampled_from([7, 7.0, -0.0, 0, 1e22, 2**53 + 1, 10**30, 1.5e-7, True, False, None, ["gold"], {"a": 1}]),
)
TELLING = st.tuples(
    st.just("tell"),
    st.lists(st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from(KEYS), SAID, max_size=4)), max_size=6),
    st.sampled_from([None, 0, 1, 2]),
)
PATCHING = st.tuples(
    st.just("patch"), st.integers(0, 3), st.dictionaries(st.sampled_from(KEYS), SAID, min_size=1, max_size=3)
)
DEFINING = st.tuples(st.just("define"), st.sampled_from(KEYS), st.sampled_from(KINDS), st.sampled_from(CHOICES))
EDITING = st.tuples(st.just("edit"), st.sampled_from(KEYS), st.sampled_from(CHOICES))
DELETING = st.tuples(st.just("delete"), st.sampled_from(KEYS))


@pytest.mark.usefixtures("transactional_db")
@settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(deeds=st.lists(st.one_of(TELLING, PATCHING, DEFINING, EDITING, DELETING), min_size=1, max_size=12))
def test_values_are_what_contacts_say_after_any_deeds(deeds: list[Any]) -> None:
    tenant = _tenant(f"tenant-{next(counter)}", "Any", "UTC", "GBP")
    people = make_people(tenant, "ann", "ben", "cy", "di")

    for deed, *told in deeds:
        before = kept(tenant)
        forget_changes(tenant)
        _DEEDS[deed](tenant, people, *told)

        now = kept(tenant)
        assert now == derived(tenant)
        moved = {row[1] for row in before ^ now}
        if deed != "define":
            assert moved <= {contact for contact, reason in changes(tenant) if reason == "profile"}


def _tell(tenant: Any, people: list[int], rows: list[tuple[int, dict[str, Any]]], version: int | None) -> None:
    version_at = None if version is None else AT + timedelta(hours=version)
    told = [ToldOf(people[place], Told(attributes=said, version_at=version_at)) for place, said in rows]
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        tell_profiles(tenant=tenant, rows=told, at=AT)


def _patch(tenant: Any, people: list[int], place: int, said: dict[str, Any]) -> None:
    with tenant_transaction(tenant.pk):
        edit_contact(tenant=tenant, contact_id=people[place], attributes=said, at=AT)


def _define(tenant: Any, people: list[int], key: str, kind: str, choices: list[str]) -> None:
    if _id_of(tenant, key) is None:
        given = choices if kind == "choice" else []
        run(attributes.define_attribute, tenant, key=key, label=key, kind=kind, choices=given)


def _edit(tenant: Any, people: list[int], key: str, choices: list[str]) -> None:
    found = _id_of(tenant, key)
    if found is not None and found[1] == "choice":
        run(attributes.edit_attribute, tenant, attribute_id=found[0], choices=choices)


def _delete(tenant: Any, people: list[int], key: str) -> None:
    found = _id_of(tenant, key)
    if found is not None:
        run(attributes.delete_attribute, tenant, attribute_id=found[0])


def _id_of(tenant: Any, key: str) -> tuple[int, str] | None:
    with tenant_transaction(tenant.pk):
        found: tuple[int, str] | None = (
            Attribute.objects.for_tenant(tenant).filter(key=key).values_list("pk", "kind").first()
        )
    return found


_DEEDS: dict[str, Callable[..., None]] = {
    "tell": _tell,
    "patch": _patch,
    "define": _define,
    "edit": _edit,
    "delete": _delete,
}
