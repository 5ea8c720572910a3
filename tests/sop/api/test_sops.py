"""`/sops`, `/enrollments` and `/touchpoints` over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments.models import Segment
from tests.cast import AT, ApiClient, make_key
from tests.sop.stage import MINUTE, audience, enter, leave, people, tick

pytestmark = pytest.mark.django_db

STEPS = [
    {"content": "{{ contact.name|您 }}，您好", "after_minutes": 10},
    {"content": "喜欢吗？", "day": 2, "at": "10:00", "late_after_minutes": 60},
]


@pytest.fixture
def segment(acme: Any) -> Segment:
    return audience(acme)


@pytest.fixture
def sop_id(api: ApiClient, segment: Segment) -> int:
    body = {"name": "新客 7 天", "version": {"segment": segment.pk, "steps": STEPS, "exits_on_order": True}}
    answer = api.post("/sops", body)
    assert answer.status_code == 200, answer.content
    return int(answer.json()["id"])


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def test_sop_is_made_read_and_edited(api: ApiClient, sop_id: int) -> None:
    edited = api.patch(f"/sops/{sop_id}", {"description": "第一周"})

    shown = api.get(f"/sops/{sop_id}").json()
    assert edited.json() == shown
    times = shown.pop("created_at"), shown.pop("updated_at")
    assert all(times)
    assert shown == {
        "id": sop_id,
        "name": "新客 7 天",
        "description": "第一周",
        "state": "draft",
        "live_version": None,
        "created_by": "API key tests",
    }
    assert [row["id"] for row in api.get("/sops").json()["results"]] == [sop_id]
    assert api.get("/sops", {"state": "published"}).json()["results"] == []


def test_versions_are_read_as_they_were_sent(api: ApiClient, sop_id: int, segment: Segment) -> None:
    (version,) = api.get(f"/sops/{sop_id}/versions").json()["results"]

    steps = [{name: value for name, value in step.items() if name != "id"} for step in version["steps"]]
    plain = {"day": None, "at": None, "after_minutes": None, "late_after_minutes": 120, "touch_kind": "private_chat"}
    assert (version["number"], version["segment"], version["published_at"]) == (1, segment.pk, None)
    assert (version["exits_on_leaving"], version["exits_on_order"], version["may_reenter"]) == (True, True, False)
    assert steps == [plain | {"position": place} | step for place, step in enumerate(STEPS, start=1)]


def test_a_saved_draft_is_answered_and_listed(api: ApiClient, sop_id: int, segment: Segment) -> None:
    saved = api.post(f"/sops/{sop_id}/versions", {"segment": segment.pk, "steps": STEPS[:1]})

    assert saved.status_code == 200, saved.content
    assert api.get(f"/sops/{sop_id}/versions").json()["results"] == [saved.json()]


def test_life_of_an_sop(api: ApiClient, acme: Any, sop_id: int, segment: Segment) -> None:
    enter(acme, segment, people(acme, 2), at=AT)

    published = api.post(f"/sops/{sop_id}/publish", {"include_members": True}).json()
    states = [api.post(f"/sops/{sop_id}/{act}", {}).json()["state"] for act in ("pause", "resume", "stop")]

    assert (published["sop"]["state"], published["version"], published["members"]) == ("published", 1, 2)
    assert published["warnings"] == []
    assert states == ["paused", "published", "archived"]
    report = api.get(f"/sops/{sop_id}/report").json()
    assert report["people"] == {
        "entered": 2,
        "waiting": 0,
        "completed": 0,
        "exited": {"left": 0, "ordered": 0, "stopped": 2},
    }
    assert [step["total"] for step in report["versions"][0]["steps"]] == [2, 2]
    assert report["versions"][0]["steps"][0]["reasons"] == {"cancelled": {"stopped": 2}}


def test_acts_take_no_body(api: ApiClient, sop_id: int) -> None:
    published, paused = (api.post(f"/sops/{sop_id}/{act}", "") for act in ("publish", "pause"))

    assert (published.status_code, paused.status_code) == (200, 200)


def test_what_the_state_forbids_is_a_conflict(api: ApiClient, sop_id: int, segment: Segment) -> None:
    early = [api.post(f"/sops/{sop_id}/{act}", {}).status_code for act in ("pause", "resume")]
    api.post(f"/sops/{sop_id}/publish", {})
    again = api.post(f"/sops/{sop_id}/publish", {})
    api.post(f"/sops/{sop_id}/stop", {})
    draft = {"segment": segment.pk, "steps": STEPS}
    late = [api.post(f"/sops/{sop_id}/{act}", {}).status_code for act in ("publish", "pause", "resume", "stop")]

    assert early == [409, 409]
    assert (again.status_code, errors(again)) == (409, [("", "no_draft")])
    assert late == [409] * 4
    assert api.post(f"/sops/{sop_id}/versions", draft).status_code == 409


REFUSED: list[tuple[Any, list[tuple[str, str]]]] = [
    ({}, [("/name", "required")]),
    ({"name": ""}, [("/name", "invalid_name")]),
    ({"name": "  "}, [("/name", "invalid_name")]),
    ({"name": "新客 7 天"}, [("/name", "taken")]),
    ({"name": "x", "version": {}}, [("/version/segment", "required")]),
    ({"name": "x", "version": {"segment": 10**9}}, [("/version/segment", "unknown")]),
    ({"name": "x", "version": {"segment": 1, "steps": [{"content": 3}]}}, [("/version/steps/0/content", "too_long")]),
    (
        {"name": "x", "version": {"segment": 1, "steps": [{"content": "x", "day": 1, "at": "25:00"}]}},
        [("/version/steps/0/at", "invalid_clock")],
    ),
    (
        {"name": "x", "version": {"segment": 1, "steps": [{"content": "x", "day": 731, "at": "10:00"}]}},
        [("/version/steps/0/day", "invalid_day")],
    ),
    (
        {"name": "x", "version": {"segment": 1, "steps": [{"content": "{{ nobody }}", "after_minutes": 1}]}},
        [("/version/steps/0/content", "unknown_variable")],
    ),
    (
        {"name": "x", "version": {"segment": 1, "steps": [{"content": "x", "after_minutes": 1, "touch_kind": "sms"}]}},
        [("/version/steps/0/touch_kind", "invalid")],
    ),
    ({"name": "x", "version": {"segment": 1, "steps": [STEPS[0]] * 101}}, [("/version/steps", "too_many_steps")]),
    ({"name": "x", "steps": []}, [("/steps", "unknown_field")]),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_refusals_point_at_the_place(api: ApiClient, sop_id: int, body: Any, expected: list[tuple[str, str]]) -> None:
    answer = api.post("/sops", body)

    assert (answer.status_code, errors(answer)) == (400, expected)
    assert len(api.get("/sops").json()["results"]) == 1


def test_runs_and_touchpoints_are_listed_and_narrowed(api: ApiClient, acme: Any, sop_id: int, segment: Segment) -> None:
    mei, bob = people(acme, 2)
    api.post(f"/sops/{sop_id}/publish", {})
    enter(acme, segment, [mei, bob], at=AT)
    leave(acme, segment, [bob], at=AT + MINUTE)
    tick(acme, at=AT + 2 * MINUTE)
    step = api.get(f"/sops/{sop_id}/versions").json()["results"][0]["steps"][1]["id"]

    def found(path: str, **query: Any) -> list[int]:
        answer = api.get(path, {name: str(value) for name, value in query.items()})
        assert answer.status_code == 200, answer.content
        return [row["contact_id"] for row in answer.json()["results"]]

    assert found("/enrollments") == [bob, mei]
    assert found("/enrollments", sop=sop_id, state="exited") == [bob]
    assert found("/enrollments", contact=mei) == [mei]
    assert found("/enrollments", sop=10**9) == []
    assert found("/touchpoints") == [bob, mei, bob, mei]
    assert found("/touchpoints", contact=bob, reason="left") == [bob, bob]
    assert found("/touchpoints", state="planned", step=step) == [mei]
    assert found("/touchpoints", due_before="2026-11-21T12:30:00Z") == [bob, mei]
    assert found("/touchpoints", due_from="2026-11-21T12:30:00Z", sop=sop_id) == [bob, mei]
    run = api.get("/enrollments", {"contact": str(bob)}).json()["results"][0]
    assert {name: run[name] for name in ("sop", "version", "state", "exit_reason", "entered_at", "ended_at")} == {
        "sop": sop_id,
        "version": 1,
        "state": "exited",
        "exit_reason": "left",
        "entered_at": "2026-11-21T12:00:00Z",
        "ended_at": "2026-11-21T12:02:00Z",
    }
    first = api.get("/touchpoints", {"contact": str(mei), "due_before": "2026-11-21T12:30:00Z"}).json()["results"][0]
    del first["id"], first["step"], first["enrollment"]
    assert first == {
        "sop": sop_id,
        "version": 1,
        "position": 1,
        "contact_id": mei,
        "touch_kind": "private_chat",
        "state": "planned",
        "reason": None,
        "due_at": "2026-11-21T12:10:00Z",
        "run_at": "2026-11-21T12:10:00Z",
        "late_at": "2026-11-21T14:10:00Z",
        "tries": 0,
        "settled_at": None,
        "provider_id": None,
        "text": None,
    }


def test_unknown_filters_and_values_are_refused(api: ApiClient) -> None:
    for query in ({"state": "x"}, {"reason": "x"}, {"due_from": "x"}, {"sop": "x"}, {"nothing": "1"}):
        assert api.get("/touchpoints", query).status_code == 400


def test_lists_ask_as_many_statements_for_three_as_for_one(
    api: ApiClient, acme: Any, sop_id: int, segment: Segment
) -> None:
    api.post(f"/sops/{sop_id}/publish", {})
    counted = []
    for count in (1, 2):
        enter(acme, segment, people(acme, count), at=AT)
        tick(acme, at=AT)
        with CaptureQueriesContext(connection) as asked:
            for path in ("/sops", f"/sops/{sop_id}/versions", f"/sops/{sop_id}/report", "/enrollments", "/touchpoints"):
                assert api.get(path).status_code == 200
        counted.append(len(asked))

    assert counted[0] == counted[1]
    assert len(api.get("/touchpoints").json()["results"]) == 6


def test_another_tenants_sop_is_like_none(api: ApiClient, sop_id: int, segment: Segment, globex_key: str) -> None:
    theirs = ApiClient(globex_key)
    draft = {"segment": segment.pk, "steps": STEPS}

    assert api.get(f"/sops/{sop_id}").status_code == 200
    for path, body in (("publish", {}), ("pause", {}), ("stop", {}), ("versions", draft)):
        assert theirs.post(f"/sops/{sop_id}/{path}", body).status_code == 404
    for path in ("", "/versions", "/report"):
        assert theirs.get(f"/sops/{sop_id}{path}").status_code == 404
        assert theirs.get(f"/sops/{2**70}{path}").status_code == 404
    assert theirs.patch(f"/sops/{sop_id}", {"name": "x"}).status_code == 404
    assert errors(theirs.post("/sops", {"name": "x", "version": draft})) == [("/version/segment", "unknown")]


def test_scopes_are_asked_for(api: ApiClient, acme: Any, sop_id: int) -> None:
    reader = ApiClient(make_key(acme, scopes=["sops:read"]))
    stranger = ApiClient(make_key(acme, scopes=["contacts:read"]))

    assert [reader.get(path).status_code for path in ("/sops", "/enrollments", "/touchpoints")] == [200] * 3
    assert reader.post(f"/sops/{sop_id}/publish", {}).status_code == 403
    assert [stranger.get(path).status_code for path in ("/sops", "/enrollments", "/touchpoints")] == [403] * 3


def test_a_preview_says_each_step_to_who_entered_last(api: ApiClient, acme: Any, segment: Segment) -> None:
    newest = people(acme, 1)[0]
    enter(acme, segment, [newest])

    told = api.post("/sops/preview", {"segment": segment.pk, "steps": STEPS}).json()

    assert (told["contact"], told["contact_name"], told["members"]) == (newest, "Person 0", 1)
    assert [(one["step"], one["text"]) for one in told["messages"]] == [(0, "Person 0，您好"), (1, "喜欢吗？")]
    assert told["messages"][0]["due_at"] < told["messages"][1]["due_at"]
    assert (told["errors"], told["warnings"]) == ([], [])


def test_a_preview_says_what_is_wrong_with_some_steps_and_says_the_others(api: ApiClient) -> None:
    wrong = {"content": "{{ contact.nmae }}", "after_minutes": 1}

    told = api.post("/sops/preview", {"steps": [wrong, STEPS[0]]}).json()

    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [("/steps/0/content", "unknown_variable")]
    assert [(one["step"], one["text"]) for one in told["messages"]] == [(1, "您，您好")]
    assert told["contact"] is None


def test_a_preview_warns_of_what_is_probably_not_meant(api: ApiClient) -> None:
    bare = {"content": "{{ contact.name }}", "after_minutes": 10}

    told = api.post("/sops/preview", {"steps": [bare, bare]}).json()

    assert sorted((one["pointer"], one["code"]) for one in told["warnings"]) == [
        ("/steps/0/content", "no_fallback"),
        ("/steps/1", "same_moment"),
        ("/steps/1/content", "no_fallback"),
    ]


@pytest.mark.parametrize("asked", ["segment", "contact"])
def test_a_preview_knows_no_neighbours_and_keeps_nothing(api: ApiClient, globex: Any, asked: str) -> None:
    theirs = {"segment": audience(globex).pk, "contact": people(globex, 1)[0]}

    answer = api.post("/sops/preview", {asked: theirs[asked], "steps": STEPS})

    assert answer.status_code == 404
    assert api.get("/sops").json()["results"] == []


def test_the_audience_of_a_running_sop_is_not_archived(api: ApiClient, sop_id: int, segment: Segment) -> None:
    api.post(f"/sops/{sop_id}/publish", {})

    refused = api.post(f"/segments/{segment.pk}/archive", {})
    api.post(f"/sops/{sop_id}/stop", {})
    done = api.post(f"/segments/{segment.pk}/archive", {})

    assert refused.status_code == 409 and "新客 7 天" in refused.json()["detail"]
    assert (done.status_code, done.json()["state"]) == (200, "archived")


def test_a_preview_names_nobody_to_who_may_not_read_contacts(acme: Any, segment: Segment) -> None:
    newest = people(acme, 1)[0]
    enter(acme, segment, [newest])
    blind = ApiClient(make_key(acme, scopes=["sops:read"]))

    for asked in ({}, {"contact": newest}):
        told = blind.post("/sops/preview", {"segment": segment.pk, "steps": STEPS[:1], **asked}).json()
        assert (told["contact"], [one["text"] for one in told["messages"]]) == (None, ["您，您好"])


def test_a_preview_counts_steps_after_entry_among_their_days(api: ApiClient) -> None:
    steps = [{"content": "x", "after_minutes": minutes} for minutes in (0, 60, 120, 1440)]

    told = api.post("/sops/preview", {"steps": steps}).json()

    assert [(one["pointer"], one["code"]) for one in told["warnings"]] == [("/steps/0", "over_cap")]


def test_a_preview_says_what_who_enters_now_misses(api: ApiClient) -> None:
    steps = [
        {"content": "x", "day": 1, "at": "00:00", "late_after_minutes": 1},
        {"content": "y", "after_minutes": 0},
    ]

    told = api.post("/sops/preview", {"steps": steps}).json()

    assert [(one["text"], one["is_missed"]) for one in told["messages"]] == [("x", True), ("y", False)]
