"""The list of touchpoints, and the daily limit."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from contacts.models import Contact
from scrm.console.work.touchpoints import lateness
from sop.models import TouchBudget, Touchpoint
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import AT, _member, log_in
from tests.sop.ledger.floor import Laid, lay_sop, make_people

HTMX = {"HX-Request": "true"}
LIST_QUERIES = 12
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def laid(acme: Any, now: datetime) -> Laid:
    """Four people's touchpoints, due an hour ago: sent, skipped, failed, and one that waits."""
    laid = lay_sop(acme, make_people(acme, count=4), name="Welcome", due_at=now - HOUR)
    due: dict[str, Any] = {"settled_at": now - HOUR + 12 * MINUTE}
    laid.change(0, state="sent", tries=2, text="您好，Ann", settled_at=now - HOUR)
    laid.change(1, state="skipped", reason="cap", **due)
    laid.change(2, state="failed", reason="refused", tries=1, text="unknown person", **due)
    return laid


def get(user: Any, **query: Any) -> Any:
    return log_in(user).get("/t/acme/touchpoints/", query, headers={"accept-language": "en"})


def shown(page: Any) -> list[tuple[str, str, str]]:
    """Whom, state and lateness of each line."""
    return [(line.known_as, line.touchpoint.state, line.lateness) for line in page.context["lines"]]


def counts(page: Any, side: str) -> dict[str, int]:
    return {one.state: one.count for one in page.context[side]}


def test_the_list_says_what_became_of_each_message_and_why(laid: Laid, bob: Any) -> None:
    page = get(bob)

    text = page.content.decode()
    assert sorted(shown(page)) == [
        ("Person 0", "sent", "on time"),
        ("Person 1", "skipped", "12 minutes late"),
        ("Person 2", "failed", "12 minutes late"),
        ("Person 3", "planned", "waiting for 1 hour"),
    ]
    assert "the day&#x27;s cap was reached" in text
    assert "the provider refused it" in text
    assert 'title="您好，Ann"' in text
    assert f'href="/t/acme/sops/{laid.sop.pk}/"' in text
    assert "4 touchpoints" in text
    assert "due until now" in text
    assert text.count('<span class="c-state t-planned">planned</span>') == 1


@pytest.mark.parametrize(
    ("state", "settled", "words"),
    [
        ("sent", timedelta(seconds=59), "on time"),
        ("sent", timedelta(seconds=60), "1 minute late"),
        ("unknown", 3 * HOUR + 59 * MINUTE, "3 hours late"),
        ("failed", 25 * HOUR, "25 hours late"),
        ("skipped", 71 * HOUR, "2 days late"),
        ("skipped", timedelta(seconds=59), ""),
        ("cancelled", -3 * HOUR, ""),
        ("planned", None, "waiting for 1 day"),
        ("claimed", None, "waiting for 1 day"),
    ],
)
def test_lateness_in_words(state: str, settled: timedelta | None, words: str) -> None:
    touchpoint = Touchpoint(state=state, due_at=AT, settled_at=None if settled is None else AT + settled)

    with translation.override("en"):
        assert lateness(touchpoint, AT + timedelta(days=1)) == words
        assert lateness(Touchpoint(state="planned", due_at=AT), AT - 2 * HOUR) == "in 2 hours"


def test_filters_narrow(acme: Any, laid: Laid, bob: Any, now: datetime) -> None:
    other = lay_sop(acme, make_people(acme, count=1), name="Later", due_at=now + HOUR)
    with tenant_transaction(acme.pk):
        person = Contact.objects.for_tenant(acme).get(name="Person 1")
    today, tomorrow = f"{now:%Y-%m-%d}", f"{now + timedelta(days=1):%Y-%m-%d}"

    def found(**query: Any) -> int:
        return len(shown(get(bob, **query)))

    assert [found(), found(when="now"), found(when="all"), found(when="day"), found(when="next")] == [4, 4, 5, 4, 1]
    assert [found(state="sent"), found(reason="cap"), found(contact=person.pk)] == [1, 1, 1]
    assert [found(sop=laid.sop.pk), found(sop=other.sop.pk), found(sop=other.sop.pk, when="now")] == [4, 1, 0]
    assert [found(step=laid.step.pk), found(step=other.step.pk), found(step=10**12)] == [4, 1, 0]
    assert found(due_from=f"{now - timedelta(days=1):%Y-%m-%d}", due_to=tomorrow) == 5
    assert found(due_from=f"{now + timedelta(days=2):%Y-%m-%d}") == 0
    assert today in get(bob, due_from=today).content.decode()
    narrowed = get(bob, contact=person.pk, step=laid.step.pk).content.decode()
    assert ("only Person 1" in narrowed, "only Welcome · step 1" in narrowed) == (True, True)


