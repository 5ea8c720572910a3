"""Why a contact is in a segment, or is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from segments import rules
from segments.models import Segment, SegmentMember, SegmentTransition
from segments.rules.tree import OrdersLeaf
from segments.selectors.members import moves_of
from segments.selectors.rules import known_names, rule_of
from segments.selectors.segments import newest_version, versions
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Explained:
    """A contact and a segment. `matches` and `nodes` say what the rule finds now; a list has neither.

    `words` has each node's by its pointer, `windows` what each order leaf with days counts of her (purchases, or minor
    units). `version_number` is the version that was asked: the live one, else (a
    draft) the newest. `last_move` is the entry or exit that made it so, with the fact that caused it.
    """

    is_member: bool
    entered_at: datetime | None
    last_move: SegmentTransition | None
    version_number: int | None
    matches: bool | None
    nodes: list[rules.Explanation]
    words: Mapping[str, str]
    windows: Mapping[OrdersLeaf, int]


def explain_contact(*, tenant: Tenant, segment: Segment, contact_id: int, at: datetime) -> Explained:
    """Why this contact is in the segment, or is not; the contact exists.

    Raises: InvalidRule when the segment's rule cannot be read any more
    """
    member = SegmentMember.objects.for_tenant(tenant).filter(segment=segment, contact_id=contact_id).first()
    found = versions(tenant=tenant, segment_id=segment.pk)
    version = (
        newest_version(tenant=tenant, segment_id=segment.pk)
        if segment.live_number is None
        else found.filter(number=segment.live_number).first()
    )
    rule = None if version is None else rule_of(tenant=tenant, version=version)
    nodes = [] if rule is None else explain_rule(tenant=tenant, rule=rule, contact_id=contact_id, at=at)
    return Explained(
        is_member=member is not None,
        entered_at=member.entered_at if member else None,
        last_move=moves_of(tenant=tenant, contact_id=contact_id, segment_id=segment.pk).first(),
        version_number=version.number if version else None,
        matches=nodes[0].is_true if nodes else None,
        nodes=nodes,
        words={} if rule is None else rules.phrases(rule, known_names(tenant=tenant)),
        windows={} if rule is None else _windows(tenant, rule, contact_id, at),
    )


def explain_rule(*, tenant: Tenant, rule: rules.Rule, contact_id: int, at: datetime) -> list[rules.Explanation]:
    """What each node of a rule finds of a contact, the root first; empty where there is no such contact."""
    compiled = rules.compile_explain(rule, tenant_id=tenant.pk, at=at, contact_id=contact_id)
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.params)
        row = cursor.fetchone()
    return [] if row is None else rules.read_explanation(rule, row)


def _windows(tenant: Tenant, rule: rules.Rule, contact_id: int, at: datetime) -> Mapping[OrdersLeaf, int]:
    compiled = rules.compile_windows(rule, tenant_id=tenant.pk, at=at, contact_id=contact_id)
    if compiled is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.params)
        row = cursor.fetchone()
    return {} if row is None else rules.read_windows(rule, row)
