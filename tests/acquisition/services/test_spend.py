"""Spend as other systems tell it."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acquisition.incoming import IncomingSpend
from acquisition.models import Channel, Spend
from acquisition.services.spend import EnteredSpend, enter_spend, sync_spend
from tenants.context import tenant_transaction
from tenants.incoming import Row
from tenants.models import FxRate
from tenants.results import RowResult
from tests.cast import AT

pytestmark = pytest.mark.django_db


def row(external_id: str = "S1", **told: Any) -> dict[str, Any]:
    day = {} if "month" in told else {"date": "2026-01-05"}
    return {"external_id": external_id, "channel": "search", "amount": "10.00", "currency": "GBP"} | day | told


def sync(tenant: Any, *items: dict[str, Any]) -> list[RowResult]:
    rows = [Row(index, msgspec.convert(item, IncomingSpend)) for index, item in enumerate(items)]
    with tenant_transaction(tenant.pk):
        return sync_spend(tenant=tenant, rows=rows, at=AT)


def statuses(tenant: Any, *items: dict[str, Any]) -> list[str]:
    return [result.status for result in sync(tenant, *items)]


def held(tenant: Any) -> list[tuple[Any, ...]]:
    with tenant_transaction(tenant.pk):
        rows = Spend.objects.for_tenant(tenant).order_by("external_id")
        return list(rows.values_list("external_id", "channel__slug", "period", "date", "base_amount_minor"))


def set_rate(tenant: Any, rate: str, day: date = date(2026, 1, 5)) -> None:
    with tenant_transaction(tenant.pk):
        FxRate.objects.create(tenant=tenant, date=day, currency="EUR", rate=Decimal(rate))


def test_spend_is_kept_once_by_its_external_id(acme: Any) -> None:
    first = sync(acme, row("S1"), row("S2", month="2026-02", amount="31.00", kind="staff"))
    again = sync(acme, row("S1"), row("S2", month="2026-02", amount="32.00", kind="staff"))

    assert [result.status for result in first + again] == ["created", "created", "unchanged", "updated"]
    assert [result.id for result in first] == [result.id for result in again]
    assert held(acme) == [
        ("S1", "search", "day", date(2026, 1, 5), 1000),
        ("S2", "search", "month", date(2026, 2, 1), 3200),
    ]


def test_a_channel_that_a_cost_by_hand_makes_is_named_and_one_that_exists_keeps_its_name(acme: Any) -> None:
    def enter(external_id: str, name: str, **told: Any) -> EnteredSpend:
        item = msgspec.convert(row(external_id, **told), IncomingSpend)
        with tenant_transaction(acme.pk):
            return enter_spend(tenant=acme, item=item, channel_name=name, at=AT)

    refused = enter("S0", "Search", amount="1.005")
    first, again, other = enter("S1", "Search"), enter("S1", "Ads"), enter("S2", "Ads")

    told = [(entered.result.status, entered.known_as) for entered in (refused, first, again, other)]
    assert told == [("error", None), ("created", None), ("unchanged", "Search"), ("created", "Search")]
    with tenant_transaction(acme.pk):
        assert list(Channel.objects.for_tenant(acme).values_list("slug", "name")) == [("search", "Search")]


def test_last_of_two_rows_of_one_call_wins(acme: Any) -> None:
    assert statuses(acme, row(amount="1.00"), row(amount="2.00")) == ["stale", "created"]
    assert [kept[-1] for kept in held(acme)] == [200]


def test_other_currency_is_converted_once_at_its_dates_rate(acme: Any) -> None:
    set_rate(acme, "0.855")
    assert statuses(acme, row(currency="EUR", amount="10.01")) == ["created"]
    assert held(acme)[0][-1] == 856
    with tenant_transaction(acme.pk):
        FxRate.objects.for_tenant(acme).update(rate=Decimal(2))

    assert statuses(acme, row(currency="EUR", amount="10.01", kind="tools")) == ["updated"]
    assert held(acme)[0][-1] == 856


@pytest.mark.parametrize(
    ("told", "field", "code"),
    [
        ({"currency": "EUR"}, "currency", "missing_rate"),
        ({"amount": "1.005"}, "amount", "too_many_decimals"),
        ({"currency": "JPY", "amount": "1.5"}, "amount", "too_many_decimals"),
        ({"month": "2026-01", "date": "2026-01-05"}, "date", "date_or_month"),
        ({"date": None}, "date", "date_or_month"),
    ],
)
def test_row_that_cannot_be_kept_is_an_error_and_stops_no_other(
    acme: Any, told: dict[str, Any], field: str, code: str
) -> None:
    bad, good = sync(acme, row("S1", **told), row("S2"))

    assert (bad.status, [(error.pointer, error.code) for error in bad.errors]) == (
        "error",
        [(f"/spend/0/{field}", code)],
    )
    assert good.status == "created"
    assert [kept[0] for kept in held(acme)] == ["S2"]


def test_too_large_a_conversion_is_an_error(acme: Any) -> None:
    set_rate(acme, "9999999")

    (result,) = sync(acme, row(currency="EUR", amount="999999999999.99"))

    assert [error.code for error in result.errors] == ["too_large"]


@pytest.mark.parametrize("count", [3, 1000])
def test_statements_do_not_grow_with_rows(acme: Any, count: int) -> None:
    set_rate(acme, "0.855")
    told = [row(f"S{n}", channel=f"c{n % 5}", currency="EUR" if n % 2 else "GBP") for n in range(1, count + 1)]

    with CaptureQueriesContext(connection) as making:
        sync(acme, *told)
    with CaptureQueriesContext(connection) as finding:
        sync(acme, *told)

    # of these BEGIN, SET LOCAL and COMMIT are the transaction's
    assert (len(making), len(finding)) == (9, 6)


def test_no_cost_goes_to_the_word_for_no_channel(acme: Any) -> None:
    results = sync(acme, row("S1", channel="unattributed"), row("S2"))

    assert [result.status for result in results] == ["error", "created"]
    assert [(error.pointer, error.code) for error in results[0].errors] == [("/spend/0/channel", "reserved_slug")]
    assert held(acme) == [("S2", "search", "day", date(2026, 1, 5), 1000)]
