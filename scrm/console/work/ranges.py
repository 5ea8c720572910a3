"""Days of the tenant's calendar as instants, for filters."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tenants.models import Tenant
from tenants.timezones import zone

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)  # as over REST: periods and slices around them still exist


class DayField(forms.DateField):
    """A day that the product can reckon with."""

    default_validators = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


def day_start(*, tenant: Tenant, day: date) -> datetime:
    """Say when a day begins on the tenant's clock."""
    return datetime.combine(day, time.min, tzinfo=zone(tenant.timezone))


def day_end(*, tenant: Tenant, day: date) -> datetime:
    """Say when a day is over: the next one's begin."""
    return day_start(tenant=tenant, day=min(day, date.max - timedelta(days=1)) + timedelta(days=1))


def local_date(*, tenant: Tenant, at: datetime) -> date:
    """Say which day an instant is on the tenant's clock."""
    return at.astimezone(zone(tenant.timezone)).date()


def last_day(*, tenant: Tenant, before: datetime) -> date:
    """Say on which day the last moment before an instant lies: at a midnight the day that it ends."""
    return local_date(tenant=tenant, at=before - timedelta(microseconds=1))
