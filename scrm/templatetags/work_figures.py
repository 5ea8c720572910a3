"""`{% load work_figures %}`: figures of the work screens that come as decimals."""

from decimal import ROUND_HALF_UP, Decimal

from django import template

from scrm.figures import NONE, amount, money
from tenants.money import to_decimal

register = template.Library()


@register.filter
def plain_money(value: Decimal | None, currency: str) -> str:
    """A decimal amount rounded half up to the currency's places, without its sign: 150.000000 → `150.00`."""
    return amount(_minor(value, currency), currency)


@register.filter
def decimal_money(value: Decimal | None, currency: str) -> str:
    """A decimal amount likewise, with its sign: 150.000000 → `¥150.00`."""
    return money(_minor(value, currency), currency)


def _minor(value: Decimal | None, currency: str) -> int | None:
    if value is None:
        return None
    return int((value / to_decimal(1, currency)).quantize(Decimal(1), ROUND_HALF_UP))


@register.filter
def quantity(value: Decimal | None) -> str:
    """A count or a rate without trailing zeros: 2.000 → `2`, 0.250 → `0.25`."""
    return NONE if value is None else f"{value.normalize():f}"
