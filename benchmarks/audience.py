"""A tenant's segment as the product publishes, builds and follows it, for benchmarks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from benchmarks.cohorts import inside

# one more order of each of these contacts, paid within the last weeks
_BUY = """
INSERT INTO orders_order (tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency,
                          amount_minor, discount_minor, shipping_minor, tax_minor, fx_rate, fx_given,
                          base_amount_minor, buyer, attributes, version_at, content_hash, refunds_hash,
                          created_at, updated_at)
SELECT %(tenant)s, (SELECT min(id) FROM orders_source WHERE tenant_id = %(tenant)s), %(number)s || '-' || id, id, '',
       'paid', %(at)s - interval '1 hour' * (1 + id %% 500), 'GBP', 20000, 0, 0, 0, 1, false, 20000, '{}', '{}',
       %(at)s, '', '', now(), now()
FROM unnest(%(contacts)s::bigint[]) AS k(id)
"""


def publish(tenant: Any, name: str, rule: Any, *, at: datetime) -> int:
    """A new segment with this rule, published; it waits for its build."""
    from segments.services.editing import create_segment
    from segments.services.publishing import publish_segment

    with inside(tenant):
        segment_id = int(create_segment(tenant=tenant, name=name, rule=rule, actor="bench", at=at).pk)
        publish_segment(tenant=tenant, segment_id=segment_id, at=at)
    return segment_id


def ask_for_build(tenant: Any) -> None:
    """Let all that is published wait for a build."""
    from segments.services.builds import ask_for_builds

    with inside(tenant):
        ask_for_builds(tenant=tenant)


def build(tenant: Any, segment_id: int, *, at: datetime) -> None:
    """Build a segment that waits, as the task does: the claim, then the build."""
    from segments.services.builds import build_segment, claim_build

    with inside(tenant):
        claim = claim_build(tenant=tenant, segment_id=segment_id)
    if claim is None:
        raise RuntimeError(f"segment {segment_id} does not wait for a build")
    with inside(tenant):
        build_segment(tenant=tenant, claim=claim, at=at)


def archive(tenant: Any, segment_id: int, *, at: datetime) -> None:
    """Let nobody follow a segment any more."""
    from segments.services.editing import archive_segment

    with inside(tenant):
        archive_segment(tenant=tenant, segment_id=segment_id, at=at)


def follow(tenant: Any, *, at: datetime, scan_every: timedelta) -> None:
    """Let the tenant's segments follow their news, as the tick does."""
    from segments.services.refresh import refresh_segments

    with inside(tenant):
        if refresh_segments(tenant=tenant, at=at, scan_every=scan_every):
            raise RuntimeError("more news waits than was laid")


def let_buy(tenant: Any, contact_ids: Sequence[int], *, number: int, at: datetime) -> None:
    """Give each of these contacts an order more, with the sums and the news that come of it."""
    from django.db import connection

    from contacts.models import Change
    from contacts.services.changes import record_changes
    from orders.services.stats import refresh_stats
    from tenants.context import lock_tenant_writes

    with inside(tenant), connection.cursor() as cursor:
        lock_tenant_writes(tenant_id=tenant.pk)
        asked: dict[str, Any] = {"tenant": tenant.pk, "contacts": list(contact_ids), "number": number, "at": at}
        cursor.execute(_BUY, asked)
        refresh_stats(tenant=tenant, contact_ids=contact_ids, at=at)
        record_changes(tenant=tenant, contact_ids=contact_ids, reason=Change.Reason.ORDER, at=at)
