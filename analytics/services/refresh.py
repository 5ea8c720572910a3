"""Bringing what boards read up to date with a tenant's change rows, in one transaction."""

from datetime import date, datetime, timedelta

from analytics.models import TickCursor
from analytics.services.facts import rebuild_facts
from analytics.services.lives import rebuild_lives
from analytics.services.rollups import rebuild_rollups
from contacts.models import Change
from contacts.selectors.news import newest_change, next_changes
from tenants.models import Tenant
from tenants.turns import Turn, take_turn, try_turn

BATCH_CHANGES = 20_000
MAX_BATCHES = 20
# what cohorts and lives count; tags and profiles are no part of it
COUNTS = frozenset({Change.Reason.ORDER, Change.Reason.REFUND, Change.Reason.TOUCH, Change.Reason.IDENTITY})
_BOTH = (TickCursor.COHORTS, TickCursor.LIVES)


def refresh_cohorts(*, tenant: Tenant, at: datetime, every: timedelta = timedelta(0)) -> bool:
    """Rebuild facts, lives and rollups of what changed since the last time, inside the tenant's transaction.

    `at` is noted as the time of freshness when nothing more waits; cohorts that were fresh less than `every` ago are
    left as they are. Several at once are harmless: the second leaves.
    Shape: whether more waits.
    """
    if not try_turn(Turn.COHORTS, tenant_id=tenant.pk):
        return False
    cursors = TickCursor.objects.for_tenant(tenant).filter(consumer__in=_BOTH)
    known = {consumer: held for consumer, *held in cursors.values_list("consumer", "last_change_id", "fresh_at")}
    if TickCursor.COHORTS not in known:
        _begin(tenant, at)
        return False
    last, fresh_at = known[TickCursor.COHORTS]
    if fresh_at and timedelta(0) <= at - fresh_at < every:
        return False
    if known.get(TickCursor.LIVES, [None])[0] != last:  # a version that knows no lives was here
        rebuild_lives(tenant=tenant)
        _note(tenant, TickCursor.LIVES, last, fresh_at)
    days: set[date] = set()
    read_to, is_drained = last, False
    for _ in range(MAX_BATCHES):
        changes = next_changes(tenant=tenant, after=read_to, limit=BATCH_CHANGES)
        moved = sorted({contact for _, contact, reason in changes if reason in COUNTS})
        days |= rebuild_facts(tenant=tenant, contact_ids=moved)
        rebuild_lives(tenant=tenant, contact_ids=moved)
        read_to = changes[-1][0] if changes else read_to
        is_drained = len(changes) < BATCH_CHANGES
        if is_drained:
            break
    rebuild_rollups(tenant=tenant, days=days)
    news = {"last_change_id": read_to} | ({"fresh_at": at} if is_drained else {})
    cursors.update(**news)
    return not is_drained


def _begin(tenant: Tenant, at: datetime) -> None:
    """Build everything, then follow the change rows from here: a new tenant, or tables emptied by a migration."""
    newest = newest_change(tenant=tenant)
    rebuild_cohorts(tenant=tenant)
    for consumer in _BOTH:
        _note(tenant, consumer, newest, at)


def _note(tenant: Tenant, consumer: str, change_id: int, fresh_at: datetime | None) -> None:
    place = {"last_change_id": change_id, "fresh_at": fresh_at}
    TickCursor.objects.for_tenant(tenant).update_or_create(tenant=tenant, consumer=consumer, defaults=place)


def rebuild_cohorts(*, tenant: Tenant) -> None:
    """Rebuild all facts, lives and rollups of a tenant, whatever changed."""
    take_turn(Turn.COHORTS, tenant_id=tenant.pk)
    rebuild_facts(tenant=tenant)
    rebuild_lives(tenant=tenant)
    rebuild_rollups(tenant=tenant)
