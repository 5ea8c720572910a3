"""`/attributes` over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.services.attributes import define_attribute
from tenants.context import tenant_transaction
from tests.cast import AT, ApiClient, make_key

pytestmark = pytest.mark.django_db

TIER = {"key": "tier", "label": "Tier", "kind": "choice", "choices": ["gold", "iron"]}


def define(api: ApiClient, **told: Any) -> dict[str, Any]:
    answer = api.post("/attributes", TIER | told)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def errors(answer: Any) -> tuple[int, list[tuple[str, str]]]:
    return answer.status_code, [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def test_attributes_live_and_die(api: ApiClient) -> None:
    people = [{"identities": {"unionid": tier}, "attributes": {"tier": tier}} for tier in ("gold", "iron", "tin")]
    api.post("/contacts/bulk", {"contacts": people})

    tier = define(api)

    assert tier == TIER | {"id": tier["id"], "position": 0, "people": 2}
    path = f"/attributes/{tier['id']}"
    edited = api.patch(path, {"label": "Level", "choices": ["tin"], "position": 7}).json()
    assert edited == tier | {"label": "Level", "choices": ["tin"], "position": 7, "people": 1}
    assert api.get(path).json() == edited
    assert api.get("/attributes").json()["results"] == [edited]
    assert api.delete(path).json() == edited
    assert [one.status_code for one in (api.get(path), api.patch(path, {}), api.delete(path))] == [404] * 3
    assert api.get("/attributes").json()["results"] == []


def test_values_follow_bulk_and_patch(api: ApiClient) -> None:
    path = f"/attributes/{define(api)['id']}"
    (row,) = api.post(
        "/contacts/bulk", {"contacts": [{"identities": {"unionid": "u"}, "attributes": {"tier": "gold"}}]}
    ).json()["results"]
    seen = [api.get(path).json()["people"]]

    api.patch(f"/contacts/{row['id']}", {"attributes": {"tier": None}})

    assert [*seen, api.get(path).json()["people"]] == [1, 0]


REFUSED = [
    ({}, "/key", "key_taken"),
    ({"key": "a|b"}, "/key", "invalid_key"),
    ({"key": "new", "choices": []}, "/choices", "invalid_choices"),
    ({"key": "new", "kind": "text"}, "/choices", "no_choices"),
    ({"key": "new", "kind": "list"}, "/kind", "invalid"),
    ({"key": "new", "label": " "}, "/label", "invalid_label"),
    ({"key": "new", "position": -1}, "/position", "invalid_position"),
    ({"key": "new", "position": 2**70}, "/position", "invalid_position"),
]


@pytest.mark.parametrize(("told", "pointer", "code"), REFUSED)
def test_what_cannot_be_is_pointed_at(api: ApiClient, told: dict[str, Any], pointer: str, code: str) -> None:
    define(api)

    assert errors(api.post("/attributes", TIER | told)) == (400, [(pointer, code)])


def test_key_and_kind_stay(api: ApiClient) -> None:
    path = f"/attributes/{define(api)['id']}"

    assert errors(api.patch(path, {"kind": "text"})) == (400, [("/kind", "unknown_field")])
    assert errors(api.patch(path, {"choices": []})) == (400, [("/choices", "invalid_choices")])


def test_another_tenants_attribute_is_not_there(api: ApiClient, globex: Any) -> None:
    with tenant_transaction(globex.pk):
        theirs = define_attribute(tenant=globex, key="city", label="城市", kind="text", actor="charlie", at=AT)

    path = f"/attributes/{theirs.pk}"
    answers = (api.get(path), api.patch(path, {"label": "x"}), api.delete(path))
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert define(api, key="city")["people"] == 0


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_one_number_of_statements(api: ApiClient, count: int) -> None:
    for number in range(count):
        define(api, key=f"k{number}")

    with CaptureQueriesContext(connection) as seen:
        assert len(api.get("/attributes").json()["results"]) == count

    assert len(seen) == 6


def test_scopes_hold(acme: Any) -> None:
    reader = ApiClient(make_key(acme, scopes=["contacts:read"]))

    assert (reader.get("/attributes").status_code, reader.post("/attributes", TIER).status_code) == (200, 403)
