"""What the engine's forms write: in the form's tenant, checked against its own constraints, told to its audit log."""

from typing import Any

import pytest
from django.db import connection

from acquisition.models import Channel, Spend
from contacts.models import Tag, TagGroup
from tenants import turns
from tenants.models import AuditEntry, FxRate
from tests.cast import log_in
from tests.console.shop_floor import person, tell_contacts, tell_spend

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("path", ["acquisition/channel", "orders/source"])
@pytest.mark.parametrize("slug", ["Store", "-store", "_store", "a b", "s" * 51, "store\n1"])
def test_a_slug_by_hand_is_one_that_rest_takes(alice: Any, acme: Any, inside: Any, path: str, slug: str) -> None:
    form = {"name": "Store", "slug": slug, "is_paid": "unknown", "unknown_buyer": "create"}
    browser = log_in(alice)

    refused = browser.post(f"/t/acme/manage/{path}/add/", form)
    taken = browser.post(f"/t/acme/manage/{path}/add/", {**form, "slug": "2-store_" + "s" * 42})

    assert (refused.status_code, taken.status_code) == (200, 302)
    assert refused.context["adminform"].form.errors == {
        "slug": ["请填写 1 至 50 个小写字母、数字、- 或 _，以字母或数字开头。"]
    }


def test_no_channel_is_made_of_the_word_for_no_channel(alice: Any, acme: Any, inside: Any) -> None:
    form = {"name": "x", "slug": "unattributed", "is_paid": "unknown"}

    answer = log_in(alice).post("/t/acme/manage/acquisition/channel/add/", form)

    assert answer.context["adminform"].form.errors == {
        "slug": ["「unattributed」表示没有渠道的客户，渠道不能使用这个标识。"]
    }
    with inside(acme):
        assert not Channel.objects.for_tenant(acme).exists()


