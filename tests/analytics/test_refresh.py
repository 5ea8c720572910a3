"""Cohorts follow change rows, whatever ticks do; reconcile proves it and repairs."""

import threading
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest

from tests.analytics.datasets import load, post
from tests.cast import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(transactional_db: Any) -> Any:
    from tenants.models import Tenant

    return Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")


@pytest.fixture
def loaded(shop: Any) -> ApiClient:
    return load(shop, "edge_cases")


def _order(**fields: Any) -> dict[str, Any]:
    at = fields.get("paid_at", "2024-01-01T00:00:00Z")
    plain = {"external_id": "A1", "status": "paid", "paid_at": at, "updated_at": at, "currency": "USD"}
    return plain | {"amount": "50.00", "buyer": {"shop_buyer_id": "A"}} | fields


def _state(tenant: Any) -> list[tuple[Any, ...]]:
    from analytics.models import BuyerLife, CohortFact, CohortRollup, WholeRollup
    from tenants.context import tenant_transaction

    facts = (
        "contact_id",
        "channel_id",
        "cohort_date",
        "kind",
        "happened_at",
        "amount_minor",
        "is_first",
        "makes_buyer",
    )
    sums = ("cohort_date", "bucket", "contacts", "buyers", "gross_minor", "refund_minor")
    with tenant_transaction(tenant.pk):
        found = [*CohortFact.objects.for_tenant(tenant).values_list(*facts)]
        found += CohortRollup.objects.for_tenant(tenant).values_list(*sums, "channel_id")
        found += WholeRollup.objects.for_tenant(tenant).values_list(*sums)
        found += BuyerLife.objects.for_tenant(tenant).values_list()
    return sorted(found, key=str)


def _sizes(api: ApiClient) -> dict[str, int]:
    rows = api.get("/analytics/cohorts", {"as_of": "2024-06-30T00:00:00Z"}).json()["rows"]
    return {row["cohort"][:7]: row["contacts"] for row in rows if row["contacts"]}


def _reconcile(*options: str) -> tuple[int, str]:
    from django.core.management import call_command

    out = StringIO()
    try:
        call_command("reconcile_cohorts", "--tenant", "shop", *options, stdout=out)
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue().split()[-1]
    return 0, out.getvalue().split()[-1]


def test_reconciling_says_how_much_it_compared(shop: Any, loaded: ApiClient) -> None:
    from django.core.management import call_command

    from analytics.models import CohortFact
    from contacts.models import Contact
    from tenants.context import tenant_transaction

    out = StringIO()
    call_command("reconcile_cohorts", "--tenant", "shop", stdout=out)

    with tenant_transaction(shop.pk):
        contacts, facts = (model.objects.for_tenant(shop).count() for model in (Contact, CohortFact))
    assert contacts > 3 < facts
    assert out.getvalue().startswith(f"Compared {contacts:,} contacts and {facts:,} facts of them.")


def test_any_number_of_ticks_gives_the_same(shop: Any, loaded: ApiClient) -> None:
    from analytics.tasks import tick

    before = _state(shop)

    tick()
    tick()

    assert _state(shop) == before
    assert len(before) > 17


def test_a_tenant_without_a_cursor_is_built_whole(shop: Any, loaded: ApiClient) -> None:
    from analytics.models import BuyerLife, CohortAge, CohortFact, CohortRollup, TickCursor, WholeRollup
    from analytics.tasks import tick
    from contacts.models import Change
    from tenants.context import tenant_transaction

    before = _state(shop)
    with tenant_transaction(shop.pk):
        for model in (BuyerLife, CohortAge, CohortFact, CohortRollup, WholeRollup, TickCursor, Change):
            model.objects.for_tenant(shop).delete()

    tick()

    assert _state(shop) == before
    news = _order(external_id="Z1", buyer={"shop_buyer_id": "Z"})
    post(loaded, "/orders/bulk", {"source": "shop", "orders": [news]})
    tick()
    assert len(_state(shop)) > len(before)
    assert _reconcile()[0] == 0


def test_lives_are_built_where_a_version_that_knows_none_followed_the_news(shop: Any, loaded: ApiClient) -> None:
    from analytics.models import BuyerLife, TickCursor
    from analytics.tasks import tick
    from tenants.context import tenant_transaction

    before = _state(shop)
    with tenant_transaction(shop.pk):
        BuyerLife.objects.for_tenant(shop).delete()
        TickCursor.objects.for_tenant(shop).filter(consumer=TickCursor.LIVES).update(last_change_id=0)

    tick()

    assert _state(shop) == before
    with tenant_transaction(shop.pk):
        cursors = TickCursor.objects.for_tenant(shop).values_list("last_change_id", flat=True)
        assert (len(cursors), len(set(cursors))) == (2, 1)


