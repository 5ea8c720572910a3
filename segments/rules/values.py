"""What a leaf's value means: an attribute's by its kind, an order sum in minor units. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from contacts.attributes import COLUMNS, MAX_TEXT, typed_value
from segments.rules.tree import AttributeLeaf, OrdersLeaf, Scalar
from tenants.money import TooManyDecimals, to_minor

Typed = str | float | date
_EQUALS = ("eq", "in", "is_set")
_RANGES = ("lt", "lte", "gt", "gte", "between")
OPS: Mapping[str, tuple[str, ...]] = {
    "text": _EQUALS,
    "choice": _EQUALS,
    "number": (*_EQUALS, *_RANGES),
    "date": (*_EQUALS, *_RANGES),
    "yes_no": ("eq", "is_set"),
}
MAX_COUNT = 2**31 - 1
_MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


class MisfitValue(ValueError):
    """A value that its attribute or measure cannot have; `step` is where it stands in the leaf."""

    def __init__(self, step: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.step = step
        self.code = code


def typed_values(leaf: AttributeLeaf, kind: str) -> tuple[Typed, ...]:
    """The values that a leaf compares with: none for `is_set`, lowest and highest for `between`.

    Raises: MisfitValue
    """
    if leaf.op not in OPS[kind]:
        raise MisfitValue("/op", "invalid_op", _("This attribute takes one of %s.") % ", ".join(OPS[kind]))
    given = _given(leaf)
    is_list = isinstance(leaf.value, tuple)
    values = tuple(_typed(value, kind, f"/value/{index}" if is_list else "/value") for index, value in enumerate(given))
    if leaf.op == "between" and values[0] > values[1]:  # type: ignore[operator]
        raise MisfitValue("/value", "invalid_range", _("Send the lowest value first."))
    return values


def _given(leaf: AttributeLeaf) -> tuple[Scalar, ...]:
    """The values as they came, in the number that the operation takes."""
    value = leaf.value
    if leaf.op == "is_set":
        if value is not None:
            raise MisfitValue("/value", "unknown_field", _("Whether it is set takes no value."))
        return ()
    if leaf.op == "in":
        if not isinstance(value, tuple):
            raise MisfitValue("/value", "invalid_value", _("Send a list of values."))
        return value
    if leaf.op == "between":
        if not isinstance(value, tuple) or len(value) != 2:
            raise MisfitValue("/value", "invalid_value", _("Send the lowest and the highest value."))
        return value
    if value is None or isinstance(value, tuple):
        raise MisfitValue("/value", "invalid_value", _("Send one value."))
    return (value,)


def minor_units(leaf: OrdersLeaf, currency: str) -> int:
    """What an order leaf compares with: a number of purchases, or minor units of the tenant's currency.

    Raises: MisfitValue
    """
    value = leaf.value
    if leaf.measure == "count":
        if isinstance(value, str) or not 0 <= value <= MAX_COUNT:
            raise MisfitValue("/value", "invalid_value", _("Send a whole number, 0 or more."))
        return value
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise MisfitValue("/value", "invalid_decimal", _('Send a decimal string such as "300.00".'))
    try:
        return to_minor(value, currency)
    except TooManyDecimals as error:
        raise MisfitValue("/value", "too_many_decimals", f"{error}.") from None


def _typed(value: Scalar, kind: str, step: str) -> Typed:
    """A value as contacts' values of the kind are kept; a number is sent as one."""
    is_text = isinstance(value, str)
    found = None if kind == "number" and is_text else typed_value(value, kind="text" if kind == "choice" else kind)
    if found is None:
        raise _misfit(kind, step)
    typed: Typed = getattr(found, COLUMNS[kind])
    return typed


def _misfit(kind: str, step: str) -> MisfitValue:
    if kind == "date":
        return MisfitValue(step, "invalid_date", _('Send a date such as "2026-11-21".'))
    if kind == "number":
        return MisfitValue(step, "invalid_value", _("Send a number."))
    if kind == "yes_no":
        return MisfitValue(step, "invalid_value", _("Send true or false."))
    return MisfitValue(step, "invalid_value", _("Send a text of 1 to %d characters.") % MAX_TEXT)
