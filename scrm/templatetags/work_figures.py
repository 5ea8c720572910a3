"""`{% load work_figures %}`: figures of the work screens that come as decimals."""

from decimal import Decimal

from django import template

from scrm.figures import NONE, decimal_money, plain_money

register = template.Library()
register.filter("plain_money", plain_money)
register.filter("decimal_money", decimal_money)


@register.filter
def quantity(value: Decimal | None) -> str:
    """A count or a rate without trailing zeros: 2.000 → `2`, 0.250 → `0.25`."""
    return NONE if value is None else f"{value.normalize():f}"
