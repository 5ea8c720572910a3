"""A step's day and moment, and a stretch of time, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.sops import SopStep
from sop.models import Step

DAY, HOUR = 1440, 60


def day_in_words(step: Step | SopStep) -> str:
    """`Day 2`, or `After entry`."""
    return _("After entry") if step.day is None else _("Day %(day)d") % {"day": step.day}


def moment_in_its_day(step: Step | SopStep) -> str:
    """`10:00`, or `3 hours`: what stands under `day_in_words`."""
    if step.after_minutes is None:
        return f"{step.at_time:%H:%M}"
    return span_in_words(step.after_minutes) if step.after_minutes else _("At entry")


def span_in_words(minutes: int) -> str:
    """A stretch of time in the largest unit that says it whole."""
    for unit, said in ((DAY, _days), (HOUR, _hours)):
        if minutes and minutes % unit == 0:
            return said(minutes // unit)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def _days(count: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}


def _hours(count: int) -> str:
    return ngettext("%(n)d hour", "%(n)d hours", count) % {"n": count}
