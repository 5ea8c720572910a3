"""What a rule would find, before it is saved."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from contacts.models import Contact
from segments.intervals import wilson
from segments.planning import by_sets
from segments.rules import Rule, compile_preview, compile_rule
from tenants.models import Tenant

PATIENCE_MS = 5_000
# of somebody who builds a rule and waits for its count; an estimate comes soon after
PREVIEW_PATIENCE_MS = 1_200
SAMPLED = 4_000

# Some of a tenant's contacts, each with the same chance. Parameters: tenant, share.
_SOME = "SELECT id FROM contacts_contact WHERE tenant_id = %(tenant)s AND random() < %(share)s"


@dataclass(frozen=True, slots=True)
class Preview:
    """How many match now, a few of them, and how long that took.

    Where that is estimated, from about SAMPLED contacts, it is from `low` to `high` with 95 % confidence.
    """

    count: int
    low: int
    high: int
    contacts: list[Contact]
    took_ms: int

    @property
    def is_exact(self) -> bool:
        """Whether everybody was asked: there is no other number that it may be."""
        return self.low == self.high


def preview_rule(
    *, tenant: Tenant, rule: Rule, at: datetime, patience_ms: int = PREVIEW_PATIENCE_MS, sampled: int = SAMPLED
) -> Preview:
    """Count whom a rule finds; one that takes longer than `patience_ms` is tried on some random contacts instead."""
    begun = time.perf_counter()
    compiled = compile_preview(rule, tenant_id=tenant.pk, at=at)
    found = patiently(compiled.sql, compiled.params, patience_ms=patience_ms)
    if found is not None:
        count, ids = found
        low = high = count
    else:
        count, low, high, ids = _estimated(tenant, rule, at, sampled)
    contacts = {contact.pk: contact for contact in Contact.objects.for_tenant(tenant).filter(pk__in=ids)}
    return Preview(
        count=count,
        low=low,
        high=high,
        contacts=[contacts[contact_id] for contact_id in ids if contact_id in contacts],
        took_ms=round((time.perf_counter() - begun) * 1000),
    )


def patiently(statement: str, parameters: Mapping[str, Any], *, patience_ms: int = PATIENCE_MS) -> Any:
    """The one row of a statement over a rule; None when it took too long."""
    try:
        with transaction.atomic(), by_sets(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(patience_ms)])
            cursor.execute(statement, parameters)
            row = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
            return row
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != "57014":  # query_canceled
            raise
        return None


def _estimated(tenant: Tenant, rule: Rule, at: datetime, sampled: int) -> tuple[int, int, int, list[int]]:
    """About how many match, from where to where that may be, and some who do; exactly where so few are all."""
    people = Contact.objects.for_tenant(tenant).count()
    with connection.cursor() as cursor:
        cursor.execute(_SOME, {"tenant": tenant.pk, "share": min(1.0, sampled / max(1, people))})
        asked = [contact_id for (contact_id,) in cursor.fetchall()]
        compiled = compile_rule(rule, tenant_id=tenant.pk, at=at, contact_ids=asked)
        cursor.execute(compiled.sql, compiled.params)
        found = sorted((contact_id for (contact_id,) in cursor.fetchall()), reverse=True)
    if len(asked) == people:
        return len(found), len(found), len(found), found[:10]
    low, high = wilson(len(found), len(asked)) or (0, 1)
    return round(len(found) * people / max(1, len(asked))), round(low * people), round(high * people), found[:10]
