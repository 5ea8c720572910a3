"""Attributes: defined, edited and deleted in the console."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Attribute
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import person, tell_contacts

pytestmark = pytest.mark.django_db

PAGE_QUERIES = 10


def get(user: Any, path: str) -> Any:
    return log_in(user).get(f"/t/acme/{path}", headers={"accept-language": "en"})


def post(user: Any, path: str, **fields: Any) -> Any:
    return log_in(user).post(f"/t/acme/{path}", fields, headers={"accept-language": "en"}, follow=True)


def defined(tenant: Any) -> list[tuple[str, str, str, list[str]]]:
    with tenant_transaction(tenant.pk):
        rows = Attribute.objects.for_tenant(tenant).order_by("position", "pk")
        return [(row.key, row.label, row.kind, row.choices) for row in rows]


def attribute_id(tenant: Any, key: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Attribute.objects.for_tenant(tenant).get(key=key).pk)


def test_an_attribute_is_defined_and_counts_who_has_a_value(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1, attributes={"skin": "干性"}), person(2, attributes={"skin": "?"}))

    page = post(bob, "attributes/", label="肤质", key="skin", kind="choice", choices="干性\n油性\n")

    assert defined(acme) == [("skin", "肤质", "choice", ["干性", "油性"])]
    ((attribute, people, rules),) = page.context["lines"]
    assert (attribute.label, people, rules) == ("肤质", 1, [])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"key": "a|b"}, "key"),
        ({"kind": "choice"}, "choices"),
        ({"choices": "x"}, "choices"),
        ({"kind": "colour"}, "kind"),
        ({"label": ""}, "label"),
    ],
)
def test_what_cannot_be_defined_says_which_field_is_wrong(
    acme: Any, bob: Any, fields: dict[str, str], wrong: str
) -> None:
    page = post(bob, "attributes/", **({"label": "City", "key": "city", "kind": "text", "choices": ""} | fields))

    assert list(page.context["form"].errors) == [wrong]
    assert defined(acme) == []


def test_key_and_kind_stay_and_the_rest_is_edited(acme: Any, bob: Any) -> None:
    post(bob, "attributes/", label="City", key="city", kind="choice", choices="York")
    pk = attribute_id(acme, "city")

    post(bob, f"attributes/{pk}/", label="Town", choices="York\nBath", position=3, key="x", kind="text")

    assert defined(acme) == [("city", "Town", "choice", ["York", "Bath"])]


def test_an_attribute_is_deleted(acme: Any, bob: Any) -> None:
    post(bob, "attributes/", label="City", key="city", kind="text")

    post(bob, f"attributes/{attribute_id(acme, 'city')}/delete/")

    assert defined(acme) == []


def test_its_commonest_values_are_told_to_the_builder(acme: Any, bob: Any) -> None:
    told = [person(1, attributes={"n": 2}), person(2, attributes={"n": 2}), person(3, attributes={"n": 1.5})]
    tell_contacts(acme, *told)
    post(bob, "attributes/", label="N", key="n", kind="number")

    answer = get(bob, f"attributes/{attribute_id(acme, 'n')}/values/")

    assert answer.json() == {"values": [{"value": 2.0, "people": 2}, {"value": 1.5, "people": 1}]}


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_there_is(acme: Any, bob: Any, count: int) -> None:
    for number in range(count):
        post(bob, "attributes/", label=f"Field {number}", key=f"k{number}", kind="text")
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/attributes/")

    assert len(seen) == PAGE_QUERIES


def test_who_may_not_edit_reads(acme: Any, bob: Any, mei: Any) -> None:
    post(bob, "attributes/", label="City", key="city", kind="text")
    pk = attribute_id(acme, "city")

    assert get(mei, "attributes/").status_code == 200
    assert [post(mei, path, label="x").status_code for path in ("attributes/", f"attributes/{pk}/delete/")] == [
        403,
        403,
    ]
    assert get(mei, f"attributes/{pk}/").status_code == 403
