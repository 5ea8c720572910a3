"""The segments of a tenant follow its news and the clock, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection

from contacts.selectors.news import next_changes
from segments.models import SegmentCursor
from segments.rules import Edge, crossed_sql
from segments.selectors.rules import LiveRule, live_rules
from segments.services.builds import ask_for_builds, give_up_expired
from segments.services.cursors import cursor_of
from segments.services.propagation import Round, settle
from tenants.models import Tenant
from tenants.turns import Turn, try_turn

BATCH_CHANGES = 20_000
# how late a rule may notice that time passed; a fact is noticed at once
SCAN_EVERY = timedelta(seconds=20)
# a clock that is put back further than this was wrong before: everything is evaluated anew
CLOCK_SLACK = timedelta(minutes=5)


def refresh_segments(*, tenant: Tenant, at: datetime, scan_every: timedelta = SCAN_EVERY) -> bool:
    """Move everybody for whom a published rule changed since the last time, by a fact or by the clock.

    Only the contacts with news, and those whose instant crossed the edge of a window since the last scan, are
    evaluated. Several at once are harmless: the second leaves.
    Shape: whether more waits.
    """
    if not try_turn(Turn.SEGMENTS, tenant_id=tenant.pk):
        return False
    return follow_news(tenant=tenant, at=at, scan_every=scan_every)


def follow_news(*, tenant: Tenant, at: datetime, scan_every: timedelta) -> bool:
    """The same for who has the turn already.

    Shape: whether more waits.
    """
    cursor = cursor_of(tenant=tenant, at=at)
    if cursor.scanned_at > at + CLOCK_SLACK:
        _start_anew(tenant, at)
        return False
    at = max(at, cursor.scanned_at)
    changes = next_changes(tenant=tenant, after=cursor.last_change_id, limit=BATCH_CHANGES)
    is_scan = at - cursor.scanned_at >= scan_every
    if not changes and not is_scan:
        return False
    if is_scan:
        give_up_expired(tenant=tenant)
    rules = live_rules(tenant=tenant)
    crossed = _crossed(tenant, rules, cursor.scanned_at, at) if is_scan else {}
    settle(Round(tenant, at, news=_by_reason(changes), crossed=crossed), rules)
    SegmentCursor.objects.for_tenant(tenant).update(
        last_change_id=changes[-1][0] if changes else cursor.last_change_id,
        scanned_at=at if is_scan else cursor.scanned_at,
    )
    return len(changes) == BATCH_CHANGES


def _start_anew(tenant: Tenant, at: datetime) -> None:
    SegmentCursor.objects.for_tenant(tenant).update(scanned_at=at)
    ask_for_builds(tenant=tenant)


def _by_reason(changes: Iterable[tuple[int, int, str]]) -> Mapping[str, Mapping[int, int]]:
    """The newest change row by reason and contact."""
    news: dict[str, dict[int, int]] = defaultdict(dict)
    for change_id, contact_id, reason in changes:
        news[reason][contact_id] = change_id
    return news


def _crossed(
    tenant: Tenant, rules: Iterable[LiveRule], since: datetime, until: datetime
) -> Mapping[Edge, Sequence[int]]:
    """Whose instants crossed the edges of these rules in (since, until]."""
    edges = frozenset().union(*(rule.edges for rule in rules))
    found: dict[Edge, list[int]] = defaultdict(list)
    if edges:
        compiled = crossed_sql(edges, tenant_id=tenant.pk, since=since, until=until)
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, compiled.params)
            for contact_id, instant, days in cursor.fetchall():
                found[Edge(instant, days)].append(contact_id)
    return found
