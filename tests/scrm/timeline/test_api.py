"""`/contacts/{id}/timeline` over HTTP."""

from typing import Any, get_args
from urllib.parse import urlsplit

import pytest

from scrm.timeline.api import Kind
from scrm.timeline.selectors import KINDS
from tests.cast import ApiClient, log_in, make_key
from tests.scrm.timeline.life import KINDS_TOLD, live


@pytest.fixture
def contact_id(acme: Any) -> int:
    return live(acme)


def timeline(api: ApiClient, contact_id: int, **query: Any) -> Any:
    answer = api.get(f"/contacts/{contact_id}/timeline", query, accept_language="en")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_everything_is_told_newest_first(api: ApiClient, contact_id: int) -> None:
    told = timeline(api, contact_id)

    assert {row["kind"]: 1 for row in told["results"]} == KINDS_TOLD
    assert [row["at"] for row in told["results"]] == sorted((row["at"] for row in told["results"]), reverse=True)
    assert (told["next"], told["previous"]) == (None, None)


def test_an_item_says_what_by_whom_and_how_much(api: ApiClient, contact_id: int) -> None:
    rows = {row["kind"]: row for row in timeline(api, contact_id)["results"]}

    assert rows["refund"] == {
        "at": "2024-01-05T00:00:00Z",
        "kind": "refund",
        "title": "r1",
        "detail": "of order o1",
        "actor": None,
        "subject_id": rows["order"]["subject_id"],
        "amount": "-10.00",
        "currency": "GBP",
    }
    consent = {name: rows["consent"][name] for name in ("title", "detail", "actor", "subject_id", "amount")}
    assert consent == {
        "title": "May be reached: private chat",
        "detail": "说过",
        "actor": "bob",
        "subject_id": None,
        "amount": None,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_narrows(api: ApiClient, contact_id: int, kind: str) -> None:
    assert {row["kind"] for row in timeline(api, contact_id, kind=kind)["results"]} == {kind}


def test_every_kind_can_be_asked_for() -> None:
    assert set(get_args(Kind)) == set(KINDS)


@pytest.mark.parametrize("limit", [1, 3])
def test_following_next_reads_the_whole(api: ApiClient, contact_id: int, limit: int) -> None:
    whole = timeline(api, contact_id)["results"]

    found, page = [], timeline(api, contact_id, limit=limit)
    found += page["results"]
    while page["next"]:
        parts = urlsplit(page["next"])
        page = api.client.get(f"{parts.path}?{parts.query}", headers=api.headers | {"accept-language": "en"}).json()
        assert page["results"]
        found += page["results"]

    assert found == whole


def test_the_words_are_in_the_language_asked_for(api: ApiClient, contact_id: int) -> None:
    path = f"/contacts/{contact_id}/timeline"
    titles = [
        api.get(path, {"kind": "touchpoint"}, accept_language=language).json()["results"][0]["title"]
        for language in ("en", "zh-CN")
    ]

    assert titles == ["Message 1 of Welcome: skipped", "「Welcome」第 1 条消息：已跳过"]


@pytest.mark.parametrize("query", [{"kind": "gossip"}, {"cursor": "x"}, {"cursor": ""}, {"limit": "0"}, {"page": "2"}])
def test_what_cannot_be_asked_is_refused(api: ApiClient, contact_id: int, query: dict[str, str]) -> None:
    answer = api.get(f"/contacts/{contact_id}/timeline", query)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"?{next(iter(query))}"]


def test_a_cursor_of_another_contact_is_refused(api: ApiClient, acme: Any, contact_id: int) -> None:
    cursor = timeline(api, contact_id, limit=1)["next"].split("cursor=")[1]
    other = api.post("/contacts/bulk", {"contacts": [{"identities": {"unionid": "u"}}]}).json()["results"][0]["id"]

    assert api.get(f"/contacts/{other}/timeline?cursor={cursor}").status_code == 400


def test_another_tenants_contact_and_none_are_the_same_404(globex_key: str, contact_id: int) -> None:
    theirs = ApiClient(globex_key)

    answers = [theirs.get(f"/contacts/{pk}/timeline") for pk in (contact_id, 10**12)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_it_needs_the_scope_of_contacts(acme: Any, contact_id: int) -> None:
    path = f"/contacts/{contact_id}/timeline"

    assert ApiClient(make_key(acme, scopes=["sops:read"])).get(path).status_code == 403
    assert ApiClient(make_key(acme, scopes=["contacts:read"], name="reader")).get(path).status_code == 200


def test_a_session_reads_it_under_its_tenant(contact_id: int, mei: Any) -> None:
    assert log_in(mei).get(f"/t/acme/api/v1/contacts/{contact_id}/timeline").status_code == 200


def test_a_key_is_told_only_of_what_it_may_read(acme: Any) -> None:
    contact_id = live(acme)
    path = f"/contacts/{contact_id}/timeline"

    def kinds(*scopes: str) -> set[str]:
        api = ApiClient(make_key(acme, scopes=["contacts:read", *scopes], name=" ".join(scopes) or "bare"))
        return {row["kind"] for row in api.get(path, {"limit": 100}).json()["results"]}

    bare = kinds()
    assert bare & {"order", "refund", "segment", "sop", "touchpoint"} == set()
    assert kinds("orders:read") - bare == {"order", "refund"}
    assert kinds("sops:read", "segments:read") - bare == {"segment", "sop", "touchpoint"}