def test_what_lies_ahead_is_told_soonest_first_and_goes_on(acme: Any, bob: Any, now: datetime) -> None:
    first = lay_sop(acme, make_people(acme, count=30), name="First", due_at=now + HOUR)
    lay_sop(acme, make_people(acme, count=31), name="Second", due_at=now + 2 * HOUR)

    page = get(bob, when="next")
    more = get(bob, when="next", after=page.context["after"])

    dues = [line.touchpoint.due_at for each in (page, more) for line in each.context["lines"]]
    assert (len(page.context["lines"]), len(dues), dues) == (50, 61, sorted(dues))
    assert {line.touchpoint.sop_id for line in page.context["lines"][:30]} == {first.sop.pk}
    assert more.context["after"] == ""


def test_what_is_not_understood_is_said_and_narrows_nothing(laid: Laid, bob: Any) -> None:
    page = get(bob, due_from="yesterday", sop="x", state="y", contact="z", when="w", after="x~y")

    assert len(shown(page)) == 4
    assert page.context["only"] == []
    assert "Enter a valid date." in page.content.decode()


def test_counts_lead_to_their_lists(acme: Any, laid: Laid, bob: Any, now: datetime) -> None:
    lay_sop(acme, make_people(acme, count=2), name="Later", due_at=now + HOUR)
    lay_sop(acme, make_people(acme, count=1), name="Long ago", due_at=now - 30 * HOUR)

    page = get(bob)

    assert counts(page, "past") == {"sent": 1, "planned": 1, "skipped": 1, "failed": 1}
    assert counts(page, "ahead") == {"planned": 2}
    assert [one.query for one in page.context["ahead"]] == ["when=next&state=planned"]
    assert len(shown(get(bob, when="next", state="planned"))) == 2
    assert [one.is_shown for one in get(bob, state="sent", when="day").context["past"]] == [True, False, False, False]


def test_nothing_there_is_told_apart_from_nothing_due_and_nothing_found(acme: Any, bob: Any, now: datetime) -> None:
    empty = get(bob).content.decode()
    lay_sop(acme, make_people(acme, count=1), due_at=now + HOUR)
    ahead, not_found = get(bob).content.decode(), get(bob, state="failed", when="now").content.decode()
    nowhere = get(bob, state="failed", when="all").content.decode()

    assert "No touchpoints yet" in empty
    assert "/t/acme/sops/" in empty
    assert ("Nothing has been due yet" in ahead, "?when=all" in ahead) == (True, True)
    assert ("No touchpoint like this" in not_found, "state=failed&amp;when=all" in not_found) == (True, True)
    assert ("No touchpoint like this" in nowhere, "Look at any time" in nowhere) == (True, False)


def test_load_more_goes_on_where_the_page_ended(acme: Any, bob: Any, now: datetime) -> None:
    laid = lay_sop(acme, make_people(acme, count=60), due_at=now - HOUR)
    browser = log_in(bob)

    first = browser.get("/t/acme/touchpoints/", {"state": "planned"})
    query = {"state": "planned", "after": first.context["after"]}
    more = browser.get("/t/acme/touchpoints/", query, headers=HTMX)

    ids = [line.touchpoint.pk for page in (first, more) for line in page.context["lines"]]
    assert ids == sorted(laid.touchpoint_ids, reverse=True)
    assert (len(shown(first)), more.context["after"]) == (50, "")
    assert b"<html" not in more.content


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, now: datetime, count: int) -> None:
    people = make_people(acme, count=count)
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).update(name="")
    for number in range(count):
        lay_sop(acme, people, name=f"SOP {number}", due_at=now - HOUR)
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        page = browser.get("/t/acme/touchpoints/", headers=HTMX)

    assert len(shown(page)) == count * count
    assert len(seen) == LIST_QUERIES