def test_only_rollups_that_differ_are_written(shop: Any, loaded: ApiClient) -> None:
    from analytics.models import CohortRollup, WholeRollup
    from analytics.services.rollups import rebuild_rollups
    from analytics.tasks import tick
    from tenants.context import tenant_transaction

    def written() -> dict[tuple[type, int], str]:
        """Which transaction wrote each row."""
        found: dict[tuple[type, int], str] = {}
        for model in (CohortRollup, WholeRollup):
            rows = model.objects.for_tenant(shop).extra(select={"xmin": "xmin::text"})
            found |= {(model, row["id"]): row["xmin"] for row in rows.values("id", "xmin")}
        return found

    with tenant_transaction(shop.pk):
        before = written()
        rebuild_rollups(tenant=shop)
        after = written()

    assert after == before

    post(loaded, "/orders/bulk", {"source": "reference", "orders": [_order(external_id="N", amount="1.00")]})
    tick()

    with tenant_transaction(shop.pk):
        news = written()
    # one order of a day: its row by channel and its whole row
    assert len(news.items() - before.items()) == 2
    assert _reconcile() == (0, "0")


def test_ticks_at_once_give_the_same(shop: Any, loaded: ApiClient) -> None:
    from django.db import connection

    from analytics.tasks import tick

    def run() -> None:
        tick()
        connection.close()

    post(loaded, "/orders/bulk", {"source": "reference", "orders": [_order(updated_at="2025-01-01T00:00:00Z")]})
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    tick()
    assert _reconcile() == (0, "0")


def test_tick_leaves_when_another_has_the_turn(shop: Any, loaded: ApiClient) -> None:
    from django.db import connection

    from analytics.services.refresh import refresh_cohorts
    from tenants.context import tenant_transaction
    from tenants.turns import Turn, take_turn
    from tests.cast import AT

    answers: list[bool] = []

    def run() -> None:
        with tenant_transaction(shop.pk):
            answers.append(refresh_cohorts(tenant=shop, at=AT))
        connection.close()

    with tenant_transaction(shop.pk):
        take_turn(Turn.COHORTS, tenant_id=shop.pk)
        other = threading.Thread(target=run)
        other.start()
        other.join(timeout=20)

    assert answers == [False]


def test_freshness_is_told_when_nothing_waits(shop: Any, loaded: ApiClient) -> None:
    from analytics.selectors.cohorts import fresh_at
    from analytics.services.refresh import refresh_cohorts
    from tenants.context import tenant_transaction
    from tests.cast import AT

    with tenant_transaction(shop.pk):
        assert refresh_cohorts(tenant=shop, at=AT) is False
        assert fresh_at(tenant=shop) == AT


def test_a_tenant_that_is_not_live_is_followed_only_now_and_then(shop: Any, loaded: ApiClient) -> None:
    from django.db.models import F

    from analytics.models import TickCursor
    from analytics.tasks import LOADING_EVERY, tick
    from tenants.context import tenant_transaction
    from tenants.services.live import set_live

    set_live(tenant=shop, is_live=False)
    before = _state(shop)
    post(loaded, "/orders/bulk", {"source": "reference", "orders": [_order(external_id="N", amount="1.00")]})

    tick()
    at_once = _state(shop)
    with tenant_transaction(shop.pk):
        TickCursor.objects.for_tenant(shop).update(fresh_at=F("fresh_at") - LOADING_EVERY)
    tick()

    assert at_once == before != _state(shop)


def test_cancelled_first_order_moves_the_contact_to_its_next(shop: Any, loaded: ApiClient) -> None:
    from analytics.tasks import tick

    before = _sizes(loaded)
    cancelled = _order(external_id="B1", status="cancelled", paid_at="2024-01-31T23:59:59Z", amount="20.00")
    cancelled |= {"updated_at": "2025-01-01T00:00:00Z", "buyer": {"shop_buyer_id": "B"}}

    post(loaded, "/orders/bulk", {"source": "reference", "orders": [cancelled]})
    tick()

    assert before == {"2024-01": 2, "2024-02": 2, "2024-03": 2, "2024-06": 1}
    assert _sizes(loaded) == {"2024-01": 1, "2024-02": 2, "2024-03": 3, "2024-06": 1}


def test_the_life_of_a_buyer_follows_her_orders_until_there_are_none(shop: Any, loaded: ApiClient) -> None:
    from analytics.models import BuyerLife
    from analytics.tasks import tick
    from tenants.context import tenant_transaction

    def life() -> tuple[Any, ...] | None:
        tick()
        with tenant_transaction(shop.pk):
            lives = BuyerLife.objects.for_tenant(shop).filter(contact__name="")
            told: tuple[Any, ...] | None = lives.values_list(
                "first_at", "again_at", "gaps", "median_gap_seconds"
            ).first()
        return told

    def sell(number: str, at: str, status: str = "paid", version: int = 1) -> None:
        body = _order(external_id=number, paid_at=at, status=status, buyer={"shop_buyer_id": "new"})
        body["updated_at"] = f"2025-01-0{version}T00:00:00Z"
        post(loaded, "/orders/bulk", {"source": "elsewhere", "orders": [body]})

    def at(day: int, second: int = 0) -> datetime:
        return datetime(2024, 1, day, 0, 0, second, tzinfo=UTC)

    sell("1", "2024-01-01T00:00:00Z")
    assert life() == (at(1), None, 0, None)
    # the same second is the same purchase
    sell("2", "2024-01-01T00:00:00.7Z")
    assert life() == (at(1), None, 0, None)
    sell("3", "2024-01-03T00:00:00Z")
    sell("4", "2024-01-06T00:00:01Z")
    assert life() == (at(1), at(3), 2, (172_800 + 259_201) / 2)
    for number in "1234":
        sell(number, "2024-01-01T00:00:00Z", status="cancelled", version=2)
    assert life() is None
    assert _reconcile() == (0, "0")


