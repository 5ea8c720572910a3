"""The heat of a value beside its cost: seven fixed, named limits, the same on every board."""

from bisect import bisect_right
from decimal import Decimal

from analytics.channels import MIN_CONTACTS

# A value's share of what its contacts cost; step i + 1 begins at LIMITS[i]. Fixed, never a row's own maximum.
LIMITS = tuple(map(Decimal, ("0.33", "0.67", "1", "1.25", "1.5", "2")))
NAMES = ("< 0.33", "0.33–0.67", "0.67–1", "1–1.25", "1.25–1.5", "1.5–2", "≥ 2")


def heat_step(share_of_cac: Decimal | None, *, contacts: int) -> int | None:
    """Name the step, 0 to 6; None where there is no cost to compare with or too few contacts to show any."""
    if share_of_cac is None or contacts < MIN_CONTACTS:
        return None
    return bisect_right(LIMITS, share_of_cac)