def test_readers_read_and_staff_do_not(acme: Any, laid: Laid, mei: Any, alice: Any) -> None:
    staff = _member(acme, "sam", "staff")

    assert [get(user).status_code for user in (mei, alice, staff)] == [200, 200, 403]
    assert "/t/acme/touchpoints/limit/" not in get(mei).content.decode()
    assert "/t/acme/touchpoints/limit/" in get(alice).content.decode()


def test_another_tenants_touchpoints_are_not_there(acme: Any, globex: Any, laid: Laid, charlie: Any) -> None:
    page = log_in(charlie).get("/t/globex/touchpoints/", {"sop": laid.sop.pk, "when": "all"})

    assert page.context["lines"] == []
    assert "Welcome" not in page.content.decode()
    assert log_in(charlie).get("/t/acme/touchpoints/").status_code == 404


def test_names_and_texts_are_text(acme: Any, laid: Laid, bob: Any) -> None:
    nasty = '<img src=x onerror="alert(1)"> x-init="alert(2)"'
    laid.change(text=nasty)
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).update(name=nasty)
        laid.sop.name = nasty
        laid.sop.save(update_fields=["name"])

    text = get(bob).content

    assert b"<img src=x" not in text
    assert text.count(b"&lt;img src=x") >= 12


def limit(user: Any, per_day: Any = None) -> Any:
    browser, english = log_in(user), {"accept-language": "en"}
    if per_day is None:
        return browser.get("/t/acme/touchpoints/limit/", headers=english)
    return browser.post("/t/acme/touchpoints/limit/", {"per_day": per_day}, headers=english)


def held(tenant: Any) -> list[int]:
    with tenant_transaction(tenant.pk):
        return list(TouchBudget.objects.for_tenant(tenant).values_list("per_day", flat=True))


def test_the_limit_is_two_until_an_editor_sets_another(acme: Any, bob: Any, alice: Any) -> None:
    assert limit(bob).context["form"]["per_day"].value() == 2

    assert [limit(bob, 5).status_code, limit(alice, 3).status_code, limit(alice, 3).status_code] == [302] * 3

    assert held(acme) == [3]
    assert limit(bob).context["form"]["per_day"].value() == 3
    with tenant_transaction(acme.pk):
        acts = AuditEntry.objects.for_tenant(acme).filter(act="touch_budget.changed").order_by("pk")
        assert [(act.actor, act.detail) for act in acts] == [
            ("Bob", {"per_day": 5, "before": 2}),
            ("Alice", {"per_day": 3, "before": 5}),
        ]
    log = log_in(alice).get("/t/acme/settings/audit/", headers={"accept-language": "en"}).content.decode()
    assert "daily limit changed" in log
    assert "messages per contact and day" in log


@pytest.mark.parametrize("per_day", ["0", "21", "-1", "two", ""])
def test_a_limit_that_cannot_be_is_refused_beside_the_field(acme: Any, bob: Any, per_day: str) -> None:
    page = limit(bob, per_day)

    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert held(acme) == []


def test_the_page_says_what_the_limit_means_and_how_often_it_was_reached(laid: Laid, bob: Any) -> None:
    text = limit(bob).content.decode()

    assert "from midnight to midnight in UTC" in text
    assert "From 1 to 20. A brand that has set nothing has 2." in text
    assert "Skipped for it in the last 24 hours: 1" in text
    assert "/t/acme/touchpoints/?when=day&amp;reason=cap" in text


def test_the_limit_is_for_editors(acme: Any, mei: Any) -> None:
    staff = _member(acme, "sam", "staff")

    assert [limit(user, 4).status_code for user in (mei, staff)] == [403, 403]
    assert held(acme) == []
