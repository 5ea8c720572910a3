"""One SOP's page: what became of people and messages, who is where; paused, resumed and stopped."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sop.incoming import StepBody
from sop.models import Sop, Touchpoint
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.segment_desk import HTMX, get, post, told
from tests.console.sop_desk import named
from tests.console.test_sops import running
from tests.sop.stage import DAY, audience, enter, leave, make, people, planned, publish, runs, tick

pytestmark = pytest.mark.django_db

PAGE_QUERIES = 19
FIGURES_QUERIES = 14


def test_the_page_says_what_became_of_people_and_messages(acme: Any, bob: Any) -> None:
    sop = running(acme)
    with tenant_transaction(acme.pk):
        Touchpoint.objects.for_tenant(acme).filter(state="skipped").update(reason="cap")

    page = get(bob, f"sops/{sop.pk}/")

    assert (page.context["funnel"].entered, page.context["outlook"].inside) == (3, 3)
    (first, second) = [line for _day, lines in page.context["live"].days for line in lines]
    assert [(part.state, part.count) for part in first.told] == [("sent", 2), ("skipped", 1)]
    assert [(state, reason, count) for state, _w, reason, _y, count in first.reasons] == [("skipped", "cap", 1)]
    assert (first.moment, second.moment, second.late) == ("10 minutes", "10:00", "2 hours")
    text = page.content.decode()
    assert "skipped: the day&#x27;s cap was reached" in text
    assert '<span class="c-chip" title="Where there is none: you">“Name”</span>: hello' in text


def test_people_are_listed_by_state_with_what_comes_next(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    publish(acme, sop)
    everyone = people(acme, 3)
    enter(acme, segment, everyone)
    tick(acme)
    leave(acme, segment, everyone[:1])
    tick(acme)

    inside = get(bob, f"sops/{sop.pk}/").context["runs"]
    left = get(bob, f"sops/{sop.pk}/", state="exited")

    assert [(run.contact_id, coming.step.position) for run, _known, coming in inside] == [
        (everyone[2], 1),
        (everyone[1], 1),
    ]
    assert [run.contact_id for run, _known, _coming in left.context["runs"]] == everyone[:1]
    text = left.content.decode()
    assert "left the segment" in text
    assert '<td class="m3"><span class="w-phone">Entered </span>' in text
    assert '<td class="m4"><span class="w-phone">Ended </span>' in text


def test_more_people_are_loaded_where_the_page_ends(acme: Any, bob: Any) -> None:
    segment = audience(acme)
    sop = make(acme, segment)
    publish(acme, sop)
    enter(acme, segment, people(acme, 53))
    tick(acme)
    first = get(bob, f"sops/{sop.pk}/")

    more = log_in(bob).get(f"/t/acme/sops/{sop.pk}/", {"after": first.context["after_runs"]}, headers=HTMX)

    shown = [run.pk for page in (first, more) for run, _known, _coming in page.context["runs"]]
    assert len(shown) == len(set(shown)) == 53
    assert b"<html" not in more.content


def test_the_open_page_asks_for_its_figures_alone(acme: Any, bob: Any) -> None:
    sop = running(acme)
    page = get(bob, f"sops/{sop.pk}/").content.decode()
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        figures = browser.get(f"/t/acme/sops/{sop.pk}/", {"live": "1"}, headers=HTMX).content.decode()

    assert f'hx-get="/t/acme/sops/{sop.pk}/?live=1"' in page and f'hx-get="/t/acme/sops/{sop.pk}/?live=1"' in figures
    assert 'id="sop-inside">3<' in figures and "<html" not in figures and "Person 0" not in figures
    assert len(seen) == FIGURES_QUERIES


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_however_many_are_inside(acme: Any, bob: Any, count: int) -> None:
    sop = running(acme, count=count)
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/sops/{sop.pk}/")

    assert len(seen) == PAGE_QUERIES


def test_a_pause_says_what_it_holds_and_holds_it(acme: Any, bob: Any) -> None:
    sop = running(acme)

    asked = get(bob, f"sops/{sop.pk}/pause/")
    done = post(bob, f"sops/{sop.pk}/pause/")

    assert (asked.context["outlook"].planned, asked.context["outlook"].inside) == (3, 3)
    assert told(done) == ["Paused: nothing more goes out."]
    assert named(acme, "Welcome").state == "paused"
    assert "3 planned messages wait" in done.content.decode()


def test_a_resume_tells_what_is_too_late_from_what_goes_out(acme: Any, bob: Any) -> None:
    sop = running(acme)
    post(bob, f"sops/{sop.pk}/pause/")
    now = timezone.now()
    with tenant_transaction(acme.pk):
        waiting = Touchpoint.objects.for_tenant(acme).filter(state="planned").order_by("pk")
        late, due = waiting[0].pk, waiting[1].pk
        waiting.update(run_at=now + DAY, due_at=now + DAY, late_at=now + 2 * DAY)
        waiting.filter(pk=late).update(run_at=now - DAY, due_at=now - DAY, late_at=now - DAY / 2)
        waiting.filter(pk=due).update(run_at=now - DAY / 24, due_at=now - DAY / 24, late_at=now + DAY)

    page = get(bob, f"sops/{sop.pk}/resume/")

    assert (page.context["in_time"], page.context["outlook"].too_late) == (1, 1)
    assert told(post(bob, f"sops/{sop.pk}/resume/")) == ["Resumed."]
    assert named(acme, "Welcome").state == "published"


def test_a_stop_cancels_what_is_planned_and_leaves_the_page(acme: Any, bob: Any) -> None:
    sop = running(acme)

    post(bob, f"sops/{sop.pk}/stop/")

    assert {state for _contact, state, _reason in runs(acme, sop)} == {"exited"}
    assert {(state, reason) for _c, _due, state, reason in planned(acme, sop) if state == "cancelled"} == {
        ("cancelled", "stopped")
    }
    page = get(bob, f"sops/{sop.pk}/").content.decode()
    assert "It was stopped for good" in page and f'href="/t/acme/sops/{sop.pk}/edit/' not in page


@pytest.mark.parametrize(
    ("state", "path", "said"),
    [
        ("published", "resume", "It is not paused, so there is nothing to resume."),
        ("paused", "pause", "It is not running, so there is nothing to pause."),
        ("archived", "stop", "This SOP was stopped for good. Copy it to run it again."),
    ],
)
def test_an_act_that_is_out_of_place_says_so(acme: Any, bob: Any, state: str, path: str, said: str) -> None:
    sop = running(acme)
    with tenant_transaction(acme.pk):
        Sop.objects.for_tenant(acme).update(state=state)

    asked, answer = get(bob, f"sops/{sop.pk}/{path}/"), post(bob, f"sops/{sop.pk}/{path}/")

    assert (asked.status_code, asked.headers["Location"]) == (302, f"/t/acme/sops/{sop.pk}/")
    assert said in told(answer)
    assert named(acme, "Welcome").state == state


def test_the_schedule_goes_by_time_whatever_the_order_in_which_it_was_sent(acme: Any, bob: Any) -> None:
    steps = [
        StepBody(content="evening", day=2, at="18:00"),
        StepBody(content="three days", after_minutes=4320),
        StepBody(content="morning", day=2, at="09:00"),
        StepBody(content="an hour", after_minutes=60),
    ]
    sop = make(acme, audience(acme), *steps)

    days = get(bob, f"sops/{sop.pk}/").context["draft"].days

    assert [(day, [line.step.content for line in lines]) for day, lines in days] == [
        ("After entry", ["an hour", "three days"]),
        ("Day 2", ["morning", "evening"]),
    ]


def test_the_segment_page_leads_to_its_sops(acme: Any, bob: Any) -> None:
    sop = running(acme)

    page = get(bob, "segments/").content.decode()

    assert f'href="/t/acme/sops/{sop.pk}/"' in page
