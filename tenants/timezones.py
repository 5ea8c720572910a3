"""Time zones by their IANA names."""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


class UnknownZone(ValueError):
    """Not an IANA time zone."""


@lru_cache
def zone(name: str) -> ZoneInfo:
    """The zone of this name.

    Raises: UnknownZone
    """
    if name not in available_timezones():
        raise UnknownZone(name)
    return ZoneInfo(name)
