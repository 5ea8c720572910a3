"""`/contacts` over HTTP."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import ApiClient, log_in, make_key

pytestmark = pytest.mark.django_db

PERSON = {
    "identities": {"phone": "+8613800138000", "shop:x": "17850"},
    "name": "王小明",
    "attributes": {"city": "北京"},
    "tags": ["口味/辣"],
    "acquired": {"at": "2026-01-01T08:00:00+08:00", "channel": "search"},
    "updated_at": "2026-01-02T00:00:00Z",
}


@pytest.fixture
def contact_id(api: ApiClient) -> int:
    answer = api.post("/contacts/bulk", {"contacts": [PERSON]})
    assert answer.status_code == 200, answer.content
    return int(answer.json()["results"][0]["id"])


def listed(api: ApiClient, query: dict[str, Any] | None = None) -> list[int]:
    answer = api.get("/contacts", query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_contact_is_read_back_whole(api: ApiClient, contact_id: int) -> None:
    contact = api.get(f"/contacts/{contact_id}").json()

    created = contact.pop("created_at"), contact.pop("updated_at")
    identities = [(row["kind"], row["value"]) for row in contact.pop("identities")]
    assert all(created)
    assert identities == [("phone", "+8613800138000"), ("shop:x", "17850")]
    assert contact == {
        "id": contact_id,
        "name": "王小明",
        "phone": "+8613800138000",
        "email": "",
        "channel": "search",
        "acquired_at": "2026-01-01T00:00:00Z",
        "acquired_date": "2026-01-01",
        "first_touch_at": "2026-01-01T00:00:00Z",
        "first_purchase_at": None,
        "attributes": {"city": "北京"},
        "tags": ["口味/辣"],
        "touches": [{"at": "2026-01-01T00:00:00Z", "channel": "search"}],
    }


def test_bulk_answers_row_by_row(api: ApiClient, contact_id: int) -> None:
    answer = api.post(
        "/contacts/bulk",
        {
            "contacts": [
                PERSON,
                {"identities": {"unionid": "u"}},
                {"identities": {}},
                {"identities": {"phone": 1}},
                7,
            ]
        },
    ).json()

    assert [(row["index"], row["status"], row["id"]) for row in answer["results"][:1]] == [(0, "unchanged", contact_id)]
    assert [row["status"] for row in answer["results"]] == ["unchanged", "created", "error", "error", "error"]
    assert answer["summary"] == {"unchanged": 1, "created": 1, "error": 3}


NARROWINGS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"q": "小明"}, True),
    ({"q": "8001"}, True),
    ({"q": "17850"}, True),
    ({"q": "李"}, False),
    ({"tag": "口味/辣"}, True),
    ({"tag": "口味/甜"}, False),
    ({"tag": "辣"}, False),
    ({"channel": "search"}, True),
    ({"channel": "social"}, False),
    ({"channel": "unattributed"}, False),
    ({"acquired_from": "2026-01-01", "acquired_to": "2026-01-01"}, True),
    ({"acquired_from": "2026-01-02"}, False),
    ({"acquired_to": "2025-12-31"}, False),
    ({"updated_after": "2020-01-01T00:00:00Z"}, True),
    ({"updated_after": "2999-01-01T00:00:00Z"}, False),
    ({"q": "小", "channel": "search", "tag": "口味/辣", "acquired_from": "2026-01-01"}, True),
]


def test_list_is_narrowed(api: ApiClient, contact_id: int) -> None:
    found = [(query, bool(listed(api, query))) for query, _is_listed in NARROWINGS]

    assert found == NARROWINGS


def read_on(api: ApiClient, answer: Any) -> list[int]:
    """The ids of this page and all that follow."""
    ids = []
    while True:
        ids += [row["id"] for row in answer["results"]]
        if answer["next"] is None:
            return ids
        answer = api.client.get(answer["next"], headers=api.headers).json()


def test_pages_of_the_list_are_the_list(api: ApiClient) -> None:
    people = [
        {"identities": {"unionid": str(n)}, "name": "王"}
        | ({"acquired": {"at": f"2026-01-0{1 + n % 3}T00:00:00Z"}} if n % 4 else {})
        for n in range(9)
    ]
    api.post("/contacts/bulk", {"contacts": people})

    for query in ({}, {"q": "王"}, {"updated_after": "2020-01-01T00:00:00Z"}):
        whole = listed(api, query)

        assert read_on(api, api.get("/contacts", query | {"limit": "2"}).json()) == whole
        assert len(set(whole)) == 9


def test_list_asks_as_many_statements_for_three_as_for_one(api: ApiClient, contact_id: int) -> None:
    with CaptureQueriesContext(connection) as one:
        listed(api)
    others = [PERSON | {"identities": {"unionid": str(n)}} for n in range(2)]
    api.post("/contacts/bulk", {"contacts": others})
    with CaptureQueriesContext(connection) as three:
        assert len(listed(api)) == 3

    assert len(one) == len(three)


def test_contact_is_edited(api: ApiClient, contact_id: int) -> None:
    answer = api.patch(f"/contacts/{contact_id}", {"name": "李强", "attributes": {"city": None, "age": 3}})

    assert (answer.status_code, answer.json()["name"], answer.json()["attributes"]) == (
        200,
        "李强",
        {"age": 3},
    )
    assert (listed(api, {"q": "李强"}), listed(api, {"q": "王"})) == ([contact_id], [])


def test_edit_of_what_cannot_be_edited_is_refused(api: ApiClient, contact_id: int) -> None:
    bodies: list[Any] = [{"phone": "1"}, {"name": None}, {"name": "x" * 201}, {"attributes": 3}, [], "x"]

    answers = [api.patch(f"/contacts/{contact_id}", body).status_code for body in bodies]

    assert answers == [400] * len(bodies)


def test_another_tenants_contact_is_like_none(api: ApiClient, contact_id: int, globex_key: str) -> None:
    theirs = ApiClient(globex_key)
    path = f"/contacts/{contact_id}"

    for found, missing in (
        (theirs.get(path), theirs.get("/contacts/999999999")),
        (theirs.patch(path, {"name": "x"}), theirs.patch(f"/contacts/{2**70}", {"name": "x"})),
    ):
        assert (found.status_code, found.content) == (missing.status_code, missing.content)
        assert found.status_code == 404
    assert listed(theirs) == []


def test_scopes_are_asked_for(api: ApiClient, contact_id: int, acme: Any) -> None:
    reader = ApiClient(make_key(acme, scopes=["contacts:read"]))

    assert reader.get("/contacts").status_code == 200
    assert reader.post("/contacts/bulk", {"contacts": []}).status_code == 403
    assert reader.patch(f"/contacts/{contact_id}", {"name": "x"}).status_code == 403
    assert reader.get("/acquisition/channels").status_code == 403


HOSTILE: list[dict[str, Any]] = [
    {"identities": {"unionid": "a\x00b"}},
    {"identities": {"unionid": "u"}, "name": 3},
    {"identities": {"unionid": "u"}, "attributes": {"a": "\x00"}},
    {"identities": {"unionid": "u"}, "attributes": {"\x00": 1}},
    {"identities": {"unionid": "u"}, "tags": ["a/\x00"]},
    {"identities": {"unionid": "u"}, "acquired": {"at": "2026-01-01T00:00:00"}},
    {"identities": {"unionid": "u"}, "acquired": {"at": "0001-01-01T00:00:00+14:00"}},
    {"identities": {"unionid": "u"}, "acquired": {"channel": "Not a slug"}},
    {"identities": {"unionid": "u"}, "updated_at": 3},
    {"identities": {"x" * 300: "u"}},
    {"identities": {"": "u"}},
]


def test_hostile_rows_are_errors_beside_a_good_one(api: ApiClient) -> None:
    answer = api.post("/contacts/bulk", {"contacts": [*HOSTILE, {"identities": {"unionid": "good"}}]})

    assert answer.status_code == 200, answer.content
    assert [row["status"] for row in answer.json()["results"]] == ["error"] * len(HOSTILE) + ["created"]


def test_hostile_name_is_cleaned_and_kept(api: ApiClient) -> None:
    name = "<script>alert(1)</script>\u202e😀"
    answer = api.post("/contacts/bulk", {"contacts": [{"identities": {"unionid": "u"}, "name": name}]})

    assert api.get(f"/contacts/{answer.json()['results'][0]['id']}").json()["name"] == name


def test_two_calls_at_once_with_one_identity_make_one_contact(api: ApiClient, acme_key: str) -> None:
    ready = threading.Barrier(2)
    found: list[str] = []

    def call() -> None:
        try:
            ready.wait()
            answer = ApiClient(acme_key).post("/contacts/bulk", {"contacts": [PERSON]})
            found.append(answer.json()["results"][0]["status"])
        finally:
            connection.close()

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=30)

    assert sorted(found) == ["created", "unchanged"]
    assert len(listed(api)) == 1


SHOWN_PHONES = [("alice", "+8613800138000"), ("bob", "+8613800138000"), ("mei", "+8613••••8000")]


@pytest.mark.parametrize(("who", "phone"), SHOWN_PHONES)
def test_a_session_sees_phones_as_its_role_does(
    request: pytest.FixtureRequest, contact_id: int, who: str, phone: str
) -> None:
    browser = log_in(request.getfixturevalue(who))

    (row,) = browser.get("/t/acme/api/v1/contacts").json()["results"]
    found = browser.get("/t/acme/api/v1/contacts", {"q": "小明"}).json()["results"]
    detail = browser.get(f"/t/acme/api/v1/contacts/{contact_id}").json()

    identities = [(identity["kind"], identity["value"]) for identity in detail["identities"]]
    assert [row["phone"], found[0]["phone"], detail["phone"]] == [phone] * 3
    assert identities == [("phone", phone), ("shop:x", "17850")]


def test_a_brand_managers_answers_hold_no_whole_phone(mei: Any, contact_id: int) -> None:
    browser = log_in(mei)

    for path in ("contacts", f"contacts/{contact_id}", "contacts?updated_after=2020-01-01T00:00:00Z"):
        answer = browser.get(f"/t/acme/api/v1/{path}")
        assert (answer.status_code, b"138001" in answer.content) == (200, False)


def test_an_edit_that_would_leave_too_many_attributes_is_a_problem(api: ApiClient, contact_id: int) -> None:
    full = {f"k{n}": n for n in range(99)}  # with the city: 100

    kept = api.patch(f"/contacts/{contact_id}", {"attributes": full})
    one_more = api.patch(f"/contacts/{contact_id}", {"name": "x", "attributes": {"more": 1}})
    too_long = api.patch(f"/contacts/{contact_id}", {"attributes": {"city": "城" * 2_800}})
    swapped = api.patch(f"/contacts/{contact_id}", {"attributes": {"city": None, "more": 1}})

    assert [answer.status_code for answer in (kept, one_more, too_long, swapped)] == [200, 400, 400, 200]
    for refused in (one_more, too_long):
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/attributes", "too_long")]
    contact = api.get(f"/contacts/{contact_id}").json()
    assert (contact["name"], contact["attributes"]) == ("王小明", {**full, "more": 1})


def test_a_channel_cannot_take_the_word_for_no_channel(api: ApiClient) -> None:
    answer = api.post(
        "/contacts/bulk",
        {"contacts": [{"identities": {"unionid": "u"}, "acquired": {"channel": "unattributed"}}, PERSON]},
    ).json()

    (error,) = answer["results"][0]["errors"]
    assert [row["status"] for row in answer["results"]] == ["error", "created"]
    assert (error["pointer"], error["code"]) == ("/contacts/0/acquired/channel", "reserved_slug")
    assert error["detail"] == "「unattributed」表示没有渠道的客户，渠道不能使用这个标识。"
    assert [row["slug"] for row in api.get("/acquisition/channels").json()["results"]] == ["search"]
