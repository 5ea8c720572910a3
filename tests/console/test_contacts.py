"""The contact list and one contact's page."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact, TagMove
from contacts.services.consent import set_consent
from sop.models import Touchpoint
from tenants.context import tenant_transaction
from tests.cast import AT, _member, log_in
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.console.test_sops import running
from tests.orders.shop import order_body, post_orders
from tests.scrm.timeline.life import KINDS_TOLD, live, walk_through

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LIST_QUERIES = 15
CONTACT_QUERIES = 32


def names(answer: Any) -> list[str]:
    return [line.contact.name for line, _known in answer.context["lines"]]


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers={"accept-language": "en"})


def contact_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Contact.objects.for_tenant(tenant).get(name=name).pk)


def test_the_list_shows_who_when_and_what_they_brought(acme: Any, bob: Any) -> None:
    open_shop(acme, people=2)

    page = get(bob, "contacts/")

    text = page.content.decode()
    shown = [(line.contact.name, line.stats.purchases, line.stats.net_minor) for line, _known in page.context["lines"]]
    assert shown == [("顾客2", 1, 3000), ("顾客1", 1, 2000)]
    assert "2 contacts" in text
    assert "+8613800000002" in text


@pytest.mark.parametrize("text", ["小", "小龙", "3800000008", "b8"])
def test_search_finds_han_characters_phone_digits_and_shop_numbers(acme: Any, bob: Any, text: str) -> None:
    tell_contacts(acme, person(7), person(8, name="小龙女"), person(9))

    assert names(get(bob, "contacts/", q=text)) == ["小龙女"]


def test_filters_narrow_by_channel_tag_and_day_of_acquisition(acme: Any, bob: Any) -> None:
    tell_contacts(
        acme,
        person(1, tags=["口味/辣"]),
        person(2, acquired={"at": "2024-02-03T00:00:00Z", "channel": "store"}),
        person(3, acquired=None),
    )
    tag = next(value for value, label in get(bob, "contacts/").context["form"].fields["tag"].choices if value)

    assert names(get(bob, "contacts/", channel="store")) == ["顾客2"]
    assert names(get(bob, "contacts/", channel="unattributed")) == ["顾客3"]
    assert names(get(bob, "contacts/", tag=tag)) == ["顾客1"]
    assert names(get(bob, "contacts/", acquired_from="2024-02-01", acquired_to="2024-02-03")) == ["顾客2"]


def test_what_is_not_understood_is_said_and_narrows_nothing(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))

    page = get(bob, "contacts/", acquired_from="yesterday", channel="nowhere", after="x~y")

    assert names(page) == ["顾客1"]
    assert "Enter a valid date." in page.content.decode()


def test_nobody_found_is_told_apart_from_nobody_there(acme: Any, bob: Any) -> None:
    empty = get(bob, "contacts/").content.decode()
    tell_contacts(acme, person(1))
    not_found = get(bob, "contacts/", q="郭靖").content.decode()

    assert "No contacts yet" in empty
    assert "Nobody matches" in not_found


def test_load_more_goes_on_where_the_page_ended(acme: Any, bob: Any) -> None:
    tell_contacts(acme, *(person(number) for number in range(1, 61)))
    browser = log_in(bob)

    first = browser.get("/t/acme/contacts/")
    more = browser.get("/t/acme/contacts/", {"after": first.context["after"]}, headers=HTMX)

    assert (len(names(first)), len(names(more))) == (50, 10)
    assert set(names(first)) | set(names(more)) == {f"顾客{number}" for number in range(1, 61)}
    assert more.context["after"] == ""
    assert b"<html" not in more.content


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=people)
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/contacts/", headers=HTMX)

    assert len(seen) == LIST_QUERIES


@pytest.mark.parametrize("people", [1, 3])
def test_a_contact_costs_the_same_queries_whatever_happened(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=1)
    post_orders(acme, *(order_body(f"x{number}", buyer={"shop_buyer_id": "b1"}) for number in range(people)))
    browser, pk = log_in(bob), contact_id(acme, "顾客1")

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/contacts/{pk}/")

    assert len(seen) == CONTACT_QUERIES


def test_a_contact_shows_the_sops_it_is_in_to_those_who_may_open_them(acme: Any, bob: Any) -> None:
    sop = running(acme, count=1)
    pk, path = contact_id(acme, "Person 0"), f"sops/{sop.pk}/"

    pages = [get(user, f"contacts/{pk}/").content.decode() for user in (bob, _member(acme, "sam", "staff"))]

    assert ["SOPs now" in page and path in page for page in pages] == [True, False]
    assert "step 2, " in pages[0]


def test_a_contact_shows_its_story_newest_first(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)

    page = get(bob, f"contacts/{contact_id(acme, '顾客1')}/")

    assert [entry.item.kind for entry in page.context["story"].rows] == ["refund", "order", "touch"]
    figures = page.context["figures"]
    assert (figures["gross_minor"], figures["refunded_minor"], figures["net_minor"]) == (3000, 1000, 2000)
    assert page.context["value_minor"] == 2000
    text = page.content.decode()
    assert "touch of search" in text
    assert "shop:shop" in text


def test_the_story_goes_on_page_by_page_without_gaps_or_repeats(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    days = [f"2024-0{month}-1{day}T00:00:00Z" for month in (2, 3, 4, 5) for day in range(10)]
    orders = (order_body(f"o{at}", buyer={"shop_buyer_id": "b1"}, paid_at=at) for at in days)
    post_orders(acme, *orders)
    browser, pk = log_in(bob), contact_id(acme, "顾客1")

    first = browser.get(f"/t/acme/contacts/{pk}/").context["story"]
    rest = browser.get(f"/t/acme/contacts/{pk}/", {"before": first.before}, headers=HTMX).context["story"]

    seen = [(entry.item.kind, entry.item.title) for entry in (*first.rows, *rest.rows)]
    assert (len(first.rows), len(seen), len(set(seen)), rest.before) == (30, 41, 41, "")
    assert seen[-1][0] == "touch"


def test_a_brand_manager_sees_masked_phones_everywhere(acme: Any, mei: Any) -> None:
    tell_contacts(acme, person(1))

    pages = [get(mei, "contacts/"), get(mei, f"contacts/{contact_id(acme, '顾客1')}/")]

    for page in pages:
        text = page.content.decode()
        assert "+8613800000001" not in text
        assert "+8613••••0001" in text


def test_another_tenants_contact_and_none_are_the_same_404(acme: Any, globex: Any, bob: Any) -> None:
    tell_contacts(globex, person(1))
    theirs = contact_id(globex, "顾客1")

    assert [get(bob, f"contacts/{pk}/").status_code for pk in (theirs, 999_999_999)] == [404, 404]


def test_a_hostile_nickname_is_text(acme: Any, bob: Any) -> None:
    nasty = '<img src=x onerror="alert(1)"> x-init="alert(2)"'
    tell_contacts(acme, person(1, name=nasty))

    for page in (get(bob, "contacts/"), get(bob, f"contacts/{contact_id(acme, nasty)}/")):
        assert b"<img src=x" not in page.content
        assert b"&lt;img src=x" in page.content


def story(page: Any) -> list[tuple[str, str, str]]:
    """Kind, title and link of each line."""
    return [(entry.item.kind, entry.item.title, entry.link) for entry in page.context["story"].rows]


def test_the_story_is_told_by_every_app_and_leads_to_what_it_is_about(acme: Any, bob: Any) -> None:
    pk = live(acme)

    page = get(bob, f"contacts/{pk}/")

    links = {kind: link for kind, _title, link in story(page)}
    text = page.content.decode()
    assert links.keys() == KINDS_TOLD.keys()
    assert {kind: link.split("/")[3] for kind, link in links.items() if link} == {
        "order": "orders",
        "refund": "orders",
        "segment": "segments",
        "sop": "sops",
        "touchpoint": "sops",
    }
    assert all(f'href="{link}"' in text for link in links.values() if link)
    assert "by bob" in text
    assert "the day&#x27;s cap was reached · 您好" in text
    assert "−£10.00" in text


def test_staff_read_the_story_without_links_to_pages_that_they_may_not_open(acme: Any) -> None:
    pk = live(acme)

    page = get(_member(acme, "sam", "staff"), f"contacts/{pk}/")

    text = page.content.decode()
    assert {kind for kind, _title, link in story(page) if link} == {"order", "refund"}
    assert "Entered the SOP Welcome" in text
    assert "/t/acme/segments/" not in text
    assert "/t/acme/inbox/" not in text


@pytest.mark.parametrize("kind", KINDS_TOLD)
def test_a_chip_shows_its_kind_alone(acme: Any, bob: Any, kind: str) -> None:
    pk = live(acme)

    piece = log_in(bob).get(f"/t/acme/contacts/{pk}/", {"kind": kind}, headers=HTMX)

    assert {entry.item.kind for entry in piece.context["story"].rows} == {kind}
    assert b'aria-current="true"' in piece.content
    assert b"<html" not in piece.content


def test_a_kind_of_which_there_is_nothing_and_one_that_is_none(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    pk = contact_id(acme, "顾客1")

    assert "Nothing of this kind yet." in get(bob, f"contacts/{pk}/", kind="sop").content.decode()
    unknown = get(bob, f"contacts/{pk}/", kind="gossip", before="yesterday")
    assert [kind for kind, _title, _link in story(unknown)] == ["touch"]


def test_load_more_keeps_to_its_kind(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    pk = contact_id(acme, "顾客1")
    with tenant_transaction(acme.pk):
        for minute in range(31):
            told: dict[str, Any] = {"name": "g/t", "is_added": True, "source": "hand", "tenant": acme}
            TagMove.objects.create(contact_id=pk, created_at=AT + timedelta(minutes=minute), **told)
    browser = log_in(bob)

    first = browser.get(f"/t/acme/contacts/{pk}/", {"kind": "tag"})
    before = first.context["story"].before
    rest = browser.get(f"/t/acme/contacts/{pk}/", {"kind": "tag", "before": before}, headers=HTMX)

    assert f"kind=tag&amp;before={quote(before)}" in first.content.decode()
    assert [len(page.context["story"].rows) for page in (first, rest)] == [30, 1]


def test_what_is_planned_is_shown_as_coming_apart_from_what_happened(acme: Any, bob: Any) -> None:
    now = timezone.now()
    pk = live(acme, at=now - timedelta(minutes=5))
    for number in range(3):
        walk_through(acme, [pk], at=now - timedelta(hours=1), name=f"SOP {number}")
    with tenant_transaction(acme.pk):
        Touchpoint.objects.for_tenant(acme).filter(sop__name="SOP 0").update(
            state="planned", reason="", settled_at=None, due_at=now - timedelta(minutes=9)
        )

    page = get(bob, f"contacts/{pk}/")

    shown = page.context["story"]
    text = page.content.decode()
    assert [(entry.item.title[:19], entry.is_waiting) for entry in shown.coming[:2]] == [
        ("Message 1 of SOP 0:", True),
        ("Message 2 of SOP 0:", True),
    ]
    assert (len(shown.coming), shown.has_more_coming) == (3, True)
    assert "due, still waiting" in text
    assert f"/t/acme/touchpoints/?contact={pk}" in text
    assert all(entry.item.title.find("planned") < 0 for entry in shown.rows)
    assert get(bob, f"contacts/{pk}/", kind="order").context["story"].coming == []
    assert get(bob, f"contacts/{pk}/", before=now.isoformat()).context["story"].coming == []
    assert "Will be skipped: consent is withdrawn" not in text
    with tenant_transaction(acme.pk):
        set_consent(
            tenant=acme, contact_ids=[pk], touch_kind="private_chat", is_granted=False, evidence="", actor="Bob", at=now
        )
    assert "Will be skipped: consent is withdrawn" in get(bob, f"contacts/{pk}/").content.decode()
    piece = log_in(bob).get(f"/t/acme/contacts/{pk}/", headers={**HTMX, "accept-language": "en"})
    assert b"Will be skipped: consent is withdrawn" in piece.content


def test_what_a_message_and_a_tag_say_is_text(acme: Any, bob: Any) -> None:
    pk, nasty = live(acme), '<img src=x onerror="alert(1)">'
    with tenant_transaction(acme.pk):
        Touchpoint.objects.for_tenant(acme).filter(state="skipped").update(text=nasty)
        told: dict[str, Any] = {"name": nasty, "evidence": nasty, "actor": nasty, "source": "hand", "is_added": True}
        TagMove.objects.create(tenant=acme, contact_id=pk, created_at=AT, **told)

    text = get(bob, f"contacts/{pk}/").content

    assert b"<img src=x" not in text
    assert text.count(b"&lt;img src=x") >= 4
