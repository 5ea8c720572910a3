"""What contacts said about being reached."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from contacts.models import TouchKind
from contacts.selectors.people import known_ids
from tenants.context import lock_tenant_writes
from tenants.models import Tenant

# Parameters: tenant, ids (sorted), touch_kind, is_granted, evidence, actor, at. The rows written: contacts whose
# consent changed, or was said for the first time.
_SET = """
WITH said AS (
    INSERT INTO contacts_consent AS c (tenant_id, contact_id, touch_kind, is_granted, changed_at)
    SELECT %(tenant)s, id, %(touch_kind)s, %(is_granted)s, %(at)s FROM unnest(%(ids)s::bigint[]) AS id
    ON CONFLICT (tenant_id, contact_id, touch_kind) DO UPDATE
    SET is_granted = excluded.is_granted, changed_at = excluded.changed_at
    WHERE c.is_granted <> excluded.is_granted
    RETURNING contact_id
)
INSERT INTO contacts_consentmove (tenant_id, contact_id, touch_kind, is_granted, evidence, actor, created_at)
SELECT %(tenant)s, contact_id, %(touch_kind)s, %(is_granted)s, %(evidence)s, %(actor)s, %(at)s FROM said
"""


def set_consent(
    *,
    tenant: Tenant,
    contact_ids: Iterable[int],
    touch_kind: TouchKind | str,
    is_granted: bool,
    evidence: str = "",
    actor: str = "",
    at: datetime,
) -> int:
    """Keep that contacts may, or may not, be reached one way; of how many that is news.

    Ids that the tenant does not have are passed over. What was said before stays as moves.
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    return keep_consent(
        tenant=tenant,
        contact_ids=contact_ids,
        touch_kind=touch_kind,
        is_granted=is_granted,
        evidence=evidence,
        actor=actor,
        at=at,
    )


def keep_consent(
    *,
    tenant: Tenant,
    contact_ids: Iterable[int],
    touch_kind: TouchKind | str,
    is_granted: bool,
    evidence: str,
    actor: str,
    at: datetime,
) -> int:
    """The same under `lock_tenant_writes`; `at` may be long ago, when it was said."""
    ids = sorted(known_ids(tenant=tenant, contact_ids=contact_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _SET,
            {
                "tenant": tenant.pk,
                "ids": ids,
                "touch_kind": str(touch_kind),
                "is_granted": is_granted,
                "evidence": evidence,
                "actor": actor,
                "at": at,
            },
        )
        return int(cursor.rowcount)
