"""Named lists of contacts as tabs, and the columns that each member chooses."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import SavedView
from tenants.context import tenant_transaction
from tests.cast import _member, log_in
from tests.console.shop_floor import open_shop, person, tell_contacts

HTMX = {"HX-Request": "true"}
ALL_COLUMNS = "name,phone,channel,tags,acquired,purchases,net,last_order,sops"
WIDE_QUERIES = 17


def get(user: Any, query: str = "", **headers: str) -> Any:
    return log_in(user).get(f"/t/acme/contacts/{query}", headers={"accept-language": "en"} | headers)


def post(user: Any, path: str, **fields: Any) -> Any:
    return log_in(user).post(f"/t/acme/contacts/{path}", fields, headers={"accept-language": "en"}, follow=True)


def named(answer: Any) -> list[tuple[str, bool]]:
    """The tabs, and which is open."""
    return [(tab.view.name, tab.is_open) for tab in answer.context["tabs"]]


def view_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(SavedView.objects.for_tenant(tenant).get(name=name).pk)


def test_what_is_shown_is_kept_under_a_name_and_opened_again(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1), person(2, acquired={"at": "2024-02-03T00:00:00Z", "channel": "store"}))

    saved = post(bob, "views/?channel=store&columns=name,net", name="Store people")
    tab = get(bob).context["tabs"][0]
    opened = get(bob, f"?{tab.query}")

    assert named(saved) == named(opened) == [("Store people", True)]
    assert named(get(bob)) == [("Store people", False)]
    assert [line.contact.name for line, _known in opened.context["lines"]] == ["顾客2"]
    assert opened.context["columns"] == ["name", "net"]
    assert opened.content.count(b"<th scope") == 4  # of selection, two of columns, one of a row


def test_a_view_is_ones_own_unless_shared(acme: Any, alice: Any, bob: Any, mei: Any) -> None:
    tell_contacts(acme, person(1))
    post(bob, "views/", name="Mine")
    post(bob, "views/?q=a", name="Ours", is_shared="on")
    post(mei, "views/", name="Quiet", is_shared="on")

    assert [[name for name, _open in named(get(user))] for user in (bob, alice, mei)] == [
        ["Mine", "Ours"],
        ["Ours"],
        ["Ours", "Quiet"],
    ]


def test_a_view_is_deleted_by_whoever_made_it_and_a_shared_one_by_owners(acme: Any, alice: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    ben = _member(acme, "ben", "operator")
    for name in ("one", "two"):
        post(bob, "views/", name=name, is_shared="on")
    post(bob, "views/", name="own")

    refused = [
        post(user, f"views/{view_id(acme, name)}/delete/").status_code for user, name in ((ben, "one"), (alice, "own"))
    ]
    post(bob, f"views/{view_id(acme, 'one')}/delete/")
    post(alice, f"views/{view_id(acme, 'two')}/delete/")

    assert refused == [404, 404]
    assert [name for name, _open in named(get(bob))] == ["own"]


@pytest.mark.parametrize(("name", "said"), [("", "Give the view a name"), ("twice", "You have a view of this name")])
def test_a_view_without_a_name_of_its_own_is_refused_with_the_reason(acme: Any, bob: Any, name: str, said: str) -> None:
    tell_contacts(acme, person(1))
    post(bob, "views/?q=a", name="twice")

    answer = post(bob, "views/?q=顾客1", name=name)

    assert said in str(next(iter(answer.context["messages"])))
    assert answer.request["QUERY_STRING"] == "q=%E9%A1%BE%E5%AE%A21"
    assert len(named(answer)) == 1


def test_each_member_chooses_columns_for_itself(acme: Any, bob: Any, mei: Any) -> None:
    open_shop(acme, people=1)

    post(bob, "columns/?q=顾客&columns=name", columns=["tags", "sops"])
    chosen = get(bob)
    post(bob, "columns/")

    assert chosen.context["columns"] == ["name", "tags", "sops"]
    assert get(mei).context["columns"] == get(bob).context["columns"]
    assert get(mei).context["columns"] == ["name", "phone", "channel", "acquired", "purchases", "net", "last_order"]
    assert get(bob, "?columns=shoe,size").context["columns"] == get(mei).context["columns"]


def test_the_tabs_follow_the_filters(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    post(bob, "views/?q=顾客", name="Named")
    tab = get(bob).context["tabs"][0]

    piece = get(bob, f"?{tab.query}", **HTMX)

    assert named(piece) == [("Named", True)]
    assert piece.content.count(b'hx-swap-oob="true"') == 1


def test_a_hostile_name_is_text(acme: Any, bob: Any) -> None:
    tell_contacts(acme, person(1))
    post(bob, "views/", name='<img src=x onerror="alert(1)">')

    assert b"<img src=x" not in get(bob).content


@pytest.mark.parametrize("people", [1, 3])
def test_a_list_with_every_column_costs_the_same_queries_whatever_it_holds(acme: Any, bob: Any, people: int) -> None:
    open_shop(acme, people=people)
    for number in range(people):
        post(bob, f"views/?q={number}", name=f"view {number}")
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get(f"/t/acme/contacts/?columns={ALL_COLUMNS}", headers=HTMX)

    assert len(seen) == WIDE_QUERIES
