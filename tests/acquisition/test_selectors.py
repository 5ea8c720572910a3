"""What channels cost, and which count as paid."""

import calendar
from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquisition import selectors
from acquisition.models import Channel, Spend
from tenants.context import tenant_transaction
from tenants.money import days_of_month

MONTHS = st.dates(date(2024, 1, 1), date(2025, 12, 31)).map(lambda day: day.replace(day=1))


def spend(tenant: Any, channel: Channel, day: date, amount_minor: int, *, period: str = "day", key: str) -> Spend:
    return Spend(
        tenant=tenant,
        external_id=key,
        channel=channel,
        period=period,
        date=day,
        amount_minor=amount_minor,
        currency=tenant.currency,
        base_amount_minor=amount_minor,
    )


def channel(tenant: Any, slug: str, is_paid: bool | None = None) -> Channel:
    made: Channel = Channel.objects.create(tenant=tenant, slug=slug, name=slug, is_paid=is_paid)
    return made


def test_days_and_months_add_up_by_channel(acme: Any) -> None:
    with tenant_transaction(acme.pk):
        search, social = channel(acme, "search"), channel(acme, "social")
        Spend.objects.bulk_create(
            [
                spend(acme, search, date(2026, 2, 1), 29, period="month", key="a"),
                spend(acme, search, date(2026, 2, 1), 5, key="b"),
                spend(acme, social, date(2026, 2, 2), 7, key="c"),
                spend(acme, social, date(2026, 2, 3), 9, key="d"),
            ]
        )

        found = selectors.spend_by_day(tenant=acme, start=date(2026, 2, 1), end=date(2026, 2, 2))

        assert found == [
            (date(2026, 2, 1), search.pk, 7),
            (date(2026, 2, 2), search.pk, 1),
            (date(2026, 2, 2), social.pk, 7),
        ]


@given(st.lists(st.tuples(MONTHS, st.integers(0, 10**9)), min_size=1, max_size=4), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_of_days_sums_to_the_whole(acme: Any, months: list[tuple[date, int]], data: Any) -> None:
    whole = Counter[date]()
    for month, amount in months:
        whole.update(days_of_month(month=month, amount_minor=amount))
    first, last = min(whole), max(whole)
    cut = data.draw(st.dates(first, last))

    with tenant_transaction(acme.pk):
        Spend.objects.for_tenant(acme).delete()
        search, _made = Channel.objects.for_tenant(acme).get_or_create(tenant=acme, slug="search")
        Spend.objects.bulk_create(
            spend(acme, search, month, amount, period="month", key=str(number))
            for number, (month, amount) in enumerate(months)
        )
        before = selectors.spend_by_day(tenant=acme, start=first, end=cut)
        after = selectors.spend_by_day(tenant=acme, start=cut + timedelta(days=1), end=last)

    assert sum(row.amount_minor for row in before + after) == sum(amount for _month, amount in months)
    assert {row.date: row.amount_minor for row in before + after if row.amount_minor} == {
        day: amount for day, amount in whole.items() if amount
    }


def test_every_day_of_a_month_has_its_share() -> None:
    for month in (date(2024, 2, 1), date(2026, 2, 1), date(2026, 4, 1), date(2026, 12, 1)):
        days = days_of_month(month=month, amount_minor=100)

        assert len(days) == calendar.monthrange(month.year, month.month)[1]
        assert sum(days.values()) == 100
        assert sorted(days.values(), reverse=True) == list(days.values())


def test_channel_counts_as_paid_as_said_else_by_its_spend(acme: Any) -> None:
    with tenant_transaction(acme.pk):
        with_spend = [channel(acme, slug, paid) for slug, paid in [("a", None), ("b", False), ("organic", None)]]
        channel(acme, "c")
        channel(acme, "d", True)
        Spend.objects.bulk_create(spend(acme, one, date(2026, 1, 1), 1, key=one.slug) for one in with_spend)

        found = {row["slug"]: row["counts_as_paid"] for row in map(vars, selectors.channels(tenant=acme))}

    assert found == {"a": True, "b": False, "c": False, "d": True, "organic": False}
