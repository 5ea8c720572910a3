"""What the engine's forms write: in the form's tenant, checked against its own constraints, told to its audit log."""

from typing import Any

from acquisition.models import Channel, Spend
from contacts.models import Tag, TagGroup
from tenants.models import AuditEntry
from tests.cast import log_in


def test_a_tag_group_is_made_in_the_tenant_of_the_address(alice: Any, acme: Any, globex: Any, inside: Any) -> None:
    answer = log_in(alice).post("/t/acme/manage/contacts/taggroup/add/", {"name": "口味"})

    assert answer.status_code == 302
    with inside(acme):
        assert list(TagGroup.objects.for_tenant(acme).values_list("name", flat=True)) == ["口味"]
        entries = AuditEntry.objects.for_tenant(acme).values_list("actor", "act", "target")
        assert list(entries) == [("Alice", "taggroup.created", "口味")]
    with inside(globex):
        assert not TagGroup.objects.for_tenant(globex).exists()


def test_a_second_row_of_the_same_name_is_a_form_error_and_a_neighbours_is_none(
    alice: Any, acme: Any, globex: Any, inside: Any
) -> None:
    with inside(globex):
        TagGroup.objects.create(tenant=globex, name="来源")
    browser = log_in(alice)

    first = browser.post("/t/acme/manage/contacts/taggroup/add/", {"name": "来源"})
    second = browser.post("/t/acme/manage/contacts/taggroup/add/", {"name": "来源"})

    assert first.status_code == 302
    assert second.status_code == 200
    assert second.context["adminform"].form.non_field_errors() == ["已有同名的标签组。"]


def test_a_change_writes_what_was_changed_and_says_which(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        group = TagGroup.objects.create(tenant=acme, name="口味")
        tag = Tag.objects.create(tenant=acme, group=group, name="辣")

    answer = log_in(alice).post(f"/t/acme/manage/contacts/tag/{tag.pk}/change/", {"group": group.pk, "name": "微辣"})

    assert answer.status_code == 302
    with inside(acme):
        assert Tag.objects.for_tenant(acme).get().name == "微辣"
        assert AuditEntry.objects.for_tenant(acme).get().act == "tag.changed"


def test_spend_by_hand_is_what_the_service_writes(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        channel = Channel.objects.create(tenant=acme, slug="douyin", name="抖音")
    form = {
        "channel": channel.pk, "kind": "ads", "period": "month", "date": "2026-11-17", "amount": "1234.5",
        "currency": "gbp",
    }  # fmt: skip

    added = log_in(alice).post("/t/acme/manage/acquisition/spend/add/", form)

    assert added.status_code == 302
    with inside(acme):
        row = Spend.objects.for_tenant(acme).get()
        told = (row.period, str(row.date), row.amount_minor, row.currency, row.base_amount_minor)
        assert told == ("month", "2026-11-01", 123450, "GBP", 123450)


def test_spend_in_a_currency_without_a_rate_is_a_form_error_and_writes_nothing(
    alice: Any, acme: Any, inside: Any
) -> None:
    with inside(acme):
        channel = Channel.objects.create(tenant=acme, slug="douyin", name="抖音")
    form = {"channel": channel.pk, "kind": "ads", "period": "day", "date": "2026-11-17", "amount": "12"}
    browser = log_in(alice)

    no_rate = browser.post("/t/acme/manage/acquisition/spend/add/", {**form, "currency": "USD"})
    decimals = browser.post("/t/acme/manage/acquisition/spend/add/", {**form, "amount": "1.234", "currency": "GBP"})

    assert list(no_rate.context["adminform"].form.errors) == ["currency"]
    assert list(decimals.context["adminform"].form.errors) == ["amount"]
    with inside(acme):
        assert not Spend.objects.for_tenant(acme).exists()
