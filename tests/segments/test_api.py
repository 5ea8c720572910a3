"""The segment addresses: what clients send, what they are told, and where an error points."""

from typing import Any

import pytest

from tests.cast import ApiClient, make_key
from tests.segments import audience as people
from tests.segments.audience import a_list, build, carry, in_segment, live, tag, tagged

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme_api(acme: Any) -> ApiClient:
    return ApiClient(make_key(acme))


def _make(api: ApiClient, name: str, rule: Any) -> Any:
    response = api.post("/segments", {"name": name, "rule": rule})
    assert response.status_code == 200, response.content
    return response.json()


def _errors(response: Any) -> list[tuple[str, str]]:
    assert response["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_a_rule_is_saved_published_built_and_read(acme: Any, acme_api: ApiClient) -> None:
    ann, _ = people.people(acme, 2)
    vip = tag(acme)
    carry(acme, vip, [ann])

    made = _make(acme_api, "vips", tagged(vip))
    published = acme_api.post(f"/segments/{made['id']}/publish", {}).json()
    build(acme, made["id"])
    read = acme_api.get(f"/segments/{made['id']}").json()

    assert (made["state"], made["kind"], made["live_version"], made["rule_version"]) == ("draft", "rule", None, 1)
    assert made["rule"] == {"type": "tag", "tags": [vip]}
    assert (published["state"], published["live_version"], published["build"]) == ("published", 1, "waiting")
    assert (read["build"], read["size"], read["used_by"]) == ("idle", 1, [])
    members = acme_api.get(f"/segments/{made['id']}/members").json()
    assert [row["contact_id"] for row in members["results"]] == [ann]


def test_a_rule_in_error_points_at_its_nodes(acme: Any, acme_api: ApiClient) -> None:
    rule = {"type": "all", "of": [tagged(10**6), {"type": "not", "of": {"type": "orders", "measure": "count"}}]}
    expected = [("/rule/of/0/tags/0", "unknown_tag"), ("/rule/of/1/of/op", "required")]

    assert _errors(acme_api.post("/segments", {"name": "x", "rule": rule})) == expected
    assert _errors(acme_api.post("/segments/preview", {"rule": rule})) == expected
    made = _make(acme_api, "vips", tagged(tag(acme)))
    assert _errors(acme_api.patch(f"/segments/{made['id']}", {"rule": rule})) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("/name", "required")),
        ({"name": ""}, ("/name", "invalid_name")),
        ({"name": " \t"}, ("/name", "invalid_name")),
        ({"name": "x" * 101, "kind": "list"}, ("/name", "invalid_name")),
        ({"name": "x"}, ("/rule", "required")),
        ({"name": "x", "kind": "list", "rule": {"type": "all", "of": []}}, ("/rule", "no_rule")),
        ({"name": "x", "rule": "red"}, ("/rule", "invalid")),
        ({"name": "x", "rule": {"type": "moon"}}, ("/rule/type", "unknown_type")),
        ({"name": "x", "kind": "moon"}, ("/kind", "invalid")),
        ({"name": "x", "colour": "red"}, ("/colour", "unknown_field")),
    ],
)
def test_what_cannot_be_a_segment_is_named(acme_api: ApiClient, body: Any, expected: tuple[str, str]) -> None:
    response = acme_api.post("/segments", body)

    assert (response.status_code, _errors(response)) == (400, [expected])


def test_a_name_is_taken_once(acme: Any, acme_api: ApiClient) -> None:
    _make(acme_api, "vips", tagged(tag(acme)))
    other = acme_api.post("/segments", {"name": "friends", "kind": "list"}).json()

    again = acme_api.post("/segments", {"name": "vips", "kind": "list"})
    renamed = acme_api.patch(f"/segments/{other['id']}", {"name": "vips"})

    assert [_errors(each) for each in (again, renamed)] == [[("/name", "name_taken")]] * 2
    assert acme_api.patch(f"/segments/{other['id']}", {"description": "d"}).json()["description"] == "d"


def test_versions_are_listed_and_one_of_them_is_published(acme: Any, acme_api: ApiClient) -> None:
    one, two = tag(acme, "one"), tag(acme, "two")
    made = _make(acme_api, "some", tagged(one))
    path = f"/segments/{made['id']}"

    edited = acme_api.patch(path, {"rule": tagged(two)}).json()
    acme_api.post(f"{path}/publish", {"version": 1})
    unknown = acme_api.post(f"{path}/publish", {"version": 9})
    versions = acme_api.get(f"{path}/versions").json()["results"]

    assert (edited["rule_version"], edited["live_version"]) == (2, None)
    assert _errors(unknown) == [("/version", "unknown_version")]
    assert [(row["version"], row["rule"]["tags"], row["published_at"] is not None) for row in versions] == [
        (2, [two], False),
        (1, [one], True),
    ]
    assert versions[0]["created_by"] == "API key tests"


