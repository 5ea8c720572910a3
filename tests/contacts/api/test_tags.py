"""`/tag-groups` and `/tags` over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import ApiClient, log_in, make_key
from tests.contacts.crowd import changes, make_people, make_tags, moves

pytestmark = pytest.mark.django_db


def group(api: ApiClient, name: str = "taste") -> int:
    answer = api.post("/tag-groups", {"name": name})
    assert answer.status_code == 200, answer.content
    return int(answer.json()["id"])


def tag(api: ApiClient, group_id: int, name: str = "hot") -> int:
    answer = api.post("/tags", {"group_id": group_id, "name": name})
    assert answer.status_code == 200, answer.content
    return int(answer.json()["id"])


def errors(answer: Any) -> tuple[int, list[tuple[str, str]]]:
    return answer.status_code, [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def verdicts(answer: Any) -> list[tuple[str, int | None, list[tuple[str, str]]]]:
    assert answer.status_code == 200, answer.content
    return [
        (row["status"], row["id"], [(one["pointer"], one["code"]) for one in row["errors"]])
        for row in answer.json()["results"]
    ]


def test_groups_and_tags_live_and_die(api: ApiClient) -> None:
    taste, origin = group(api), group(api, "origin")
    hot = tag(api, taste)
    shown = {"id": hot, "group_id": taste, "group": "taste", "name": "hot", "people": 0}
    assert api.get(f"/tags/{hot}").json() == shown
    assert api.get(f"/tag-groups/{taste}").json() == {"id": taste, "name": "taste", "tags": 1}

    moved = api.patch(f"/tags/{hot}", {"name": "very hot", "group_id": origin}).json()
    renamed = api.patch(f"/tag-groups/{origin}", {"name": "from"}).json()

    assert moved == shown | {"name": "very hot", "group_id": origin, "group": "origin"}
    assert renamed == {"id": origin, "name": "from", "tags": 1}
    assert api.delete(f"/tag-groups/{origin}").status_code == 409
    assert api.delete(f"/tags/{hot}").json() == moved | {"group": "from"}
    assert api.delete(f"/tag-groups/{origin}").json() == {"id": origin, "name": "from", "tags": 0}
    assert [api.get(path).status_code for path in (f"/tags/{hot}", f"/tag-groups/{origin}")] == [404, 404]
    assert [row["name"] for row in api.get("/tag-groups").json()["results"]] == ["taste"]


def test_what_cannot_be_is_pointed_at(api: ApiClient) -> None:
    taste = group(api)
    hot, _sweet = tag(api, taste), tag(api, taste, "sweet")

    assert errors(api.post("/tag-groups", {"name": "taste"})) == (400, [("/name", "name_taken")])
    assert errors(api.post("/tag-groups", {"name": "a/b"})) == (400, [("/name", "invalid_name")])
    assert errors(api.post("/tag-groups", {"name": "x" * 61})) == (400, [("/name", "invalid_name")])
    assert errors(api.post("/tags", {"group_id": taste, "name": "hot"})) == (400, [("/name", "name_taken")])
    assert errors(api.post("/tags", {"group_id": 10**12, "name": "x"})) == (400, [("/group_id", "unknown_group")])
    assert errors(api.post("/tags", {"group_id": 2**63, "name": "x"})) == (400, [("/group_id", "invalid_id")])
    assert errors(api.patch(f"/tags/{hot}", {"name": "sweet"})) == (400, [("/name", "name_taken")])
    assert errors(api.patch(f"/tags/{hot}", {"group_id": 10**12})) == (400, [("/group_id", "unknown_group")])
    assert errors(api.patch(f"/tags/{hot}", {"people": 3})) == (400, [("/people", "unknown_field")])
    assert [api.patch(f"/{path}/{10**12}", {"name": "x"}).status_code for path in ("tags", "tag-groups")] == [404, 404]


def test_tags_are_put_on_contacts_row_by_row(api: ApiClient, acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    (hot,) = make_tags(acme, "taste/hot")
    body = {
        "source": "platform",
        "evidence": "campaign 11.11",
        "contacts": [
            {"contact_id": ann, "tags": ["taste/hot", "口味/辣"]},
            {"identities": {"unionid": "ben"}, "tag_ids": [hot]},
            {"contact_id": ann, "identities": {"unionid": "ann"}, "tag_ids": [hot]},
            {"contact_id": ann, "identities": {"unionid": "ben"}, "tag_ids": [hot]},
            {"contact_id": 10**12, "tags": ["made/never"]},
            {"identities": {"unionid": "nobody"}, "tags": ["hot"]},
            {"tag_ids": [hot, 10**12]},
            {"contact_id": ben},
            {"contact_id": ben, "identities": {"phone": "x"}, "tag_ids": [hot]},
            7,
        ],
    }

    answer = api.post("/tags/assign", body)

    assert verdicts(answer) == [
        ("updated", ann, []),
        ("updated", ben, []),
        ("unchanged", ann, []),
        ("error", None, [("/contacts/3/identities", "identity_conflict")]),
        ("error", None, [("/contacts/4/contact_id", "unknown_contact")]),
        ("error", None, [("/contacts/5/tags/0", "invalid_tag"), ("/contacts/5/identities", "unknown_contact")]),
        ("error", None, [("/contacts/6/contact_id", "required"), ("/contacts/6/tag_ids/1", "unknown_tag")]),
        ("error", None, [("/contacts/7/tags", "required")]),
        ("error", None, [("/contacts/8/identities/phone", "invalid_phone")]),
        ("error", None, [("/contacts/9", "invalid")]),
    ]
    assert answer.json()["summary"] == {"updated": 2, "unchanged": 1, "error": 7}
    said = (True, "platform", "campaign 11.11", "API key tests")
    assert sorted(moves(acme)) == [(ann, "taste/hot", *said), (ann, "口味/辣", *said), (ben, "taste/hot", *said)]
    assert changes(acme) == [(ann, "tag"), (ben, "tag")]
    assert [(row["group"], row["name"], row["people"]) for row in api.get("/tags").json()["results"]] == [
        ("taste", "hot", 2),
        ("口味", "辣", 1),
    ]


def test_tags_are_taken_off_contacts_row_by_row(api: ApiClient, acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    hot, sweet = make_tags(acme, "taste/hot", "taste/sweet")
    rows = [{"contact_id": pk, "tag_ids": [hot, sweet]} for pk in (ann, ben)]
    api.post("/tags/assign", {"contacts": rows})

    answer = api.post(
        "/tags/remove",
        {
            "contacts": [
                {"contact_id": ann, "tags": ["taste/hot", "never/made"]},
                {"identities": {"unionid": "ann"}, "tag_ids": [hot]},
                {"identities": {"unionid": "ben"}, "tag_ids": [sweet], "tags": ["taste/hot"]},
                {"contact_id": ben, "tags": ["never/made"]},
                {"contact_id": 10**12, "tag_ids": [hot]},
            ]
        },
    )

    assert verdicts(answer) == [
        ("updated", ann, []),
        ("unchanged", ann, []),
        ("updated", ben, []),
        ("unchanged", ben, []),
        ("error", None, [("/contacts/4/contact_id", "unknown_contact")]),
    ]
    assert api.get(f"/contacts/{ann}").json()["tags"] == ["taste/sweet"]
    assert api.get(f"/contacts/{ben}").json()["tags"] == []
    assert [row["name"] for row in api.get("/tag-groups").json()["results"]] == ["taste"]


def test_bulk_contacts_say_who_tagged(api: ApiClient, acme: Any) -> None:
    api.post("/contacts/bulk", {"contacts": [{"identities": {"unionid": "u"}, "tags": ["taste/hot"]}]})

    assert [row[1:] for row in moves(acme)] == [("taste/hot", True, "import", "", "API key tests")]


def test_another_tenants_contact_tag_and_group_are_not_there(api: ApiClient, acme: Any, globex: Any) -> None:
    (ann,) = make_people(acme, "ann")
    (theirs,) = make_people(globex, "wang")
    (spicy,) = make_tags(globex, "口味/辣")
    (hot,) = make_tags(acme, "taste/hot")
    for path, missing in (("/tags/assign", 10**12), ("/tags/remove", 10**12)):
        pairs = [
            ({"contact_id": theirs, "tag_ids": [hot]}, {"contact_id": missing, "tag_ids": [hot]}),
            ({"contact_id": ann, "tag_ids": [spicy]}, {"contact_id": ann, "tag_ids": [missing]}),
            ({"identities": {"unionid": "wang"}, "tag_ids": [hot]}, {"identities": {"unionid": "x"}, "tag_ids": [hot]}),
        ]
        for foreign, absent in pairs:
            answers = [api.post(path, {"contacts": [row]}).content for row in (foreign, absent)]
            assert answers[0] == answers[1]

    assert (moves(acme), moves(globex)) == ([], [])
    assert api.get(f"/tags/{spicy}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_one_number_of_statements(api: ApiClient, acme: Any, count: int) -> None:
    people = make_people(acme, "ann", "ben")
    tags = make_tags(acme, *(f"group {number}/tag" for number in range(count)))
    api.post("/tags/assign", {"contacts": [{"contact_id": pk, "tag_ids": tags} for pk in people]})

    seen = []
    for path in ("/tag-groups", "/tags"):
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(path).json()["results"]) == count
        seen.append(len(queries))

    assert seen == [5, 6]


def test_lists_go_on_page_by_page_and_are_narrowed(api: ApiClient, acme: Any) -> None:
    tags = make_tags(acme, "a/1", "a/2", "b/1", "b/2", "c/1")
    whole = [row["id"] for row in api.get("/tags").json()["results"]]
    groups = [row["id"] for row in api.get("/tag-groups").json()["results"]]

    found: dict[str, list[int]] = {}
    for path in ("/tags", "/tag-groups"):
        answer = api.get(path, {"limit": "2"}).json()
        found[path] = [row["id"] for row in answer["results"]]
        while answer["next"]:
            answer = api.client.get(answer["next"], headers=api.headers).json()
            found[path] += [row["id"] for row in answer["results"]]

    assert sorted(whole) == sorted(tags)
    assert found == {"/tags": whole, "/tag-groups": groups}
    assert [row["group_id"] for row in api.get("/tags", {"group": str(groups[1])}).json()["results"]] == [groups[1]] * 2


def test_scopes_and_roles_hold(acme: Any, bob: Any, mei: Any) -> None:
    reader = ApiClient(make_key(acme, scopes=["contacts:read"]))
    stranger = ApiClient(make_key(acme, scopes=["orders:read"], name="orders"))
    body = {"name": "taste"}

    assert [one.get("/tags").status_code for one in (reader, stranger)] == [200, 403]
    assert reader.post("/tag-groups", body).status_code == 403
    assert reader.post("/tags/assign", {"contacts": []}).status_code == 403
    path = "/t/acme/api/v1/tag-groups"
    posted = [log_in(who).post(path, body, content_type="application/json").status_code for who in (mei, bob)]
    assert posted == [403, 200]


def test_a_call_is_at_most_a_thousand_rows(api: ApiClient) -> None:
    answer = api.post("/tags/assign", {"contacts": [{"contact_id": 1, "tag_ids": [1]}] * 1_001})

    assert errors(answer) == (400, [("/contacts", "too_many_items")])
