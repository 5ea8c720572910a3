"""Cohort periods: whole days, weeks (from Monday) and months of the tenant's calendar."""

from datetime import UTC, date, datetime, time, timedelta

from analytics.cohorts import Period
from tenants.timezones import zone


def period_start(day: date, period: Period) -> date:
    """First day of the period that holds `day`."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def next_period(start: date, period: Period) -> date:
    """First day of the period after the one that begins on `start`."""
    if period == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if period == "week" else 1)


def count_between(start: date, before: date, period: Period) -> int:
    """How many periods lie from the first day of one up to (not including) the first day of another."""
    if period == "month":
        return (before.year - start.year) * 12 + before.month - start.month
    return (before - start).days // (7 if period == "week" else 1)


def start_of_day(day: date, timezone: str) -> datetime:
    """The first instant of a calendar day in a time zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone(timezone)).astimezone(UTC)


def local_date(at: datetime, timezone: str) -> date:
    """The calendar day of an instant in a time zone."""
    return at.astimezone(zone(timezone)).date()