def test_a_ring_and_a_used_segment_are_refused_by_name(acme: Any, acme_api: ApiClient) -> None:
    first = live(acme, "first", tagged(tag(acme)))
    second = live(acme, "second", in_segment(first))
    acme_api.patch(f"/segments/{first}", {"rule": in_segment(second)})

    ring = acme_api.post(f"/segments/{first}/publish", {})
    used = acme_api.post(f"/segments/{first}/archive", {})
    free = acme_api.post(f"/segments/{second}/archive", {})

    assert (ring.status_code, used.status_code, free.json()["state"]) == (409, 409, "archived")
    assert "first → second → first" in ring.json()["detail"]
    assert "second" in used.json()["detail"]
    assert acme_api.get(f"/segments/{first}").json()["used_by"] == []


def test_what_was_deleted_since_is_named_when_publishing(acme: Any, acme_api: ApiClient, inside: Any) -> None:
    from contacts.services.tag_catalogue import delete_tag
    from tests.cast import AT

    vip = tag(acme)
    made = _make(acme_api, "vips", tagged(vip))
    with inside(acme):
        delete_tag(tenant=acme, tag_id=vip, actor="bob", at=AT)

    response = acme_api.post(f"/segments/{made['id']}/publish", {})

    assert (response.status_code, _errors(response)) == (409, [("/rule/tags/0", "unknown_tag")])


def test_a_preview_counts_without_saving(acme: Any, acme_api: ApiClient) -> None:
    ids = people.people(acme, 3, name="Ann")
    vip = tag(acme)
    carry(acme, vip, ids[:2])

    preview = acme_api.post("/segments/preview", {"rule": tagged(vip)}).json()

    assert (preview["count"], preview["low"], preview["high"], preview["exact"]) == (2, 2, 2, True)
    assert preview["sample"] == [{"id": contact_id, "name": "Ann"} for contact_id in ids[1::-1]]
    assert acme_api.get("/segments").json()["results"] == []


def test_a_list_is_changed_by_hand_with_a_verdict_for_each(acme: Any, acme_api: ApiClient) -> None:
    ann, ben = people.people(acme, 2)
    friends = acme_api.post("/segments", {"name": "friends", "kind": "list"}).json()
    path = f"/segments/{friends['id']}/members"
    named = [{"contact_id": ann}, {"contact_id": 10**9}, {"contact_id": ann}, {"contact_id": "x"}, {"contact_id": ben}]

    added = acme_api.post(f"{path}/add", {"members": named}).json()
    removed = acme_api.post(f"{path}/remove", {"members": named[:3]}).json()

    assert [row["status"] for row in added["results"]] == ["created", "error", "unchanged", "error", "created"]
    assert added["results"][1]["errors"][0]["pointer"] == "/members/1/contact_id"
    assert [row["status"] for row in removed["results"]] == ["updated", "error", "unchanged"]
    assert [row["contact_id"] for row in acme_api.get(path).json()["results"]] == [ben]
    assert friends["state"] == "published"


def test_a_rules_people_are_not_changed_by_hand(acme: Any, acme_api: ApiClient) -> None:
    (ann,) = people.people(acme, 1)
    rule, old = live(acme, "rule", tagged(tag(acme))), a_list(acme, "old")
    acme_api.post(f"/segments/{old}/archive", {})

    for segment_id in (rule, old):
        for act in ("add", "remove"):
            response = acme_api.post(f"/segments/{segment_id}/members/{act}", {"members": [{"contact_id": ann}]})
            assert response.status_code == 409


def test_the_past_the_days_and_the_reason_are_told(acme: Any, acme_api: ApiClient) -> None:
    from django.utils import timezone

    ann, ben = people.people(acme, 2)
    vip = tag(acme)
    carry(acme, vip, [ann])
    now = timezone.now()
    found = live(acme, "vips", {"type": "all", "of": [tagged(vip)]}, at=now)
    path = f"/segments/{found}"

    then = acme_api.get(f"{path}/history", {"at": now.isoformat()}).json()["results"]
    before = acme_api.get(f"{path}/history", {"at": "2020-01-01T00:00:00Z"}).json()["results"]
    days = acme_api.get(f"{path}/days").json()
    inside = acme_api.post(f"{path}/explain", {"contact_id": ann}).json()
    outside = acme_api.post(f"{path}/explain", {"contact_id": ben}).json()

    assert [(row["contact_id"], row["cause"]) for row in then] == [(ann, "published")]
    assert before == []
    assert (days["timezone"], len(days["days"])) == ("UTC", 30)
    assert {key: days["days"][-1][key] for key in ("entered", "left", "size")} == {"entered": 1, "left": 0, "size": 1}
    assert (inside["is_member"], inside["matches"], inside["last_move"]["cause"]) == (True, True, "published")
    assert inside["nodes"] == [
        {"pointer": "", "type": "all", "holds": True},
        {"pointer": "/of/0", "type": "tag", "holds": True},
    ]
    assert (outside["is_member"], outside["matches"], outside["last_move"]) == (False, False, None)


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("/history", {}, "?at"),
        ("/history", {"at": "yesterday"}, "?at"),
        ("/days", {"from": "2999-01-01"}, "?from"),
        ("/days", {"from": "1999-01-01"}, "?from"),
        ("/members", {"cursor": "x"}, "?cursor"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    acme: Any, acme_api: ApiClient, path: str, query: dict[str, str], pointer: str
) -> None:
    found = a_list(acme, "friends")

    response = acme_api.get(f"/segments/{found}{path}", query)

    assert (response.status_code, [error["pointer"] for error in response.json()["errors"]]) == (400, [pointer])


