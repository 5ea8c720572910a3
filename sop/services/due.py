"""The due table follows the ledger: when an SOP has something to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sop import ledger_sql
from sop.models import Sop
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Hint:
    """An SOP that has something to do now."""

    tenant_id: int
    sop_id: int


def note_due(*, tenant: Tenant, sop_ids: Iterable[int]) -> None:
    """Bring the next instants of these SOPs forward to what the ledger holds; never put them off.

    Call it last in the transaction that planned touchpoints, or set an SOP going again. A paused SOP may be named:
    whoever is told to run it finds nothing to do.
    """
    _execute(ledger_sql.NOTE_DUE, tenant, sop_ids, {})


def refresh_due(*, tenant: Tenant, sop_ids: Iterable[int], hinted_until: datetime | None = None) -> None:
    """Recompute when these SOPs have something to do next, after work was done; no row where nothing waits.

    `hinted_until`: until when the dispatcher leaves them to whoever calls this.
    """
    _execute(ledger_sql.REFRESH_DUE, tenant, sop_ids, {"hinted_until": hinted_until})


def sweep_due(*, tenant: Tenant) -> None:
    """Recompute the due rows of all the tenant's SOPs: what should never be missing is there again."""
    known = Sop.objects.for_tenant(tenant).exclude(state=Sop.State.DRAFT).values_list("pk", flat=True)
    _execute(ledger_sql.SWEEP_DUE, tenant, known, {})


def take_due(*, at: datetime, hint_seconds: float, most: int = 1_000) -> list[Hint]:
    """Take the SOPs of live tenants that are due, longest first, and ask for none of them again for `hint_seconds`."""
    with connection.cursor() as cursor:
        cursor.execute(ledger_sql.HINT_DUE, {"at": at, "hint_seconds": hint_seconds, "most": most})
        return [Hint(*row) for row in cursor.fetchall()]


def _execute(statement: str, tenant: Tenant, sop_ids: Iterable[int], more: dict[str, Any]) -> None:
    ids = sorted(set(sop_ids))
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"tenant_id": tenant.pk, "sop_ids": ids, **more})
