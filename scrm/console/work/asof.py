"""The instant that screens are read at: now, or the data's end where the shop stopped sending long ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scrm.console.work.selectors.contacts import last_acquired_at
from scrm.console.work.selectors.orders import last_paid_at, last_refunded_at
from tenants.models import Tenant

SILENT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class AsOf:
    """An exclusive end of observation; `data_ended` says that it is the data's end and not now."""

    at: datetime
    data_ended: bool = False


def default_as_of(*, tenant: Tenant, now: datetime) -> AsOf:
    """Now; for a feed silent for 30 days its end, lest unobserved months look like months without sales."""
    newest = _latest(last_paid_at(tenant=tenant), last_acquired_at(tenant=tenant))
    if newest is None or newest > now - SILENT_FOR:
        return AsOf(now)
    ended_at = _latest(newest, last_refunded_at(tenant=tenant)) or newest
    return AsOf(now) if ended_at > now - SILENT_FOR else AsOf(ended_at + timedelta(seconds=1), data_ended=True)


def _latest(*instants: datetime | None) -> datetime | None:
    return max((at for at in instants if at), default=None)
