"""The SOP editor: drafts are kept whole or not at all, errors stand beside their step, publishing says who starts."""

from typing import Any

import msgspec
import pytest

from contacts.services.consent import set_consent
from segments.models import Segment
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.console.segment_desk import get, post, told
from tests.console.sop_desk import NEXT_DAY, SOON, draft_of, kept, named, publish_shown
from tests.sop.stage import audience, enter, make, people, publish, runs, tick

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("starter", "steps"), [("welcome", 4), ("again", 2), ("wake", 2)])
def test_each_starter_fills_the_editor(acme: Any, bob: Any, starter: str, steps: int) -> None:
    audience(acme)

    page = get(bob, "sops/new/", **{"from": starter})

    assert len(page.context["config"]["draft"]["steps"]) == steps
    assert page.context["form"].initial["name"]


def test_every_starter_can_be_kept(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    for starter in ("welcome", "again", "wake"):
        begins = get(bob, "sops/new/", **{"from": starter}).context["config"]["draft"]
        begins["segment"] = segment.pk

        answer = post(bob, "sops/new/", name=starter, draft=msgspec.json.encode(begins).decode())

        assert told(answer) == ["Saved."]
        assert len(kept(acme, named(acme, starter))[0].steps) == len(begins["steps"])


def test_a_draft_is_kept_as_it_was_written(acme: Any, bob: Any) -> None:
    segment = audience(acme)

    post(
        bob,
        "sops/new/",
        name=" Welcome ",
        description="first week",
        draft=draft_of(segment, SOON, NEXT_DAY, exits_on_order=True, exits_on_leaving=False),
    )

    sop = named(acme, "Welcome")
    (version,) = kept(acme, sop)
    assert (sop.state, sop.description, sop.created_by) == ("draft", "first week", "Bob")
    assert [(step.content, step.day, step.at, step.after_minutes) for step in version.steps] == [
        ("{{ contact.name|friend }}: hello", None, None, 10),
        ("How is it?", 2, "10:00", None),
    ]
    assert (version.exits_on_order, version.exits_on_leaving, version.may_reenter) == (True, False, False)


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        ({**SOON, "content": "{{ contact.nmae }}"}, "/steps/1/content", "unknown_variable"),
        ({**SOON, "content": "  "}, "/steps/1/content", "blank"),
        ({**SOON, "after_minutes": None}, "/steps/1/day", "required"),
        ({**NEXT_DAY, "day": 9999}, "/steps/1/day", "invalid_day"),
        ({**NEXT_DAY, "at": "25:00"}, "/steps/1/at", "invalid_clock"),
        ({**SOON, "late_after_minutes": 0}, "/steps/1/late_after_minutes", "invalid_minutes"),
    ],
)
def test_an_error_points_to_its_step_and_nothing_is_kept(
    acme: Any, bob: Any, step: Any, pointer: str, code: str
) -> None:
    answer = post(bob, "sops/new/", name="Welcome", draft=draft_of(audience(acme), SOON, step))

    config = answer.context["config"]
    assert [(error["pointer"], error["code"]) for error in config["errors"]] == [(pointer, code)]
    assert config["draft"]["steps"][1] == step
    assert "Some of it cannot be kept" in answer.content.decode()
    assert named(acme, "Welcome") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        '{"segment": "x"}',
        '{"a": 1}',
        '{"steps": null}',
        r'"\ud800"',
        "[" * 100_000,
        '{"a":' * 5_000,
    ],
)
def test_a_draft_that_no_editor_writes_is_refused(acme: Any, bob: Any, text: Any) -> None:
    answer = post(bob, "sops/new/", name="Welcome", draft=text)

    assert answer.status_code == 200
    assert named(acme, "Welcome") is None


