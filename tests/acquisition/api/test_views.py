"""`/acquisition` over HTTP."""

from typing import Any

import pytest

from tests.cast import ApiClient

pytestmark = pytest.mark.django_db

SPEND = [
    {"external_id": "S1", "date": "2026-01-05", "channel": "search", "amount": "10.00", "currency": "GBP"},
    {
        "external_id": "S2",
        "month": "2026-02",
        "channel": "organic",
        "kind": "staff",
        "amount": "7",
        "currency": "GBP",
    },
]


@pytest.fixture
def spent(api: ApiClient) -> ApiClient:
    answer = api.post("/acquisition/spend/bulk", {"spend": SPEND})
    assert [row["status"] for row in answer.json()["results"]] == ["created", "created"], answer.content
    return api


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def test_spend_is_read_back(spent: ApiClient) -> None:
    rows = spent.get("/acquisition/spend").json()["results"]

    assert without(rows, "id", "created_at", "updated_at") == [
        SPEND[1] | {"date": None, "amount": "7.00", "base_amount": "7.00"},
        SPEND[0] | {"month": None, "kind": "ads", "base_amount": "10.00"},
    ]


NARROWINGS: list[tuple[dict[str, str], list[str]]] = [
    ({"channel": "search"}, ["S1"]),
    ({"channel": "nowhere"}, []),
    ({"date_from": "2026-01-06"}, ["S2"]),
    ({"date_to": "2026-01-05"}, ["S1"]),
    ({"updated_after": "2020-01-01T00:00:00Z"}, ["S1", "S2"]),
]


def test_spend_is_narrowed(spent: ApiClient) -> None:
    found = []
    for query, _expected in NARROWINGS:
        rows = spent.get("/acquisition/spend", query).json()["results"]
        found.append((query, sorted(row["external_id"] for row in rows)))

    assert found == NARROWINGS


def test_channels_are_made_on_first_use_and_edited(spent: ApiClient) -> None:
    rows = spent.get("/acquisition/channels").json()["results"]
    assert without(rows, "id", "created_at") == [
        {"slug": "organic", "name": "organic", "is_paid": None, "counts_as_paid": False},
        {"slug": "search", "name": "search", "is_paid": None, "counts_as_paid": True},
    ]
    path = f"/acquisition/channels/{rows[1]['id']}"

    answer = spent.patch(path, {"name": "搜索", "is_paid": False})

    assert answer.status_code == 200, answer.content
    assert answer.json() == spent.get(path).json()
    assert without([answer.json()], "id", "created_at") == [
        {"slug": "search", "name": "搜索", "is_paid": False, "counts_as_paid": False}
    ]
    assert spent.patch(path, {"is_paid": None}).json()["counts_as_paid"] is True
    assert spent.patch(path, {}).json()["name"] == "搜索"


def test_edit_of_what_cannot_be_edited_is_refused(spent: ApiClient) -> None:
    channel_id = spent.get("/acquisition/channels").json()["results"][0]["id"]
    bodies: list[Any] = [{"slug": "x"}, {"name": ""}, {"name": None}, {"is_paid": "yes"}]

    answers = [spent.patch(f"/acquisition/channels/{channel_id}", body).status_code for body in bodies]

    assert answers == [400] * len(bodies)


def test_another_tenants_channel_is_like_none(spent: ApiClient, globex_key: str) -> None:
    theirs = ApiClient(globex_key)
    channel_id = spent.get("/acquisition/channels").json()["results"][0]["id"]

    for path in (f"/acquisition/channels/{channel_id}", "/acquisition/channels/999999999"):
        assert theirs.get(path).status_code == theirs.patch(path, {"name": "x"}).status_code == 404
    assert theirs.get("/acquisition/channels").json()["results"] == []
    assert theirs.get("/acquisition/spend").json()["results"] == []


HOSTILE: list[dict[str, Any]] = [
    {"amount": 10},
    {"amount": "NaN"},
    {"amount": "-1.00"},
    {"amount": "1e9"},
    {"amount": "1000000000000.00"},
    {"amount": "1.005"},
    {"currency": "XXX"},
    {"currency": "EUR"},
    {"date": None},
    {"date": "2026-02-30"},
    {"date": "2026-01-05T00:00:00Z"},
    {"month": "2026-13", "date": None},
    {"month": "2026-01"},
    {"channel": "Not a slug"},
    {"kind": "bribes"},
    {"external_id": "a\x00"},
    {"external_id": ""},
    {"unknown": 1},
]


def test_hostile_rows_are_errors_beside_a_good_one(api: ApiClient) -> None:
    answer = api.post("/acquisition/spend/bulk", {"spend": [*(SPEND[0] | told for told in HOSTILE), SPEND[1]]})

    assert answer.status_code == 200, answer.content
    assert [row["status"] for row in answer.json()["results"]] == ["error"] * len(HOSTILE) + ["created"]
