"""Figures as people read them: grouped, with a true minus, `—` for none and 0 for zero. Pure but for the language."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from tenants.money import exponent, to_decimal

NONE = "—"
MINUS = "−"
# the clock of China under each of its names
CHINA = {"Asia/Shanghai", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "PRC"}
SYMBOLS = {"CNY": "¥", "GBP": "£", "EUR": "€"}
# (from, unit, decimals): 18.2 万, 1.3 亿 · 182.4k, 1.3M
_STEPS_ZH = ((Decimal(10**8), " 亿"), (Decimal(10**5), " 万"))
_STEPS_EN = ((Decimal(10**6), "M"), (Decimal(10**5), "k"))
_UNIT = {" 亿": 10**8, " 万": 10**4, "M": 10**6, "k": 10**3}

Number = int | float | Decimal | None


def number(value: Number, decimals: int = 0) -> str:
    """12345.6 → `12,346`."""
    if value is None:
        return NONE
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{exact:,}".replace("-", MINUS) if exact else f"{abs(exact):,}"


def amount(minor: int | None, currency: str) -> str:
    """An amount without its currency, for a column whose header names it: 123456 CNY → `1,234.56`."""
    return NONE if minor is None else number(to_decimal(minor, currency), exponent(currency))


def money(minor: int | None, currency: str) -> str:
    """123456 CNY → `¥1,234.56`; −1200 USD → `−USD 12.00`."""
    if minor is None:
        return NONE
    sign = MINUS if minor < 0 else ""
    return f"{sign}{_mark(currency)}{amount(abs(minor), currency)}"


def plain_money(value: Decimal | None, currency: str) -> str:
    """A decimal amount rounded half up to the currency's places, without its sign: 150.000000 → `150.00`."""
    return amount(_minor(value, currency), currency)


def decimal_money(value: Decimal | None, currency: str) -> str:
    """A decimal amount likewise, with its sign: 150.000000 → `¥150.00`."""
    return money(_minor(value, currency), currency)


def short_money(minor: int | None, currency: str) -> str:
    """A figure for a card: no decimals from 1,000 up, then `¥18.2 万` or `¥182.4k`."""
    if minor is None:
        return NONE
    value = to_decimal(abs(minor), currency)
    if value < 1000:
        return money(minor, currency)
    return f"{MINUS if minor < 0 else ''}{_mark(currency)}{short(value)}"


def short(value: Number) -> str:
    """182400 → `18.2 万` or `182.4k`; below 100,000 all digits."""
    if value is None:
        return NONE
    exact = Decimal(str(value))
    steps = _STEPS_ZH if (translation.get_language() or "").startswith("zh") else _STEPS_EN
    for limit, unit in steps:
        if abs(exact) >= limit:
            return number(exact / _UNIT[unit], 1) + unit
    return number(exact)


def percent(share: Number, decimals: int = 1) -> str:
    """0.123 → `12.3%`."""
    return NONE if share is None else number(Decimal(str(share)) * 100, decimals) + "%"


def ratio(value: Number, decimals: int = 1) -> str:
    """1.84 → `1.8×`."""
    return NONE if value is None else number(value, decimals) + "×"


def day(value: date | datetime | None) -> str:
    """A day, in the tenant's zone when it is an instant."""
    if value is None:
        return NONE
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return _written(value, translation.get_language())


@lru_cache(maxsize=4_000)  # a board writes the same few days a thousand times, each reader in her language
def _written(value: date, language: str | None) -> str:
    return formats.date_format(value, "DATE_FORMAT")


def moment(value: datetime | None) -> str:
    """An instant in the tenant's zone."""
    return NONE if value is None else formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")


def zone(name: str) -> str:
    """A time zone as people call it: `Asia/Shanghai` → `China time`; another by its IANA name."""
    return _("China time") if name in CHINA else name


def _minor(value: Decimal | None, currency: str) -> int | None:
    if value is None:
        return None
    return int((value / to_decimal(1, currency)).quantize(Decimal(1), ROUND_HALF_UP))


def _mark(currency: str) -> str:
    return SYMBOLS.get(currency) or f"{currency} "
