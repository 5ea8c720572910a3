"""Whom publishing a rule would move."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.models import Contact
from segments.rules import Rule, compile_rule
from segments.selectors.previews import patiently
from tenants.models import Tenant

SAMPLE = 5
# Parameters: those of the rule; tenant, segment, sample. Columns: how many the rule finds, how many would enter and
# leave, and some of each by id. Grain: one row.
_MOVES = """
WITH found AS MATERIALIZED ({rule}),
     held AS MATERIALIZED (
    SELECT contact_id FROM segments_segmentmember WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s),
     coming AS MATERIALIZED (
    SELECT id FROM found WHERE NOT EXISTS (SELECT FROM held WHERE held.contact_id = found.id)),
     going AS MATERIALIZED (
    SELECT contact_id AS id FROM held WHERE NOT EXISTS (SELECT FROM found WHERE found.id = held.contact_id))
SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM coming), (SELECT count(*) FROM going),
       ARRAY(SELECT id FROM coming ORDER BY id DESC LIMIT %(sample)s),
       ARRAY(SELECT id FROM going ORDER BY id DESC LIMIT %(sample)s)
"""


@dataclass(frozen=True, slots=True)
class Diff:
    """How many a rule finds, how many would enter and leave by it, and some of them."""

    size: int
    entering: int
    leaving: int
    some_entering: list[Contact]
    some_leaving: list[Contact]


def publishing_moves(*, tenant: Tenant, segment_id: int, rule: Rule, at: datetime) -> Diff | None:
    """Compare whom a rule finds now with a segment's people; None when that takes too long."""
    compiled = compile_rule(rule, tenant_id=tenant.pk, at=at)
    asked: dict[str, Any] = {**compiled.params, "tenant": tenant.pk, "segment": segment_id, "sample": SAMPLE}
    row = patiently(_MOVES.replace("{rule}", compiled.sql), asked)
    if row is None:
        return None
    size, entering, leaving, coming, going = row
    people = {each.pk: each for each in Contact.objects.for_tenant(tenant).filter(pk__in=[*coming, *going])}
    named = [[people[pk] for pk in ids if pk in people] for ids in (coming, going)]
    return Diff(size, entering, leaving, *named)