def test_the_name_of_another_is_refused_beside_the_name(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    make(acme, segment, name="Welcome")
    other = make(acme, segment, name="Other")

    for path in ("sops/new/", f"sops/{other.pk}/edit/"):
        answer = post(bob, path, name="Welcome", draft=draft_of(segment, SOON))
        assert answer.context["form"].errors["name"] == ["An SOP of this name exists."]
    # neither the name nor the draft that came with it
    assert [len(version.steps) for version in kept(acme, other)] == [2]


def test_the_neighbours_segment_is_no_audience(acme: Any, globex: Any, bob: Any) -> None:
    answer = post(bob, "sops/new/", name="Welcome", draft=draft_of(audience(globex), SOON))

    assert [error["code"] for error in answer.context["config"]["errors"]] == ["unknown"]


def test_editing_what_is_published_makes_another_version_and_only_when_it_says_something_else(
    acme: Any, bob: Any
) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    publish(acme, sop)
    begins = msgspec.json.encode(get(bob, f"sops/{sop.pk}/edit/").context["config"]["draft"]).decode()

    post(bob, f"sops/{sop.pk}/edit/", name="Renamed", draft=begins)
    assert len(kept(acme, sop)) == 1 and named(acme, "Renamed") is not None

    post(bob, f"sops/{sop.pk}/edit/", name="Renamed", draft=draft_of(segment, SOON))
    post(bob, f"sops/{sop.pk}/edit/", name="Renamed", draft=draft_of(segment, NEXT_DAY))
    assert [[step.content for step in version.steps] for version in kept(acme, sop)] == [
        ["{{ contact.name|you }}: hello", "How is it?"],
        ["How is it?"],
    ]
    assert "Version 2 is saved but not published" in get(bob, f"sops/{sop.pk}/").content.decode()


def test_a_copy_begins_with_what_runs(acme: Any, bob: Any) -> None:
    sop = make(acme, audience(acme))

    page = get(bob, "sops/new/", copy=sop.pk)

    assert page.context["form"].initial["name"] == "Welcome (copy)"
    assert [step["day"] for step in page.context["config"]["draft"]["steps"]] == [None, 2]


def test_publishing_says_who_starts_and_takes_members_along_when_told_to(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    ids = people(acme, 3)
    enter(acme, segment, ids)
    with tenant_transaction(acme.pk):
        for contact_id, is_granted in zip(ids, (False, True), strict=False):
            set_consent(
                tenant=acme, contact_ids=[contact_id], touch_kind="private_chat", is_granted=is_granted,
                evidence="", actor="Bob", at=AT,
            )  # fmt: skip

    asked = get(bob, f"sops/{sop.pk}/publish/")
    answer = publish_shown(bob, sop, include_members="on")

    outlook = asked.context["outlook"]
    assert (outlook.members, outlook.starting, outlook.touchpoints, outlook.refusing) == (3, 3, 6, 1)
    assert "1 of them refuses messages and gets none." in asked.content.decode()
    assert told(answer) == ["Version 1 is published: who is in the segment starts within seconds, who enters it then."]
    tick(acme)
    assert len(runs(acme, sop)) == 3


def test_without_being_told_to_nobody_is_taken_along(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    enter(acme, segment, people(acme, 3))

    answer = publish_shown(bob, sop)

    tick(acme)
    assert runs(acme, sop) == []
    assert told(answer) == ["Version 1 is published: who enters the segment from now on starts it."]


def test_publishing_shows_what_changes_and_what_to_mind(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    publish(acme, sop)
    same = {"content": "How is it?", "day": 2, "at": "10:00"}
    post(
        bob,
        f"sops/{sop.pk}/edit/",
        name="Welcome",
        draft=draft_of(segment, {**SOON, "content": "{{ contact.name }}"}, same),
    )

    page = get(bob, f"sops/{sop.pk}/publish/")

    assert page.context["changes"] == {"added": 1, "kept": 1, "dropped": 1}
    assert [warning.code for warning in page.context["outlook"].warnings] == ["empty", "no_fallback"]
    assert "new steps: 1, as before: 1, dropped: 1" in page.content.decode()
    assert page.context["warnings"][1][0] == 1


def test_what_is_not_ready_is_not_published(acme: Any, bob: Any) -> None:
    segment = audience(acme, state=Segment.State.DRAFT)
    sop = make(acme, segment)

    page = get(bob, f"sops/{sop.pk}/publish/").content.decode()
    answer = publish_shown(bob, sop)

    assert "is a draft: nobody is in it" in page
    assert told(answer) == ["Publish the segment “Buyers” first."]
    assert named(acme, "Welcome").state == "draft"


def test_what_was_stopped_is_not_edited(acme: Any, bob: Any) -> None:
    sop = make(acme, audience(acme))
    post(bob, f"sops/{sop.pk}/stop/")

    answer = post(bob, f"sops/{sop.pk}/edit/", name="Renamed", draft=draft_of(audience(acme, "Other"), SOON))

    assert told(answer) == ["This SOP was stopped for good. Copy it to run it again."]
    assert named(acme, "Renamed") is None


def test_the_editor_offers_segments_and_variables_of_this_brand(acme: Any, bob: Any) -> None:
    from contacts.models import Attribute

    audience(acme, "Drafted", state=Segment.State.DRAFT)
    audience(acme, "Gone", state=Segment.State.ARCHIVED)
    with tenant_transaction(acme.pk):
        Attribute.objects.create(tenant=acme, key="skin", label="Skin", kind="text")

    config = get(bob, "sops/new/").context["config"]

    assert [(each["name"], each["state"]) for each in config["segments"]] == [("Drafted", "draft")]
    assert [each["text"] for each in config["variables"]] == [
        "{{ contact.name|friend }}",
        "{{ brand.name }}",
        "{{ attribute.skin }}",
    ]


def test_who_is_slower_is_told_and_replaces_only_when_meant(acme: Any, bob: Any, alice: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    path = f"sops/{sop.pk}/edit/"
    began = get(bob, path).context["form"]["after"].value()
    post(alice, path, name="Welcome", draft=draft_of(segment, {**SOON, "content": "hers"}), after=began)

    refused = post(bob, path, name="Welcome", draft=draft_of(segment, {**SOON, "content": "his"}), after=began)
    now = refused.context["form"]["after"].value()
    between = [step.content for step in kept(acme, sop)[0].steps]
    post(bob, path, name="Welcome", draft=draft_of(segment, {**SOON, "content": "his"}), after=now)

    assert "Alice has saved another draft" in refused.content.decode()
    assert between == ["hers"]
    assert [step.content for step in kept(acme, sop)[0].steps] == ["his"]


def test_only_the_draft_that_was_shown_goes_out(acme: Any, bob: Any, alice: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    shown = get(alice, f"sops/{sop.pk}/publish/").context["outlook"].version.pk
    post(bob, f"sops/{sop.pk}/edit/", name="Welcome", draft=draft_of(segment, SOON), after=shown)

    answers = [post(alice, f"sops/{sop.pk}/publish/", version=each) for each in (shown, "", "x")]

    assert [told(answer) for answer in answers] == [["Somebody has changed the draft meanwhile: look at it again."]] * 3
    assert named(acme, "Welcome").state == "draft"
    assert named(acme, "Welcome").state == "draft" and publish_shown(alice, sop).status_code == 200
    assert named(acme, "Welcome").state == "published"


def test_an_archived_audience_is_called_by_its_name(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    post(bob, f"segments/{segment.pk}/archive/")

    editor, publishing = get(bob, f"sops/{sop.pk}/edit/"), get(bob, f"sops/{sop.pk}/publish/").content.decode()

    assert [(each["name"], each["state"]) for each in editor.context["config"]["segments"]] == [("Buyers", "archived")]
    assert "“Buyers” is archived" in publishing and f"sops/{sop.pk}/edit/" in publishing


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u202eemocleW", "  "])
def test_a_name_that_cannot_be_read_is_refused(acme: Any, bob: Any, name: str) -> None:
    answer = post(bob, "sops/new/", name=name, draft=draft_of(audience(acme), SOON))

    assert answer.context["form"].errors["name"]
    assert named(acme, name) is None


def test_too_many_steps_are_said(acme: Any, bob: Any) -> None:
    answer = post(bob, "sops/new/", name="Welcome", draft=draft_of(audience(acme), *[SOON] * 101))

    assert "Send at most 100 steps." in answer.content.decode()
