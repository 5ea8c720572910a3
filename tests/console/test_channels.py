"""Channels and spend."""

from typing import Any

import pytest

from acquisition.models import Channel, Spend
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import count, open_shop, person, tell_contacts, tell_spend

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
WITH_PAGE: dict[str, Any] = {"follow": True, "headers": ENGLISH}


def get(user: Any, **query: Any) -> Any:
    return log_in(user).get("/t/acme/channels/", query, headers=ENGLISH)


def entry(token: Any, **fields: Any) -> dict[str, Any]:
    body = {
        "channel": "+",
        "new_name": "门店",
        "new_slug": "store",
        "period": "month",
        "date": "2024-02-17",
        "kind": "staff",
        "amount": "90.10",
    }
    return body | {"token": token} | fields


def entered(tenant: Any) -> list[tuple[str, str, str, str, int]]:
    with tenant_transaction(tenant.pk):
        rows = Spend.objects.for_tenant(tenant).order_by("id")
        return [(row.channel.slug, row.period, str(row.date), row.kind, row.amount_minor) for row in rows]


def test_each_channel_has_its_contacts_cost_and_cac(acme: Any, mei: Any) -> None:
    open_shop(acme, people=3)
    tell_contacts(acme, person(9, acquired={"at": "2024-01-05T00:00:00Z", "channel": "organic"}))
    count(acme)

    page = get(mei)

    totals = page.context["totals"]
    rows = [(row.channel, row.is_paid, row.contacts, row.cost_minor) for row in totals.channels]
    assert rows == [("organic", False, 1, 0), ("search", True, 3, 6000)]
    assert (str(totals.cac), str(totals.paid_cac)) == ("15.000000", "20.000000")
    html = page.content.decode()
    assert "<dd>£15.00</dd>" in html and "<dd>£20.00</dd>" in html and ">20.00<" in html


def test_a_month_without_an_entry_is_a_gap(acme: Any, bob: Any) -> None:
    for month in ("2024-01", "2024-03"):
        tell_spend(
            acme,
            {"external_id": month, "channel": "search", "month": month, "amount": "1.00", "currency": "GBP"},
        )

    page = get(bob)

    assert [line.months for line in page.context["calendar"]] == [[100, None, 100]]
    assert page.context["gaps"] == 1
    assert "nothing entered" in page.content.decode()


def test_a_cost_is_entered_once_however_often_it_is_sent(acme: Any, bob: Any) -> None:
    browser = log_in(bob)
    token = browser.get("/t/acme/channels/").context["form"]["token"].value()

    answers = [browser.post("/t/acme/channels/", entry(token)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert entered(acme) == [("store", "month", "2024-02-01", "staff", 9010)]


def test_a_new_channel_is_made_by_choosing_so_and_is_then_offered_by_its_name(acme: Any, bob: Any) -> None:
    browser = log_in(bob)
    tokens = [browser.get("/t/acme/channels/").context["form"]["token"].value() for _ in range(2)]

    browser.post("/t/acme/channels/", entry(tokens[0]))
    page = browser.get("/t/acme/channels/").content.decode()
    browser.post("/t/acme/channels/", entry(tokens[1], channel="store", new_slug="", new_name=""))

    assert '<option value="store">门店</option>' in page
    assert '<th scope="row" class="m1">2024-02</th>' in page
    assert [row[0] for row in entered(acme)] == ["store", "store"]
    with tenant_transaction(acme.pk):
        assert list(Channel.objects.for_tenant(acme).values_list("slug", "name")) == [("store", "门店")]


def test_a_new_channel_of_a_slug_that_exists_is_that_channel_under_its_own_name(acme: Any, bob: Any) -> None:
    tell_spend(acme, {"external_id": "s", "channel": "store", "month": "2024-01", "amount": "1", "currency": "GBP"})
    with tenant_transaction(acme.pk):
        Channel.objects.for_tenant(acme).update(name="线下门店")
    browser = log_in(bob)
    token = browser.get("/t/acme/channels/").context["form"]["token"].value()

    said = [
        [str(message) for message in browser.post("/t/acme/channels/", body, **WITH_PAGE).context["messages"]]
        for body in (entry(token), entry(token))
    ]

    assert said == [
        ["Entered under “线下门店”: this slug was already its."],
        ["Entered. The boards follow within seconds."],
    ]
    assert [row[0] for row in entered(acme)] == ["store", "store"]
    with tenant_transaction(acme.pk):
        assert list(Channel.objects.for_tenant(acme).values_list("slug", "name")) == [("store", "线下门店")]


def test_months_begin_with_the_newest_and_list_the_channels_above_in_their_order(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)
    tell_contacts(acme, person(9, acquired={"at": "2024-01-05T00:00:00Z", "channel": "organic"}))
    month = {"channel": "search", "month": "2024-02", "amount": "1.00", "currency": "GBP"}
    tell_spend(acme, {**month, "external_id": "s"}, {**month, "external_id": "a", "channel": "zoo"})
    count(acme)

    page = get(bob)

    assert [str(month) for month in page.context["months"][:2]] == ["2024-02-01", "2024-01-01"]
    assert [(line.slug, line.months[:2]) for line in page.context["calendar"]] == [
        ("organic", [None, None]),
        ("search", [100, 6000]),
        ("zoo", [100, None]),
    ]


def test_what_cannot_be_entered_is_said_beside_it(acme: Any, bob: Any) -> None:
    browser = log_in(bob)
    token = browser.get("/t/acme/channels/").context["form"]["token"].value()

    wrong = [
        entry(token, amount="-1"),
        entry(token, amount="1.005"),
        entry(token, channel="no-such-channel"),
        entry(token, new_slug="no slug"),
        entry(token, new_slug=""),
        entry(token, new_name=" "),
        entry("x"),
    ]

    for body in wrong:
        answer = browser.post("/t/acme/channels/", body)
        assert (answer.status_code, answer.context["form"].is_valid()) == (200, False)
    assert entered(acme) == []


def test_a_brand_manager_reads_but_does_not_enter(acme: Any, mei: Any) -> None:
    browser = log_in(mei)
    page = browser.get("/t/acme/channels/")

    assert b"spend-form" not in page.content
    assert browser.post("/t/acme/channels/", entry("x")).status_code == 403
    assert entered(acme) == []


def test_the_word_for_no_channel_is_no_channel(acme: Any, bob: Any) -> None:
    browser = log_in(bob)
    token = browser.get("/t/acme/channels/").context["form"]["token"].value()

    for slug, said in [("Unattributed", "没有渠道的客户"), ("-x", "以字母或数字开头")]:
        answer = browser.post("/t/acme/channels/", entry(token, new_slug=slug))
        (error,) = answer.context["form"].errors["new_slug"]
        assert said in error
    assert entered(acme) == []
