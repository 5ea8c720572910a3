"""`/contacts/{id}/notes` over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Note
from contacts.services.notes import add_note
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import AT, ApiClient, log_in, make_key
from tests.contacts.crowd import make_people

LIST_QUERIES = 6


@pytest.fixture
def path(acme: Any) -> str:
    return f"/contacts/{make_people(acme, 'ann')[0]}/notes"


def texts(answer: Any) -> list[str]:
    return [row["text"] for row in answer.json()["results"]]


def test_a_note_is_written_listed_and_deleted(api: ApiClient, acme: Any, path: str) -> None:
    first, second = (api.post(path, {"text": text}).json() for text in (" 喜欢辣的 ", "不要花生"))

    listed = api.get(path).json()["results"]
    gone = api.delete(f"{path}/{first['id']}")

    assert listed == [second, first]
    assert (first["text"], first["actor"], f"/contacts/{first['contact_id']}/notes") == (
        "喜欢辣的",
        "API key tests",
        path,
    )
    assert (gone.json(), texts(api.get(path))) == (first, ["不要花生"])
    assert api.delete(f"{path}/{first['id']}").status_code == 404
    with tenant_transaction(acme.pk):
        logged = AuditEntry.objects.for_tenant(acme).get(act="note.deleted")
        assert (logged.actor, logged.detail["author"]) == ("API key tests", "API key tests")


@pytest.mark.parametrize("text", ["", "   ", "字" * 2001, "a\0b", 5, None])
def test_what_is_no_note_is_an_error_of_its_field(api: ApiClient, path: str, text: Any) -> None:
    answer = api.post(path, {"text": text})

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/text"]


def test_other_brands_and_absent_contacts_are_the_same_404(api: ApiClient, globex: Any, path: str) -> None:
    (theirs,) = make_people(globex, "wang")
    with tenant_transaction(globex.pk):
        note = add_note(tenant=globex, contact_id=theirs, text="secret", actor="charlie", at=AT)

    for contact_id, note_id in ((theirs, note.pk), (10**12, 10**12)):
        other = f"/contacts/{contact_id}/notes"
        found = [api.get(other), api.post(other, {"text": "x"}), api.delete(f"{other}/{note_id}")]
        assert [answer.status_code for answer in found] == [404, 404, 404]
    assert api.delete(f"{path}/{note.pk}").status_code == 404
    with tenant_transaction(globex.pk):
        assert Note.objects.for_tenant(globex).count() == 1


def test_readers_read_and_do_not_write(acme: Any, api: ApiClient, path: str, mei: Any) -> None:
    note = api.post(path, {"text": "x"}).json()
    reader = ApiClient(make_key(acme, scopes=["contacts:read"]))

    assert texts(reader.get(path)) == ["x"]
    assert [reader.post(path, {"text": "y"}).status_code, reader.delete(f"{path}/{note['id']}").status_code] == [
        403
    ] * 2
    assert ApiClient(make_key(acme, scopes=["orders:read"])).get(path).status_code == 403
    browser = log_in(mei)
    assert browser.get(f"/t/acme/api/v1{path}").status_code == 200
    assert browser.delete(f"/t/acme/api/v1{path}/{note['id']}").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(api: ApiClient, path: str, count: int) -> None:
    for number in range(count):
        api.post(path, {"text": f"note {number}"})

    with CaptureQueriesContext(connection) as seen:
        assert len(texts(api.get(path))) == count

    assert len(seen) == LIST_QUERIES


def test_following_next_reads_the_whole(api: ApiClient, path: str) -> None:
    for number in range(3):
        api.post(path, {"text": str(number)})

    first = api.get(path, {"limit": "2"}).json()
    rest = api.client.get(first["next"], headers=api.headers).json()

    assert [row["text"] for row in (*first["results"], *rest["results"])] == ["2", "1", "0"]
