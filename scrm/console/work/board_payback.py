"""A cohort's payback in words: which cell carries the mark, what the column says, and why. Pure."""

from decimal import Decimal

from django.utils.translation import gettext as _

from analytics.ages import SLICE_DAYS
from analytics.cohorts import Payback, SliceName
from scrm.figures import percent


def payback_slice(payback: Payback) -> SliceName | None:
    """The first slice by whose age the cost was paid back."""
    if payback.status != "reached" or payback.days is None:
        return None
    if payback.days == 0:
        return "first"
    return next((name for name, days in SLICE_DAYS.items() if payback.days <= days), "to_date")


def payback_text(payback: Payback) -> str:
    """The payback column: after how many days, or in how many not, or the status in a word."""
    if payback.status == "reached":
        return _("%(days)s d") % {"days": payback.days}
    words = {
        "no_customers": _("no contacts"),
        "no_spend": _("no spend"),
        "period_open": _("period open"),
        "not_reached": _("not in %(days)s d") % {"days": int(payback.observed_days or 0)},
    }
    return words[payback.status]


def payback_tip(payback: Payback, margin: Decimal) -> str:
    """What the payback column means for this cohort."""
    values = {
        "days": payback.days,
        "since": payback.sustained_days,
        "observed": payback.observed_days,
        "margin": percent(margin),
    }
    if payback.status == "reached":
        first = _("Net revenue × margin %(margin)s first covered the cost after %(days)s days.") % values
        if payback.sustained_days is None:
            return f"{first}\n" + _("Refunds took it below again since.")
        return f"{first}\n" + _("It has stayed above since day %(since)s.") % values
    if payback.status == "not_reached":
        return _("Net revenue × margin %(margin)s has not covered the cost in the %(observed)s days observed.") % values
    reasons = {
        "no_customers": _("Nobody was acquired."),
        "no_spend": _("There is no cost to pay back."),
        "period_open": _("The cohort's period is not over: not all of its members are observed yet."),
    }
    return reasons[payback.status]


def left_truncated() -> str:
    """Why the first cohort of an order history is not what it seems."""
    return _(
        "The order history begins here, so this cohort also holds customers who had bought before. "
        "Do not compare its CAC and value with the others."
    )
