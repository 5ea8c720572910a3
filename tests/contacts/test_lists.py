"""Which tags and attributes there are, and how many people have them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Attribute, TagMove
from contacts.profiles import Told
from contacts.selectors import (
    TagSummary,
    ValuePeople,
    attribute_people,
    attributes,
    tag_groups,
    tag_people,
    tag_summaries,
    value_people,
)
from contacts.services.attributes import define_attribute
from contacts.services.profiles import ToldOf, tell_profiles
from contacts.services.tags import assign_tags, remove_tags
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import make_people, make_tags

pytestmark = pytest.mark.django_db


def test_each_tag_has_its_people_and_its_last_30_days(acme: Any, globex: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    hot, sweet, shop = make_tags(acme, "taste/hot", "taste/sweet", "origin/shop")
    with tenant_transaction(acme.pk):
        at = lock_tenant_writes(tenant_id=acme.pk)
        assign_tags(tenant=acme, contact_ids=[ann, ben], tags=[hot, shop], source="hand", at=at)
        remove_tags(tenant=acme, contact_ids=[ann], tags=[hot], source="hand", at=at)
        # just too long ago, and just not
        for age in (timedelta(days=30), timedelta(days=30) - timedelta(microseconds=1)):
            TagMove.objects.create(
                tenant=acme, contact_id=ann, tag_id=sweet, name="x", is_added=True, source="hand", created_at=at - age
            )
    with tenant_transaction(globex.pk):
        assert tag_summaries(tenant=globex, at=at) == []

    with tenant_transaction(acme.pk), CaptureQueriesContext(connection) as seen:
        found = tag_summaries(tenant=acme, at=at)

    groups = {summary.group: summary.group_id for summary in found}
    assert found == [
        TagSummary(shop, "shop", groups["origin"], "origin", people=2, added=2, removed=0),
        TagSummary(hot, "hot", groups["taste"], "taste", people=1, added=2, removed=1),
        TagSummary(sweet, "sweet", groups["taste"], "taste", people=0, added=1, removed=0),
    ]
    assert len(seen) == 1
    with tenant_transaction(acme.pk):
        assert tag_people(tenant=acme, tag_ids=[hot, sweet]) == {hot: 1}
        assert [(group.name, group.tag_count) for group in tag_groups(tenant=acme)] == [("origin", 1), ("taste", 2)]


VALUES = [
    ("text", ["Leeds", "York", "Leeds", ""], [("Leeds", 2), ("York", 1)]),
    ("number", [3, "3.0", 2.5, 1], [(3.0, 2), (1.0, 1)]),
    ("date", ["2024-01-02", "2024-01-01", "2024-01-01", "soon"], [(date(2024, 1, 1), 2), (date(2024, 1, 2), 1)]),
    ("yes_no", [True, False, True, "yes"], [(True, 2), (False, 1)]),
    ("choice", ["gold", "iron", "gold", "tin"], [("gold", 2), ("iron", 1)]),
]


@pytest.mark.parametrize(("kind", "said", "expected"), VALUES)
def test_the_commonest_values_of_an_attribute_come_first(
    acme: Any, kind: str, said: list[Any], expected: list[tuple[Any, int]]
) -> None:
    people = make_people(acme, *"abcd")
    choices = ["gold", "iron"] if kind == "choice" else []
    with tenant_transaction(acme.pk):
        told: dict[str, Any] = {"key": "k", "label": "K", "kind": kind, "choices": choices}
        attribute: Attribute = define_attribute(tenant=acme, actor="bob", at=AT, **told)
        rows = [ToldOf(pk, Told(attributes={"k": value})) for pk, value in zip(people, said, strict=True)]
        tell_profiles(tenant=acme, rows=rows, at=AT)

        found = value_people(tenant=acme, attribute=attribute, limit=2)

        assert found == [ValuePeople(value, count) for value, count in expected]
        assert [type(one.value) for one in found] == [type(value) for value, _ in expected]
        assert list(attributes(tenant=acme)) == [attribute]
        assert sum(attribute_people(tenant=acme, attribute_ids=[attribute.pk]).values()) in (3, 4)
