"""What is done on one contact's page: notes, consent, segments with why, tags with what shows them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Consent, ConsentMove, Note
from contacts.services.attributes import define_attribute
from contacts.services.notes import add_note
from contacts.services.tags import assign_tags
from sop.models import CapUse
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import AT, _member, log_in
from tests.console.segment_desk import get, post
from tests.console.shop_floor import person, tell_contacts
from tests.console.test_contacts import contact_id
from tests.console.test_sops import running
from tests.segments.audience import a_list, carry, live, tag, tagged

HTMX = {"HX-Request": "true", "accept-language": "en"}
CONTACT_QUERIES = 32
OTHER_SEGMENTS_QUERIES = 9
NASTY = '<img src=x onerror="alert(1)"> x-init="alert(2)"'
STOP = {"touch_kind": "private_chat", "is_granted": "no", "evidence": "asked us to stop"}


@pytest.fixture
def pk(acme: Any) -> int:
    tell_contacts(acme, person(1))
    return contact_id(acme, "顾客1")


def write(tenant: Any, pk: int, text: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(add_note(tenant=tenant, contact_id=pk, text=text, actor="Bob", at=AT).pk)


def notes(tenant: Any) -> list[tuple[str, str]]:
    with tenant_transaction(tenant.pk):
        return list(Note.objects.for_tenant(tenant).order_by("pk").values_list("text", "actor"))


def test_a_note_is_written_told_in_the_timeline_and_deleted(acme: Any, bob: Any, pk: int) -> None:
    browser = log_in(bob)

    answer = browser.post(f"/t/acme/contacts/{pk}/notes/", {"text": " 喜欢辣的\r\n不要花生 "}, headers=HTMX)
    page = get(bob, f"contacts/{pk}/", kind="note")
    (entry,) = page.context["story"].rows
    gone = browser.post(f"/t/acme/contacts/{pk}/notes/{entry.item.subject_id}/delete/", headers=HTMX)

    assert answer.headers["HX-Trigger"] == "story-changed"
    assert b"<html" not in answer.content
    assert (entry.item.title, entry.item.actor) == ("喜欢辣的\n不要花生", "Bob")
    assert f"/t/acme/contacts/{pk}/notes/{entry.item.subject_id}/delete/" in page.content.decode()
    assert (gone.status_code, gone.content, notes(acme)) == (200, b"", [])
    with tenant_transaction(acme.pk):
        assert AuditEntry.objects.for_tenant(acme).filter(act="note.deleted", actor="Bob", target="顾客1").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This field is required."),
        (" \r\n", "Write something first."),
        ("字" * 2001, "Write at most 2,000 characters; these are 2,001."),
        ("bell\a", "Leave out the invisible control character."),
    ],
)
def test_what_is_no_note_is_said_beside_its_field_and_kept_there(
    acme: Any, bob: Any, pk: int, text: str, said: str
) -> None:
    answer = log_in(bob).post(f"/t/acme/contacts/{pk}/notes/", {"text": text}, headers=HTMX)

    assert said in answer.content.decode()
    assert 'aria-describedby="note-error"' in answer.content.decode()
    assert text.strip() in answer.content.decode()
    assert "HX-Trigger" not in answer.headers
    assert notes(acme) == []


def test_consent_is_withdrawn_and_given_with_how_we_know(acme: Any, bob: Any, pk: int) -> None:
    before = get(bob, f"contacts/{pk}/").content.decode()
    withdrawn = post(bob, f"contacts/{pk}/consent/", **STOP)
    given = post(bob, f"contacts/{pk}/consent/", **STOP | {"is_granted": "yes", "evidence": "changed her mind"})

    assert "no word given: may be sent" in before
    assert "2 more messages may be sent" in before
    assert "Nothing may be sent: consent is withdrawn" in withdrawn.content.decode()
    assert "asked us to stop · by Bob" in withdrawn.content.decode()
    assert withdrawn.headers["HX-Trigger"] == "story-changed"
    assert "changed her mind · by Bob" in given.content.decode()
    with tenant_transaction(acme.pk):
        said = ConsentMove.objects.for_tenant(acme).order_by("pk").values_list("is_granted", "evidence", "actor")
        assert list(said) == [(False, "asked us to stop", "Bob"), (True, "changed her mind", "Bob")]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("evidence", " ", "This field is required."),
        ("evidence", "x" * 201, "at most 200 characters"),
        ("is_granted", "perhaps", "Select a valid choice."),
        ("touch_kind", "pigeon", ""),
    ],
)
def test_consent_without_how_we_know_is_refused(
    acme: Any, bob: Any, pk: int, field: str, value: str, said: str
) -> None:
    answer = post(bob, f"contacts/{pk}/consent/", **STOP | {field: value})

    assert said in answer.content.decode()
    assert "HX-Trigger" not in answer.headers
    with tenant_transaction(acme.pk):
        assert not Consent.objects.for_tenant(acme).exists()


def test_the_page_says_how_much_of_the_day_is_left_and_what_comes_next(acme: Any, bob: Any) -> None:
    running(acme, count=1)
    pk = contact_id(acme, "Person 0")
    with tenant_transaction(acme.pk):
        use = CapUse.objects.create(tenant=acme, contact_id=pk, date=timezone.now().date(), used=1)
    first = get(bob, f"contacts/{pk}/")
    with tenant_transaction(acme.pk):
        CapUse.objects.for_tenant(acme).filter(contact_id=use.contact_id).update(used=2)
    second = get(bob, f"contacts/{pk}/").content.decode()

    assert "1 of 2 used" in first.content.decode()
    assert "1 more message may be sent" in first.content.decode()
    assert first.context["reach"].next.step.position == 2
    assert "Nothing more today: the daily limit is used up" in second


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_however_much_is_known(acme: Any, bob: Any, pk: int, count: int) -> None:
    for number in range(count):
        carried = tag(acme, f"tag {number}")
        carry(acme, carried, [pk])
        live(acme, f"segment {number}", tagged(carried))
        write(acme, pk, f"note {number}")
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        page = browser.get(f"/t/acme/contacts/{pk}/")

    assert len(page.context["segments"]) == len(page.context["tags"]) == count
    assert len(seen) == CONTACT_QUERIES


def test_segments_are_told_since_when_with_a_way_to_why(acme: Any, bob: Any, pk: int) -> None:
    inside, outside = a_list(acme, "常客", [pk]), a_list(acme, "新客")

    page = get(bob, f"contacts/{pk}/").content.decode()
    others = get(bob, f"contacts/{pk}/segments/").content.decode()

    assert f"/t/acme/segments/{inside}/explain/?contact={pk}" in page
    assert f"/t/acme/segments/{outside}/explain/?contact={pk}" not in page
    assert f"/t/acme/segments/{outside}/explain/?contact={pk}" in others
    assert f"/t/acme/segments/{inside}/explain/?contact={pk}" not in others


@pytest.mark.parametrize("count", [1, 3])
def test_other_segments_cost_the_same_queries_whatever_their_number(acme: Any, bob: Any, pk: int, count: int) -> None:
    for number in range(count):
        a_list(acme, f"list {number}")
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        piece = browser.get(f"/t/acme/contacts/{pk}/segments/", headers=HTMX)

    assert len(piece.context["others"]) == count
    assert len(seen) == OTHER_SEGMENTS_QUERIES


def test_a_tag_shows_its_source_time_and_evidence(acme: Any, bob: Any, pk: int) -> None:
    vip = tag(acme, "vip")
    with tenant_transaction(acme.pk):
        told: dict[str, Any] = {"source": "platform", "evidence": "bought twice in May", "at": AT}
        assign_tags(tenant=acme, contact_ids=[pk], tags=[vip], **told)

    for path in (f"contacts/{pk}/", f"contacts/{pk}/tags/"):
        shown = get(bob, path).content.decode()
        assert re.search(r"<small>platform · \d+ \w+ \d+, \d\d:\d\d · bought twice in May</small>", shown)


def test_custom_fields_are_called_by_their_names_in_the_tenants_order(acme: Any, bob: Any) -> None:
    with tenant_transaction(acme.pk):
        for key, label, kind, position in (
            ("likes_hot", "Likes it hot", "yes_no", 2),
            ("city", "Home town", "text", 1),
        ):
            define_attribute(
                tenant=acme, key=key, label=label, kind=kind, choices=(), position=position, actor="Bob", at=AT
            )
    tell_contacts(acme, person(1, attributes={"likes_hot": True, "shoe": 38, "city": "成都"}))
    pk = contact_id(acme, "顾客1")

    page = get(bob, f"contacts/{pk}/").content.decode()

    fields = re.findall(r'<dt title="(\w+)">([^<]+)</dt><dd>([^<]+)</dd>', page)
    assert fields == [("city", "Home town", "成都"), ("likes_hot", "Likes it hot", "yes"), ("shoe", "shoe", "38")]


def test_who_may_not_edit_reads(acme: Any, mei: Any, pk: int) -> None:
    note = write(acme, pk, "likes it hot")
    sam = _member(acme, "sam", "staff")

    for user in (mei, sam):
        page = get(user, f"contacts/{pk}/").content.decode()
        assert "likes it hot" in page
        assert "no word given: may be sent" in page
        assert "Delete this note" not in page
        assert f"/t/acme/contacts/{pk}/notes/" not in page
        assert f"/t/acme/contacts/{pk}/consent/" not in page
        assert [
            post(user, f"contacts/{pk}/{path}", **STOP, text="x").status_code
            for path in ("notes/", f"notes/{note}/delete/", "consent/")
        ] == [403, 403, 403]
    assert [get(user, f"contacts/{pk}/segments/").status_code for user in (mei, sam)] == [200, 403]
    assert notes(acme) == [("likes it hot", "Bob")]


def test_another_brands_contact_and_none_are_the_same_404(acme: Any, globex: Any, bob: Any, pk: int) -> None:
    tell_contacts(globex, person(1))
    theirs = contact_id(globex, "顾客1")
    note = write(globex, theirs, "secret")

    for whose in (theirs, 999_999_999):
        answers = [
            post(bob, f"contacts/{whose}/notes/", text="x"),
            post(bob, f"contacts/{whose}/notes/{note}/delete/"),
            post(bob, f"contacts/{pk}/notes/{note}/delete/"),
            post(bob, f"contacts/{whose}/consent/", **STOP),
            get(bob, f"contacts/{whose}/segments/"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert notes(globex) == [("secret", "Bob")]


def test_whatever_is_written_of_her_is_text(acme: Any, bob: Any, pk: int) -> None:
    a_list(acme, NASTY, [pk])
    write(acme, pk, NASTY)
    post(bob, f"contacts/{pk}/consent/", **STOP | {"evidence": NASTY})
    vip = tag(acme, "vip")
    with tenant_transaction(acme.pk):
        assign_tags(tenant=acme, contact_ids=[pk], tags=[vip], source="hand", evidence=NASTY, at=AT)

    page = get(bob, f"contacts/{pk}/").content

    assert b"<img src=x" not in page
    assert page.count(b"&lt;img src=x") >= 6
