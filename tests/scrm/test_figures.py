"""Figures as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation

from scrm import figures
from tenants.timezones import zone


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(None, 0, "—"), (0, 0, "0"), (12345.6, 0, "12,346"), (-1234567, 0, "−1,234,567"), (Decimal("-0.004"), 2, "0.00")],
)
def test_number(value: Any, decimals: int, shown: str) -> None:
    assert figures.number(value, decimals) == shown


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123456, "CNY", "¥1,234.56"),
        (-3900, "CNY", "−¥39.00"),
        (1200, "USD", "USD 12.00"),
        (1200, "JPY", "JPY 1,200"),
        (0, "GBP", "£0.00"),
        (None, "GBP", "—"),
    ],
)
def test_money(minor: int | None, currency: str, shown: str) -> None:
    assert figures.money(minor, currency) == shown


@pytest.mark.parametrize(
    ("value", "currency", "plain", "marked"),
    [
        (Decimal("150.000000"), "CNY", "150.00", "¥150.00"),
        (Decimal("0.005"), "GBP", "0.01", "£0.01"),
        (Decimal("-1234.5"), "JPY", "−1,235", "−JPY 1,235"),
        (Decimal("0.0005"), "BHD", "0.001", "BHD 0.001"),
        (None, "CNY", "—", "—"),
    ],
)
def test_decimal_and_plain_money(value: Decimal | None, currency: str, plain: str, marked: str) -> None:
    assert (figures.plain_money(value, currency), figures.decimal_money(value, currency)) == (plain, marked)


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (99_999, "99,999", "99,999"),
        (182_400, "18.2 万", "182.4k"),
        (1_300_000, "130.0 万", "1.3M"),
        (130_000_000, "1.3 亿", "130.0M"),
        (None, "—", "—"),
    ],
)
def test_short(value: int | None, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert figures.short(value) == chinese
    with translation.override("en"):
        assert figures.short(value) == english


def test_shares_and_ratios() -> None:
    assert [figures.percent(Decimal("0.1234")), figures.percent(None)] == ["12.3%", "—"]
    assert [figures.ratio(Decimal("1.84")), figures.ratio(Decimal("-0.5")), figures.ratio(None)] == [
        "1.8×",
        "−0.5×",
        "—",
    ]


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [
        ("Asia/Shanghai", "北京时间", "China time"),
        ("PRC", "北京时间", "China time"),
        ("Europe/London", "Europe/London", "Europe/London"),
    ],
)
def test_a_zone_has_the_name_that_people_give_it(name: str, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert figures.zone(name) == chinese
    with translation.override("en"):
        assert figures.zone(name) == english


def test_days_and_instants_are_in_the_tenants_zone_and_the_readers_language() -> None:
    at = datetime(2026, 11, 21, 18, 5, tzinfo=UTC)

    with timezone.override(zone("Asia/Shanghai")), translation.override("zh-hans"):
        chinese = [figures.moment(at), figures.day(at), figures.day(date(2026, 1, 2)), figures.day(None)]
    with timezone.override(zone("UTC")), translation.override("en"):
        english = [figures.moment(at), figures.day(at), figures.day(date(2026, 1, 2)), figures.moment(None)]

    assert chinese == ["2026-11-22 02:05", "2026-11-22", "2026-01-02", "—"]
    assert english == ["21 Nov 2026, 18:05", "21 Nov 2026", "2 Jan 2026", "—"]
