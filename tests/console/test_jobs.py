"""Jobs in the console: an export from the list to its file, and who finds it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.context import tenant_transaction
from tenants.models import Job
from tests.cast import _member, log_in
from tests.console.shop_floor import person, tell_contacts
from tests.tenants.counting import finish

HTMX = {"HX-Request": "true"}
ENGLISH = {"accept-language": "en"}
LIST_QUERIES = 8


def export(user: Any, query: str = "", **fields: Any) -> int:
    """The number of a new job, asked for on the page."""
    answer = log_in(user).post(f"/t/acme/contacts/export/{query}", {"columns": ["name", "phone"], **fields})
    assert answer.status_code == 302
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def look(user: Any, path: str, **headers: str) -> Any:
    return log_in(user).get(f"/t/acme/{path}", headers=ENGLISH | headers)


def test_a_filtered_list_becomes_a_file_that_says_until_when_it_is_kept(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1), person(2))

    asked = look(bob, "contacts/export/?q=顾客2").content.decode()
    job_id = export(bob, "?q=顾客2")
    waiting = look(bob, f"jobs/{job_id}/").content.decode()
    finish(acme, job_id)
    done = look(bob, f"jobs/{job_id}/").content.decode()
    file = look(bob, f"jobs/{job_id}/file/")

    assert "The 1 contact whom the filters find now." in asked
    assert "A worker takes it within seconds." in waiting
    assert "Kept until" in done
    assert file.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    assert b"".join(file.streaming_content).decode().count("顾客") == 1


def test_the_bar_is_asked_for_until_the_job_is_over(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    job_id = export(bob)

    before = log_in(bob).get(f"/t/acme/jobs/{job_id}/", headers=HTMX)
    finish(acme, job_id)
    after = log_in(bob).get(f"/t/acme/jobs/{job_id}/", headers=HTMX)

    assert [answer.status_code for answer in (before, after)] == [200, 286]
    assert [b"hx-trigger" in answer.content for answer in (before, after)] == [True, False]
    assert b"<html" not in after.content


def test_only_whoever_asked_and_owners_find_a_job(acme: Any, alice: Any, bob: Any, mei: Any) -> None:
    tell_contacts(acme, person(1))
    job_id = export(bob)
    finish(acme, job_id)
    ben = _member(acme, "ben", "operator")

    for path in (f"jobs/{job_id}/", f"jobs/{job_id}/file/", f"api/v1/jobs/{job_id}", f"api/v1/jobs/{job_id}/result"):
        assert [look(user, path).status_code for user in (bob, alice, ben, mei)] == [200, 200, 404, 404]
    assert [len(look(user, "jobs/").context["rows"]) for user in (bob, alice, ben)] == [1, 1, 0]


def test_a_brand_manager_exports_masked_phones_and_staff_nothing(acme: Any, mei: Any) -> None:
    tell_contacts(acme, person(1))
    sam = _member(acme, "sam", "staff")

    job_id = export(mei)
    finish(acme, job_id)
    file = b"".join(look(mei, f"jobs/{job_id}/file/").streaming_content).decode()

    assert "Your role sees phones masked" in look(mei, "contacts/export/").content.decode()
    assert "+8613••••0001" in file
    assert "+8613800000001" not in file
    assert [look(sam, path).status_code for path in ("contacts/export/", "jobs/")] == [403, 403]
    browser = log_in(sam)
    assert browser.post("/t/acme/api/v1/contacts/export", {}, content_type="application/json").status_code == 403
    assert b"contacts/export/" not in browser.get("/t/acme/contacts/").content


def test_a_file_that_is_over_says_so_and_is_gone(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    job_id = export(bob)
    finish(acme, job_id)
    with tenant_transaction(acme.pk):
        Job.objects.for_tenant(acme).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert look(bob, f"jobs/{job_id}/file/").status_code == 404
    assert b"Download" not in look(bob, f"jobs/{job_id}/").content


def test_an_export_without_a_column_or_of_nobody_is_not_asked_for(acme: Any, bob: Any) -> None:
    nobody = look(bob, "contacts/export/")
    tell_contacts(acme, person(1))
    bare = log_in(bob).post("/t/acme/contacts/export/", {"columns": []}, headers=ENGLISH)

    assert b"No contacts yet" in nobody.content
    assert b"Choose at least one column." in bare.content
    with tenant_transaction(acme.pk):
        assert not Job.objects.for_tenant(acme).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_jobs_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, count: int) -> None:
    for _ in range(count):
        export(bob)
    browser = log_in(bob)
    browser.get("/t/acme/jobs/")

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/jobs/")

    assert len(seen) == LIST_QUERIES
