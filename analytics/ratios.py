"""Ratios, formed last from exact sums, half up."""

from decimal import Decimal
from fractions import Fraction

from tenants.money import exponent

# by decimal places: how many units make one, and the unit
_SCALES = {places: (10**places, Decimal(1).scaleb(-places)) for places in (2, 6)}


def per_contact(amount_minor: int, contacts: int, currency: str) -> Decimal | None:
    """An amount over contacts, in units of the currency; None without contacts."""
    return _rounded(amount_minor, contacts * 10 ** exponent(currency), places=6) if contacts else None


def return_on(value_minor: int, cost_minor: int) -> Decimal | None:
    """Value over cost; None without cost. CLV / CAC of the same contacts is this, as they cancel out."""
    return _rounded(value_minor, cost_minor, places=6) if cost_minor else None


def share_of(part: int, whole: int) -> Decimal | None:
    """A part of a whole; None where the whole is not positive."""
    return _rounded(part, whole, places=6) if whole > 0 else None


def days_of(seconds: int) -> Decimal:
    """Seconds as days with 2 places."""
    return _rounded(seconds, 86_400, places=2)


def needed_revenue(cost_minor: int, margin: Decimal) -> int | None:
    """The smallest net revenue whose margin covers the cost; None when no revenue ever does."""
    if margin <= 0:
        return None
    exact = Fraction(cost_minor) / Fraction(margin)
    return -(-exact.numerator // exact.denominator)


def _rounded(dividend: int, divisor: int, *, places: int) -> Decimal:
    """In integers, which is exact and fast; the divisor is positive."""
    scale, unit = _SCALES[places]
    if dividend < 0:
        return -((divisor - 2 * dividend * scale) // (2 * divisor)) * unit
    return (2 * dividend * scale + divisor) // (2 * divisor) * unit
