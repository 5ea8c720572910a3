"""Lives of buyers, recomputed as a whole for each contact that changed."""

from collections.abc import Sequence

from django.db import connection

from analytics.lives_sql import LIFE
from tenants.arrays import array_of
from tenants.models import Tenant

# Purpose: make the lives of contacts what their orders say; only those that differ are written. Parameters: tenant_id
# (hidden from the planner, decision 8); contacts (ids as the text of an array), where `whose` names them.
_REPLACE_LIVES = f"""
WITH asked AS MATERIALIZED ({{whose}}), lives AS MATERIALIZED (
    SELECT k.contact_id, l.*
    FROM asked AS k(contact_id)
    CROSS JOIN LATERAL ({LIFE.format(contact="k.contact_id", before="'infinity'")}
    ) l
), gone AS (
    DELETE FROM analytics_buyerlife
    WHERE tenant_id = (SELECT %(tenant_id)s::bigint) AND ctid = ANY(ARRAY(
        SELECT h.ctid FROM (SELECT * FROM asked EXCEPT SELECT contact_id FROM lives) AS k(contact_id)
        CROSS JOIN LATERAL (
            SELECT ctid FROM analytics_buyerlife
            WHERE tenant_id = (SELECT %(tenant_id)s::bigint) AND contact_id = k.contact_id OFFSET 0) h))
)
INSERT INTO analytics_buyerlife AS b (tenant_id, contact_id, first_at, again_at, last_at, gaps, median_gap_seconds)
SELECT %(tenant_id)s, contact_id, first_at, again_at, last_at, gaps, median_gap_seconds FROM lives
ON CONFLICT (tenant_id, contact_id) DO UPDATE
SET first_at = excluded.first_at, again_at = excluded.again_at, last_at = excluded.last_at, gaps = excluded.gaps,
    median_gap_seconds = excluded.median_gap_seconds
WHERE (b.first_at, b.again_at, b.last_at, b.gaps, b.median_gap_seconds)
      IS DISTINCT FROM (excluded.first_at, excluded.again_at, excluded.last_at, excluded.gaps,
                        excluded.median_gap_seconds)
"""  # noqa: S608 - fragments are constants
REPLACE_SOME = _REPLACE_LIVES.format(whose="SELECT unnest(%(contacts)s::bigint[])")
REPLACE_ALL = _REPLACE_LIVES.format(
    whose="SELECT id FROM contacts_contact WHERE tenant_id = (SELECT %(tenant_id)s::bigint)"
)


def rebuild_lives(*, tenant: Tenant, contact_ids: Sequence[int] | None = None) -> None:
    """Make the lives of these contacts, or of all, what their orders say."""
    if contact_ids is not None and not contact_ids:
        return
    with connection.cursor() as cursor:
        if contact_ids is None:
            cursor.execute(REPLACE_ALL, {"tenant_id": tenant.pk})
        else:
            cursor.execute(REPLACE_SOME, {"tenant_id": tenant.pk, "contacts": array_of(contact_ids)})
