"""The list of SOPs, and who may see it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sop.services.pausing import pause_sop, stop_sop
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.segment_desk import get
from tests.sop.stage import DAY, audience, enter, make, people, publish, settle, tick

pytestmark = pytest.mark.django_db

LIST_QUERIES = 14


def running(tenant: Any, name: str = "Welcome", *, count: int = 3) -> Any:
    """A published SOP with people who entered a day ago, whose first messages were sent or skipped."""
    began = timezone.now() - DAY
    segment = audience(tenant, f"For {name}")
    sop = make(tenant, segment, name=name)
    publish(tenant, sop, at=began)
    enter(tenant, segment, people(tenant, count), at=began)
    tick(tenant, at=began)
    settle(tenant, sop, at=began + DAY / 24, states=["sent", "skipped"])
    return sop


def act(tenant: Any, sop: Any, do: Any) -> None:
    with tenant_transaction(tenant.pk):
        do(tenant=tenant, sop_id=sop.pk, actor="tests", at=timezone.now())


def test_an_empty_list_offers_schedules_to_begin_with(acme: Any, bob: Any, mei: Any) -> None:
    page = get(bob, "sops/").content.decode()

    assert "No SOPs yet" in page
    assert page.count("sops/new/?from=") == 3
    assert "sops/new/" not in get(mei, "sops/").content.decode()


def test_the_list_says_for_whom_who_is_inside_and_what_became_of_a_week(acme: Any, bob: Any) -> None:
    running(acme)

    page = get(bob, "sops/")

    ((row, told),) = page.context["lines"]
    assert (row.sop.name, row.version.segment.name, row.inside) == ("Welcome", "For Welcome", 3)
    assert [(part.state, part.count) for part in told if part.state != "planned"] == [("sent", 2), ("skipped", 1)]
    assert page.context["totals"]["sent"] == 2 and page.context["totals"]["not_sent"] == 1
    text = page.content.decode()
    assert 'aria-label="Pause Welcome"' in text
    legend = re.findall(r'<span class="o-key o-(\w+)"></span>(.+?)</span>', text)
    assert legend == [
        ("sent", "sent"),
        ("planned", "planned"),
        ("skipped", "skipped"),
        ("cancelled", "cancelled"),
        ("failed", "failed or unknown"),
    ]


def test_what_a_pause_holds_is_not_counted_as_coming(acme: Any, bob: Any) -> None:
    sop = running(acme)
    act(acme, sop, pause_sop)

    totals = get(bob, "sops/").context["totals"]

    assert totals["due_next_day"] == 0 and totals["waiting"] == 3


def test_stopped_ones_are_shown_when_asked_for(acme: Any, bob: Any) -> None:
    running(acme, "Goes on")
    act(acme, running(acme, "Over"), stop_sop)

    def names(**query: Any) -> list[str]:
        return [row.sop.name for row, _told in get(bob, "sops/", **query).context["lines"]]

    assert names() == ["Goes on"]
    assert names(archived="1") == ["Goes on", "Over"]
    assert "Show 1 stopped one" in get(bob, "sops/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, count: int) -> None:
    for number in range(count):
        running(acme, f"SOP {number}")
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/sops/")

    assert len(seen) == LIST_QUERIES


def test_staff_have_no_sops_and_brand_managers_only_read(acme: Any, mei: Any) -> None:
    from tests.cast import _member

    sop = running(acme)
    sam = _member(acme, "sam", "staff")

    assert get(sam, "sops/").status_code == 403 and get(sam, f"sops/{sop.pk}/").status_code == 403
    assert get(mei, "sops/").status_code == 200 and get(mei, f"sops/{sop.pk}/").status_code == 200
    for path in ("new", f"{sop.pk}/edit", f"{sop.pk}/publish", f"{sop.pk}/pause", f"{sop.pk}/stop"):
        assert get(mei, f"sops/{path}/").status_code == 403
    assert f'href="/t/acme/sops/{sop.pk}/edit/' not in get(mei, f"sops/{sop.pk}/").content.decode()