def test_members_are_paged_there_and_back(acme: Any, acme_api: ApiClient) -> None:
    ids = people.people(acme, 5)
    friends = a_list(acme, "friends", ids)
    path = f"/segments/{friends}/members"

    first = acme_api.get(path, {"limit": 2}).json()
    second = acme_api.client.get(first["next"], headers=acme_api.headers).json()
    back = acme_api.client.get(second["previous"], headers=acme_api.headers).json()

    assert [row["contact_id"] for page in (first, second) for row in page["results"]] == ids[:0:-1]
    assert back["results"] == first["results"]


def test_the_list_is_filtered_and_synced(acme: Any, acme_api: ApiClient) -> None:
    vip = tag(acme)
    _make(acme_api, "a draft", tagged(vip))
    a_list(acme, "a list")

    def names(**query: str) -> list[str]:
        return [row["name"] for row in acme_api.get("/segments", query).json()["results"]]

    assert names() == ["a list", "a draft"]
    assert (names(kind="rule"), names(state="published")) == (["a draft"], ["a list"])
    assert names(updated_after="2020-01-01T00:00:00Z") == ["a draft", "a list"]


def test_scopes_part_reading_from_writing(acme: Any) -> None:
    reader, writer = (ApiClient(make_key(acme, scopes=[f"segments:{word}"])) for word in ("read", "write"))
    body = {"name": "friends", "kind": "list"}

    assert reader.post("/segments", body).status_code == 403
    made = writer.post("/segments", body).json()
    assert writer.get(f"/segments/{made['id']}").status_code == 403
    assert reader.get(f"/segments/{made['id']}").status_code == 200
    assert reader.get("/segments/rule-schema").json()["$defs"].keys() >= {"All", "Not", "TagLeaf", "OrdersLeaf"}


def test_another_tenants_segment_and_contact_are_nowhere(acme: Any, globex: Any, acme_api: ApiClient) -> None:
    (theirs,) = people.people(globex, 1)
    foreign, mine = a_list(globex, "foreign", [theirs]), a_list(acme, "mine")
    vip = tag(globex)

    paths = ["", "/versions", "/members", "/history?at=2026-11-21T00:00:00Z", "/days"]
    assert {acme_api.get(f"/segments/{foreign}{path}").status_code for path in paths} == {404}
    assert {acme_api.post(f"/segments/{foreign}{path}", {}).status_code for path in ("/publish", "/archive")} == {404}
    assert acme_api.post(f"/segments/{mine}/members/add", {"members": [{"contact_id": theirs}]}).json()["summary"] == {
        "error": 1
    }
    assert _errors(acme_api.post(f"/segments/{mine}/explain", {"contact_id": theirs})) == [
        ("/contact_id", "unknown_contact")
    ]
    assert _errors(acme_api.post("/segments/preview", {"rule": tagged(vip)})) == [("/rule/tags/0", "unknown_tag")]
    assert _errors(acme_api.post("/segments/preview", {"rule": in_segment(foreign)})) == [
        ("/rule/segment", "unknown_segment")
    ]


def test_contacts_are_listed_by_segment(acme: Any, globex: Any, acme_api: ApiClient) -> None:
    ann, _bea, cid = people.people(acme, 3)
    listed, theirs = a_list(acme, "Some", [ann, cid]), a_list(globex, "Theirs", people.people(globex, 1))

    def found(segment: int) -> list[int]:
        return [row["id"] for row in acme_api.get("/contacts", {"segment": segment}).json()["results"]]

    assert sorted(found(listed)) == [ann, cid]
    assert found(theirs) == found(987_654) == []


def test_to_list_contacts_by_segment_one_must_read_segments(acme: Any) -> None:
    api = ApiClient(make_key(acme, scopes=["contacts:read"]))

    assert api.get("/contacts", {"segment": a_list(acme, "Some")}).status_code == 403
    assert api.get("/contacts").status_code == 200