def test_late_touch_moves_the_contact_and_both_its_days(shop: Any, loaded: ApiClient) -> None:
    from analytics.tasks import tick

    late = {"identities": {"shop:reference": "G"}, "acquired": {"at": "2024-02-01T00:00:00Z", "channel": "kol"}}

    post(loaded, "/contacts/bulk", {"contacts": [late]})
    tick()

    assert _sizes(loaded) == {"2024-01": 2, "2024-02": 3, "2024-03": 2}
    assert _reconcile() == (0, "0")


def test_changing_the_zone_moves_cohorts(shop: Any, loaded: ApiClient) -> None:
    from django.core.management import call_command

    from tenants.context import tenant_transaction
    from tenants.models import AuditEntry

    out = StringIO()
    call_command("change_zone", tenant="shop", timezone="America/New_York", stdout=out)

    assert out.getvalue() == "Shop (shop): UTC became America/New_York; its cohorts are rebuilt.\n"
    # A was acquired at 2024-01-01 00:00 UTC, which is the last evening of 2023 in New York
    assert _sizes(loaded) == {"2023-12": 1, "2024-01": 1, "2024-02": 2, "2024-03": 2, "2024-06": 1}
    assert _reconcile() == (0, "0")
    with tenant_transaction(shop.pk):
        entry = AuditEntry.objects.for_tenant(shop).get(act="tenant.changed")
    assert (entry.actor, entry.detail) == ("command line", {"timezone": "America/New_York"})


@pytest.mark.parametrize(
    ("change", "said"),
    [({"tenant": "nobody"}, "there is no tenant 'nobody'"), ({"timezone": "Mars/Base"}, "Mars/Base is no IANA zone")],
)
def test_a_zone_that_cannot_be_given_changes_nothing(shop: Any, change: dict[str, str], said: str) -> None:
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match=said):
        call_command("change_zone", **{"tenant": "shop", "timezone": "Asia/Tokyo"} | change)

    shop.refresh_from_db()
    assert shop.timezone == "UTC"


@pytest.mark.parametrize("spoilt", ["fact", "rollup", "whole rollup", "step", "surplus", "contact", "life", "no life"])
def test_reconcile_finds_and_repairs_what_was_spoilt(shop: Any, loaded: ApiClient, spoilt: str) -> None:
    from analytics.models import BuyerLife, CohortAge, CohortFact, CohortRollup, WholeRollup
    from contacts.models import Contact
    from tenants.context import tenant_transaction

    before = _state(shop)
    assert _reconcile() == (0, "0")
    with tenant_transaction(shop.pk):
        if spoilt == "fact":
            CohortFact.objects.for_tenant(shop).filter(amount_minor=1000).update(amount_minor=1001)
        elif spoilt == "rollup":
            CohortRollup.objects.for_tenant(shop).filter(gross_minor=5000).update(gross_minor=1)
        elif spoilt == "whole rollup":
            WholeRollup.objects.for_tenant(shop).filter(gross_minor=5000).update(gross_minor=1)
        elif spoilt == "step":
            CohortAge.objects.for_tenant(shop).update(gross_minor=1)
        elif spoilt == "surplus":
            row = CohortRollup.objects.for_tenant(shop).order_by("id").first()
            row.pk, row.cohort_date = None, date(2030, 1, 1)
            row.save(force_insert=True)
        elif spoilt == "life":
            BuyerLife.objects.for_tenant(shop).filter(gaps=1).update(median_gap_seconds=1)
        elif spoilt == "no life":
            BuyerLife.objects.for_tenant(shop).filter(contact__name="A").delete()
        else:
            Contact.objects.for_tenant(shop).filter(name="A").update(acquired_date=date(2024, 5, 5))

    code, differences = _reconcile()

    assert (code, int(differences) > 0) == (1, True)
    assert _reconcile("--repair")[0] == 0
    assert _reconcile() == (0, "0")
    assert _state(shop) == before


def test_reconcile_of_an_unknown_tenant_says_so(transactional_db: Any) -> None:
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="nobody"):
        call_command("reconcile_cohorts", "--tenant", "nobody")
