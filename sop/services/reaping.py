"""Reap: touchpoints whose worker is gone come back."""

from datetime import datetime
from typing import Any

from django.db import connection

from sop import ledger_sql
from sop.models import Touchpoint
from sop.transports.base import Transport
from tenants.models import Tenant


def reap_expired(*, tenant: Tenant, sop_id: int, transport: Transport, at: datetime, most: int) -> int:
    """Take back claims whose lease is over; how many.

    Whether they went out is not known. A provider that can be asked will be; one that only honours keys gets them
    again under the same key; what is with any other stays of unknown outcome until a person decides.
    """
    is_resent = transport.honours_keys and not transport.tells_outcomes
    state = Touchpoint.State.PLANNED if is_resent else Touchpoint.State.UNKNOWN
    parameters: dict[str, Any] = {"tenant_id": tenant.pk, "sop_id": sop_id, "at": at, "most": most, "state": state}
    with connection.cursor() as cursor:
        cursor.execute(ledger_sql.REAP, parameters)
        return len(cursor.fetchall())
