"""What a rule would find, before it is saved."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from contacts.models import Contact
from segments.planning import by_sets
from segments.rules import Rule, compile_preview, compile_rule
from tenants.models import Tenant

PATIENCE_MS = 5_000
SAMPLED = 2_000


@dataclass(frozen=True, slots=True)
class Preview:
    """How many match now, a few of them, and how long that took. Not `is_exact`: estimated from SAMPLED contacts."""

    count: int
    is_exact: bool
    contacts: list[Contact]
    took_ms: int


def preview_rule(*, tenant: Tenant, rule: Rule, at: datetime, patience_ms: int = PATIENCE_MS) -> Preview:
    """Count whom a rule finds; one that takes longer than `patience_ms` is tried on SAMPLED random contacts instead."""
    begun = time.perf_counter()
    compiled = compile_preview(rule, tenant_id=tenant.pk, at=at)
    found = patiently(compiled.sql, compiled.params, patience_ms=patience_ms)
    count, ids = found if found is not None else _estimated(tenant, rule, at)
    contacts = {contact.pk: contact for contact in Contact.objects.for_tenant(tenant).filter(pk__in=ids)}
    return Preview(
        count=count,
        is_exact=found is not None,
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


def _estimated(tenant: Tenant, rule: Rule, at: datetime) -> tuple[int, list[int]]:
    contacts = Contact.objects.for_tenant(tenant)
    asked = list(contacts.order_by("?").values_list("pk", flat=True)[:SAMPLED])
    compiled = compile_rule(rule, tenant_id=tenant.pk, at=at, contact_ids=asked)
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.params)
        found = sorted((contact_id for (contact_id,) in cursor.fetchall()), reverse=True)
    return round(len(found) * contacts.count() / max(1, len(asked))), found[:10]