def test_a_channel_is_renamed_without_its_slug(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        channel = Channel.objects.create(tenant=acme, slug="douyin", name="x")

    answer = log_in(alice).post(
        f"/t/acme/manage/acquisition/channel/{channel.pk}/change/", {"name": "抖音", "is_paid": "unknown"}
    )

    assert answer.status_code == 302
    with inside(acme):
        assert list(Channel.objects.for_tenant(acme).values_list("slug", "name")) == [("douyin", "抖音")]


@pytest.mark.parametrize("path", ["contacts/taggroup/add/", "orders/source/add/"])
def test_a_form_is_written_in_the_tenants_turn(alice: Any, acme: Any, path: str) -> None:
    class Turn:
        """What another connection finds while a form is validated or saved."""

        def __init__(self) -> None:
            self.other = connection.copy()
            self.taken: list[bool] = []

        def look(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if "contacts_taggroup" in sql or "orders_source" in sql:
                with self.other.cursor() as cursor:
                    cursor.execute(
                        "SELECT NOT pg_try_advisory_xact_lock((%s::bigint << 40) + %s)",
                        [int(turns.Turn.WRITES), acme.pk],
                    )
                    self.taken.append(cursor.fetchone()[0])
            return execute(sql, params, many, context)

    row = {"name": "口味", "slug": "taste", "unknown_buyer": "create"}
    turn, browser = Turn(), log_in(alice)
    try:
        with connection.execute_wrapper(turn.look):
            answer = browser.post(f"/t/acme/manage/{path}", row)
    finally:
        turn.other.close()

    assert answer.status_code == 302
    assert set(turn.taken) == {True}


def test_the_lists_say_what_a_channel_counts_as_and_write_months_and_rates_short(
    alice: Any, acme: Any, inside: Any
) -> None:
    tell_contacts(acme, person(1, acquired={"at": "2024-01-02T00:00:00Z", "channel": "organic"}))
    month = {"external_id": "s1", "channel": "search", "month": "2024-01", "amount": "60.00", "currency": "GBP"}
    day = {"external_id": "s2", "channel": "fair", "date": "2024-01-03", "amount": "5.00", "currency": "GBP"}
    tell_spend(acme, month, day)
    with inside(acme):
        FxRate.objects.create(tenant=acme, date="2024-01-03", currency="USD", rate="0.63000000")
        fair = Channel.objects.for_tenant(acme).get(slug="fair")
    browser = log_in(alice)
    browser.post(f"/t/acme/manage/acquisition/channel/{fair.pk}/change/", {"name": "Fair", "is_paid": "false"})

    channels = told(browser.get("/t/acme/manage/acquisition/channel/"), "paid_shown")
    spend = told(browser.get("/t/acme/manage/acquisition/spend/"), "date_shown")
    rates = told(browser.get("/t/acme/manage/tenants/fxrate/"), "rate_shown")

    assert channels == ["非付费", "自动：非付费", "自动：付费"]
    assert (spend, rates) == (["2024-01-03", "2024-01"], ["1 USD = 0.63 GBP"])


def told(page: Any, column: str) -> list[str]:
    """What a list of the engine shows in a column."""
    return [str(getattr(page.context["cl"].model_admin, column)(row)) for row in page.context["cl"].result_list]


def test_an_empty_list_offers_the_first_row_and_an_empty_search_its_end(alice: Any) -> None:
    browser = log_in(alice)

    nothing = browser.get("/t/acme/manage/contacts/tag/").content.decode()
    no_match = browser.get("/t/acme/manage/contacts/tag/?q=x").content.decode()

    assert ("新建第一条" in nothing, "清除筛选" in nothing) == (True, False)
    assert ("新建第一条" in no_match, "清除筛选" in no_match) == (False, True)


def test_spend_is_called_by_day_channel_and_kind_and_audited_by_its_id(alice: Any, acme: Any, inside: Any) -> None:
    tell_spend(acme, {"external_id": "s1", "channel": "search", "date": "2024-01-03", "amount": "5", "currency": "GBP"})
    with inside(acme):
        row = Spend.objects.for_tenant(acme).select_related("channel").get()
    path, browser = f"/t/acme/manage/acquisition/spend/{row.pk}/", log_in(alice)
    changed = {"channel": row.channel_id, "kind": "ads", "period": "day", "date": "2024-01-03", "currency": "GBP"}

    chinese = browser.get(f"{path}change/").content.decode()
    english = browser.get(f"{path}change/", headers={"accept-language": "en"}).content.decode()
    browser.post(f"{path}change/", {**changed, "amount": "6"})
    history = browser.get(f"{path}history/")

    assert "2024-01-03 · search · 广告</span>" in chinese
    assert "3 Jan 2024 · search · ads</span>" in english
    assert history.url == "/t/acme/settings/audit/?target=s1"
    with inside(acme):
        assert AuditEntry.objects.for_tenant(acme).get().target == "s1"


def test_forms_say_what_to_enter_and_offer_to_save_or_leave(alice: Any, acme: Any) -> None:
    browser = log_in(alice)

    channel, spend, rate, source = (
        browser.get(f"/t/acme/manage/{path}/add/").content.decode()
        for path in ("acquisition/channel", "acquisition/spend", "tenants/fxrate", "orders/source")
    )

    assert "建后不可改" in channel and "有投放费用即为付费" in channel
    assert "按月时填该月任意一天" in spend
    assert "1 单位外币 = ? GBP" in rate and "若 1 USD = 7.12 GBP，填 7.12" in rate
    assert ('<option value="USD">' in rate, '<option value="GBP">' in rate) == (True, False)
    assert "建后不可改" in source and "不在客户列表" in source
    for form, list_path in ((channel, "acquisition/channel"), (source, "orders/source")):
        assert ('name="_save"' in form, "_continue" in form, "_addanother" in form) == (True, False, False)
        assert f'<a class="c-button" href="/t/acme/manage/{list_path}/">取消</a>' in form
    assert "related-widget" not in spend


def test_a_list_counts_its_entries_and_an_empty_one_says_what_it_is_for(alice: Any, acme: Any) -> None:
    tell_spend(
        acme,
        *(
            {"external_id": f"s{n}", "channel": "search", "date": "2024-01-03", "amount": "5", "currency": "GBP"}
            for n in range(51)
        ),
    )
    browser = log_in(alice)

    spend = browser.get("/t/acme/manage/acquisition/spend/").content.decode()
    rates = browser.get("/t/acme/manage/tenants/fxrate/").content.decode()
    english = browser.get("/t/acme/manage/acquisition/channel/", headers={"accept-language": "en"}).content.decode()

    assert "共 51 条" in spend and '<span aria-current="page">1</span>' in spend and "新建投放费用</a>" in spend
    assert "只有用外币录入投放费用或订单时才需要汇率。" in rates
    assert ("c-filter-toggle" in rates, "c-pager" in rates) == (False, False)
    assert ">1 entry<" in english and ">New channel</a>" in english
