"""How sure a share is that was seen of some people. Pure."""

from decimal import ROUND_HALF_UP, Decimal

_Z = Decimal("1.959964")
_PLACES = Decimal("0.000001")


def wilson(count: int, people: int) -> tuple[Decimal, Decimal] | None:
    """The 95 % interval of a share; None of nobody.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927)
    """
    if not people:
        return None
    n, k, z2 = Decimal(people), Decimal(count), _Z * _Z
    middle = k + z2 / 2
    half = _Z * (k * (n - k) / n + z2 / 4).sqrt()
    low, high = (middle - half) / (n + z2), (middle + half) / (n + z2)
    # at the ends the bound is the end itself, but for the last digit
    return _rounded(low if count else Decimal(0)), _rounded(high if count < people else Decimal(1))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_HALF_UP)
