"""The tick's work in one tenant: runs start and end as segments and orders say."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from contacts.models import Change
from contacts.selectors.news import newest_change, next_changes
from segments.models import SegmentTransition
from sop.models import Sop, SopCursor
from sop.selectors.versions import WatchedVersion, stopped_sops, watched_versions
from sop.services.due import note_due
from sop.services.enrolling import Entry, Run, enroll, take_members
from sop.services.exits import Exit, complete, exit_left, exit_ordered, exit_stopped
from tenants.models import Tenant
from tenants.turns import Turn, try_turn

BATCH_TRANSITIONS = 5_000
BATCH_CHANGES = 20_000
FRESH_FOR = timedelta(seconds=10)


def follow(*, tenant: Tenant, at: datetime) -> bool:
    """Start and end runs by the transitions and orders since the last time, inside the tenant's transaction.

    Several at once are harmless: the second leaves. What is planned is in the due table when this returns.
    Shape: whether more waits.
    """
    if not try_turn(Turn.SOPS, tenant_id=tenant.pk):
        return False
    watched, stopped = watched_versions(tenant=tenant), stopped_sops(tenant=tenant)
    if not watched and not stopped:
        return False
    cursor, _made = SopCursor.objects.for_tenant(tenant).get_or_create(tenant=tenant)
    transition_id, is_behind, runs = _follow_transitions(tenant, cursor, watched, at)
    runs += _take_along(tenant, watched)
    change_id, has_more_orders = _follow_orders(tenant, cursor, watched, runs, at)
    stopping = [exit_stopped(tenant=tenant, sop=sop, at=at) for sop in stopped]
    running = {one.version.sop_id for one in watched if one.sop_state == Sop.State.PUBLISHED}
    complete(tenant=tenant, sop_ids=running, at=at)
    note_due(tenant=tenant, sop_ids={run.sop_id for run in runs})
    is_taking = any(one.version.members_taken_to is not None for one in watched)
    has_more = is_behind or has_more_orders or any(stopping) or is_taking
    _move_cursor(tenant, cursor, transition_id, change_id, None if has_more else at)
    return has_more


def _move_cursor(
    tenant: Tenant, cursor: SopCursor, transition_id: int, change_id: int, fresh_at: datetime | None
) -> None:
    """Write how far was read; a tick that found nothing writes only now and then."""
    is_where_it_was = (transition_id, change_id) == (cursor.last_transition_id, cursor.last_change_id)
    if is_where_it_was and (fresh_at is None or (cursor.fresh_at and fresh_at - cursor.fresh_at < FRESH_FOR)):
        return
    news = {"last_transition_id": transition_id, "last_change_id": change_id}
    SopCursor.objects.for_tenant(tenant).filter(pk=cursor.pk).update(
        **news, fresh_at=cursor.fresh_at if fresh_at is None else fresh_at
    )


def _follow_transitions(
    tenant: Tenant, cursor: SopCursor, watched: Sequence[WatchedVersion], at: datetime
) -> tuple[int, bool, list[Run]]:
    """Read the next transitions; up to which id, whether there are more, and the runs they started."""
    since = max(cursor.last_transition_id, min((one.after for one in watched), default=0))
    rows = SegmentTransition.objects.for_tenant(tenant).filter(id__gt=since).order_by("id")
    newest = rows.values_list("id", flat=True).last()
    if newest is None:
        return since, False, []
    segments = {one.version.segment_id for one in watched}
    found = list(rows.filter(id__lte=newest, segment_id__in=segments)[:BATCH_TRANSITIONS])
    runs: list[Run] = []
    for moves in _rounds(found):
        exits = [Exit(one.contact_id, one.segment_id, one.pk, one.at) for one in moves if not one.is_entry]
        exit_left(tenant=tenant, exits=exits, at=at)
        runs += enroll(tenant=tenant, entries=list(_entries(moves, watched)))
    is_behind = len(found) == BATCH_TRANSITIONS
    return found[-1].pk if is_behind else newest, is_behind, runs


def _rounds(transitions: Iterable[SegmentTransition]) -> list[list[SegmentTransition]]:
    """The transitions in rounds that hold no contact of a segment twice, each contact's in their order."""
    seen: Counter[tuple[int, int]] = Counter()
    rounds: list[list[SegmentTransition]] = []
    for one in transitions:
        key = one.segment_id, one.contact_id
        if seen[key] == len(rounds):
            rounds.append([])
        rounds[seen[key]].append(one)
        seen[key] += 1
    return rounds


def _entries(moves: Iterable[SegmentTransition], watched: Sequence[WatchedVersion]) -> Iterator[Entry]:
    by_segment: dict[int, list[WatchedVersion]] = {}
    for one in watched:
        by_segment.setdefault(one.version.segment_id, []).append(one)
    for move in moves:
        if move.is_entry:
            for one in by_segment[move.segment_id]:
                if one.counts(move.pk):
                    yield Entry(one.version, move.contact_id, move.pk, move.at)


def _take_along(tenant: Tenant, watched: Sequence[WatchedVersion]) -> list[Run]:
    runs: list[Run] = []
    for one in watched:
        if one.version.members_taken_to is not None:
            runs += take_members(tenant=tenant, version=one.version)
    return runs


def _follow_orders(
    tenant: Tenant, cursor: SopCursor, watched: Sequence[WatchedVersion], runs: Sequence[Run], at: datetime
) -> tuple[int, bool]:
    """Read the next change rows; up to which id, and whether there are more. Who has just entered is looked at too."""
    ending = {one.version.pk for one in watched if one.version.exits_on_order}
    if not ending:
        return max(newest_change(tenant=tenant), cursor.last_change_id), False
    found = next_changes(tenant=tenant, after=cursor.last_change_id, limit=BATCH_CHANGES)
    bought = {contact_id for _, contact_id, reason in found if reason == Change.Reason.ORDER}
    bought |= {run.contact_id for run in runs if run.version_id in ending}
    exit_ordered(tenant=tenant, contact_ids=bought, at=at)
    return (found[-1][0] if found else cursor.last_change_id), len(found) == BATCH_CHANGES
