"""A list of contacts as a file: whom, which columns, what no spreadsheet runs, and who gets it."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.tags import TagName
from scrm.contact_lists import export
from scrm.contact_lists.columns import COLUMNS
from scrm.contact_lists.export import ask_for_export
from scrm.contact_lists.filters import ListFilters
from tenants.context import tenant_transaction
from tenants.models import AuditEntry, Job
from tenants.services.jobs import Requester, fetch_file
from tests.cast import AT, ApiClient, make_key
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.console.test_sops import running
from tests.segments.audience import live, tag, tagged
from tests.tenants.counting import finish

EXPORT_QUERIES = 21


def exported(tenant: Any, filters: ListFilters | None = None, *, full_phones: bool = True, **chosen: Any) -> Job:
    """A finished export."""
    with tenant_transaction(tenant.pk):
        job = ask_for_export(
            tenant=tenant,
            filters=filters or ListFilters(),
            columns=chosen.get("columns", COLUMNS),
            full_phones=full_phones,
            requester=Requester(actor="Bob"),
            at=AT,
        )
    done: Job = finish(tenant, job.pk)
    assert (done.state, done.error) == ("done", "")
    return done


def rows(tenant: Any, job: Job) -> list[dict[str, str]]:
    assert job.finished_at is not None
    with tenant_transaction(tenant.pk), fetch_file(tenant=tenant, job=job, actor="Bob", at=job.finished_at) as file:
        raw = file.read()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\xef\xbb\xbf") == 1
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_file_holds_what_every_column_says(acme: Any) -> None:
    open_shop(acme, people=1)
    tell_contacts(acme, person(1, tags=["口味/辣", "来源/直播"]))

    (row,) = rows(acme, exported(acme))

    with tenant_transaction(acme.pk):
        pk = Contact.objects.for_tenant(acme).get().pk
    assert row == {
        "contact": str(pk),
        "name": "顾客1",
        "phone": "'+8613800000001",
        "channel": "search",
        "tags": "口味/辣; 来源/直播",
        "acquired": "2024-01-02T00:00:00+00:00",
        "purchases": "1",
        "net": "20.00",
        "last_order": "2024-01-02T03:04:05+00:00",
        "sops": "",
    }


def test_a_file_tells_the_sops_that_people_are_in(acme: Any) -> None:
    running(acme, count=2)

    assert [row["sops"] for row in rows(acme, exported(acme, columns=["sops"]))] == ["Welcome", "Welcome"]


def test_only_the_chosen_columns_are_written_in_the_order_of_the_list(acme: Any) -> None:
    tell_contacts(acme, person(1))

    (row,) = rows(acme, exported(acme, columns=["channel", "name"]))

    assert list(row) == ["contact", "name", "channel"]


def test_each_filter_narrows_the_file(acme: Any) -> None:
    vip = tag(acme, "vip")
    tell_contacts(
        acme,
        person(1, tags=["group of vip/vip"]),
        person(2, acquired={"at": "2024-02-03T00:00:00Z", "channel": "store"}),
        person(3, name="小龙女", acquired=None),
    )
    segment = live(acme, "Friends", tagged(vip))
    with tenant_transaction(acme.pk):
        ids = dict(Contact.objects.for_tenant(acme).values_list("name", "pk"))

    def names(**filters: Any) -> list[str]:
        return [row["name"] for row in rows(acme, exported(acme, ListFilters(**filters), columns=["name"]))]

    assert names() == ["小龙女", "顾客2", "顾客1"]
    assert names(text="小龙") == ["小龙女"]
    assert names(tag=TagName("group of vip", "vip")) == ["顾客1"]
    assert names(channel="store") == ["顾客2"]
    assert names(segment=segment) == ["顾客1"]
    assert names(acquired_from=date(2024, 2, 1), acquired_to=date(2024, 2, 3)) == ["顾客2"]
    assert names(contact_ids=(ids["小龙女"], ids["顾客1"])) == ["小龙女", "顾客1"]
    assert names(text="nobody") == []


@pytest.mark.parametrize("mark", [*"=+-@|%\t\r", " =", "\n=", "\u00a0=", "＝", "＋", "－", "＠"])
def test_no_cell_can_be_taken_for_a_formula(acme: Any, mark: str) -> None:
    with tenant_transaction(acme.pk):
        Contact.objects.create(tenant=acme, name=f"{mark}cmd|' /C calc'!A0")

    (row,) = rows(acme, exported(acme, columns=["name"]))

    assert row["name"].startswith("'")


def test_phones_are_masked_for_who_does_not_see_them(acme: Any) -> None:
    tell_contacts(acme, person(1))

    (row,) = rows(acme, exported(acme, full_phones=False))

    assert row["phone"] == "'+8613••••0001"


def test_slices_leave_nobody_out_and_tell_nobody_twice(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SLICE", 7)
    tell_contacts(acme, *(person(number) for number in range(1, 31)))

    job = exported(acme, columns=["name"])

    assert (job.done, job.total) == (30, 30)
    assert [row["name"] for row in rows(acme, job)] == [f"顾客{number}" for number in range(30, 0, -1)]


@pytest.mark.parametrize("people", [1, 3])
def test_a_file_costs_the_same_queries_whatever_it_holds(acme: Any, people: int) -> None:
    open_shop(acme, people=people)
    with tenant_transaction(acme.pk):
        job = ask_for_export(
            tenant=acme, filters=ListFilters(), columns=COLUMNS, full_phones=True, requester=Requester(actor="b"), at=AT
        )

    with CaptureQueriesContext(connection) as seen:
        finish(acme, job.pk)

    assert len(seen) == EXPORT_QUERIES


def test_who_asked_and_for_what_is_in_the_audit_log_without_what_was_searched(acme: Any) -> None:
    job = exported(acme, ListFilters(text="+8613800000001", channel="store"), columns=["name", "phone"])

    with tenant_transaction(acme.pk):
        (entry,) = AuditEntry.objects.for_tenant(acme)
    assert (entry.act, entry.actor, entry.target) == ("contacts.exported", "Bob", f"#{job.pk}")
    assert entry.detail == {"columns": ["name", "phone"], "filters": ["text", "channel"]}


def test_a_client_asks_waits_and_fetches(acme: Any, api: Any) -> None:
    tell_contacts(acme, person(1), person(2))

    asked = api.post("/contacts/export", {"columns": ["name"], "q": "顾客2"})
    job = asked.json()
    finish(acme, job["id"])
    done = api.get(f"/jobs/{job['id']}").json()
    file = api.get(f"/jobs/{job['id']}/result")

    assert asked.status_code == 202
    told = ("state", "done", "total", "percent", "result_url", "errors_url")
    assert [job[name] for name in told] == ["waiting", 0, None, None, None, None]
    assert [done[name] for name in told[:4]] == ["done", 1, 1, 100]
    assert done["result_url"] == f"http://testserver/api/v1/jobs/{job['id']}/result"
    assert file.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["name", "顾客2"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"columns": []}, "/columns"),
        ({"columns": ["shoe size"]}, "/columns/0"),
        ({"tag": "no slash"}, "/tag"),
        ({"acquired_from": "yesterday"}, "/acquired_from"),
        ({"colums": ["name"]}, "/colums"),
    ],
)
def test_what_is_not_understood_is_refused_by_field(api: Any, body: Any, pointer: str) -> None:
    answer = api.post("/contacts/export", body)

    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (400, [pointer])


def test_a_job_is_nobody_elses(acme: Any, api: Any, globex_key: str) -> None:
    tell_contacts(acme, person(1))
    job = api.post("/contacts/export", {}).json()["id"]
    finish(acme, job)

    others = [ApiClient(make_key(acme, name="another")), ApiClient(globex_key)]

    assert api.get(f"/jobs/{job}/result").status_code == 200
    for other in others:
        for path in (f"/jobs/{job}", f"/jobs/{job}/result"):
            absent = path.replace(str(job), "999999999")
            assert (other.get(path).status_code, other.get(path).content) == (404, other.get(absent).content)


def test_a_key_needs_the_scopes_of_the_list(acme: Any) -> None:
    writer, reader = (ApiClient(make_key(acme, scopes=[f"contacts:{verb}"], name=verb)) for verb in ("write", "read"))

    assert [key.post("/contacts/export", {}).status_code for key in (writer, reader)] == [403, 202]
    assert reader.post("/contacts/export", {"segment": 1}).status_code == 403


def test_a_replayed_call_asks_once(acme: Any, api: Any) -> None:
    first, again = (api.post("/contacts/export", {}, idempotency_key="k1") for _ in range(2))

    assert json.loads(first.content) == json.loads(again.content)
    with tenant_transaction(acme.pk):
        assert Job.objects.for_tenant(acme).count() == 1
