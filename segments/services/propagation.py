"""From what happened to who moved: each rule once, those that others name first."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from contacts.models import Contact
from segments.models import Segment, SegmentTransition
from segments.rules import Edge
from segments.selectors.rules import LiveRule, live_rules
from segments.services.cursors import cursor_of
from segments.services.membership import Causes, Moves, follow_for, follow_fully
from tenants.models import Tenant

logger = logging.getLogger(__name__)
Cause = SegmentTransition.Cause
# more contacts than this, if they are this share of all, are looked up faster by evaluating everybody
MANY_CONTACTS = 2_000
MANY_SHARE = 0.05


@dataclass
class Round:
    """What happened in a tenant up to an instant, and which segments moved because of it.

    `news`: the newest change row by reason and contact. `crossed`: whose instant crossed an edge. `moved`: by segment.
    """

    tenant: Tenant
    at: datetime
    news: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    crossed: Mapping[Edge, Sequence[int]] = field(default_factory=dict)
    moved: dict[int, frozenset[int]] = field(default_factory=dict)

    def are_many(self, people: int) -> bool:
        """Whether so many are looked up faster by evaluating everybody."""
        most = int(people / MANY_SHARE)
        return people > MANY_CONTACTS and Contact.objects.for_tenant(self.tenant)[:most].count() < most


def settle(happened: Round, rules: Sequence[LiveRule]) -> None:
    """Let every rule follow what happened; `happened.moved` then has all that moved.

    A rule that cannot be evaluated waits for a full build, and does not hold up the others.
    """
    named = {named_id for rule in rules for named_id in rule.segments}
    for rule in rules:
        causes = _causes(happened, rule)
        if causes and rule.segment_id not in happened.moved:
            moves = _follow(happened, rule, causes, tells=rule.segment_id in named)
            happened.moved[rule.segment_id] = moves.contact_ids


def settle_after(*, tenant: Tenant, moved: Mapping[int, Collection[int]], at: datetime) -> None:
    """Let the rules that name segments follow those whose people moved. Called in one's turn."""
    if not any(moved.values()):
        return
    at = max(at, cursor_of(tenant=tenant, at=at).scanned_at)
    happened = Round(tenant, at, moved={segment_id: frozenset(ids) for segment_id, ids in moved.items()})
    settle(happened, live_rules(tenant=tenant))


def _causes(happened: Round, rule: LiveRule) -> Causes:
    """Who may have moved and why; a fact about the contact is told before a date that passed, that before a segment."""
    causes: dict[int, tuple[str, int | None]] = {}
    for segment_id in rule.segments:
        causes.update(dict.fromkeys(happened.moved.get(segment_id, ()), (str(Cause.SEGMENT), None)))
    for edge in rule.edges:
        causes.update(dict.fromkeys(happened.crossed.get(edge, ()), (str(Cause.TIME), None)))
    told: dict[int, tuple[int, str]] = {}
    for reason in rule.reasons:
        for contact_id, change_id in happened.news.get(reason, {}).items():
            told[contact_id] = max(told.get(contact_id, (0, "")), (change_id, reason))
    return causes | {contact_id: (reason, change_id) for contact_id, (change_id, reason) in told.items()}


def _follow(happened: Round, rule: LiveRule, causes: Causes, *, tells: bool) -> Moves:
    tenant, at = happened.tenant, happened.at
    try:
        with transaction.atomic():
            if happened.are_many(len(causes)):
                return follow_fully(tenant=tenant, rule=rule, asked=causes, cause=Cause.REBUILT, tells=tells, at=at)
            return follow_for(tenant=tenant, rule=rule, asked=causes, tells=tells, at=at)
    except Exception:  # whatever it is, the other segments go on, and this one is built in full
        logger.exception("segment %s of tenant %s could not follow its rule", rule.segment_id, tenant.pk)
        waiting = {"build": Segment.Build.WAITING, "build_tries": 0, "build_lease_until": None}
        Segment.objects.for_tenant(tenant).filter(pk=rule.segment_id).update(**waiting)
        return Moves()
