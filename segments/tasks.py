"""The tick of segments, full builds, and the nightly comparison."""

import logging

from celery import shared_task
from django.utils import timezone

from segments.services.builds import BuildWasTaken, build_segment, claim_build, fail_build, hint_builds
from segments.services.reconcile import reconcile_next
from segments.services.refresh import refresh_segments
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.tasks import TenantTask, first_line, visit_tenants

logger = logging.getLogger(__name__)


@shared_task(name="segments.tick", base=TenantTask, system=True)
def tick() -> None:
    """Let every tenant's segments follow its news, and tell workers of the builds that wait."""
    waiting: list[tuple[int, int]] = []

    def follow(tenant: Tenant) -> bool:
        is_waiting = refresh_segments(tenant=tenant, at=timezone.now())
        waiting.extend((tenant.pk, segment_id) for segment_id in hint_builds(tenant=tenant))
        return is_waiting

    visit_tenants("segments.tick", follow)
    for tenant_id, segment_id in waiting:
        build.delay(tenant_id=tenant_id, segment_id=segment_id)


@shared_task(name="segments.build", base=TenantTask, system=True)
def build(*, tenant_id: int, segment_id: int) -> None:
    """Build one segment in full, in transactions of its own: the claim, then the build or why it failed."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_transaction(tenant_id):
        claim = claim_build(tenant=tenant, segment_id=segment_id)
    if claim is None:
        return
    try:
        with tenant_transaction(tenant_id):
            build_segment(tenant=tenant, claim=claim, at=timezone.now())
    except BuildWasTaken:
        logger.info("build of segment %s of tenant %s was overtaken", segment_id, tenant_id)
    except Exception as error:
        logger.exception("build of segment %s of tenant %s failed", segment_id, tenant_id)
        with tenant_transaction(tenant_id):
            fail_build(tenant=tenant, claim=claim, error=first_line(error))


@shared_task(name="segments.reconcile", base=TenantTask, system=True)
def reconcile() -> None:
    """Compare every published rule with its people, one segment a transaction, and repair what differs."""
    places: dict[int, int] = {}

    def compare(tenant: Tenant) -> bool:
        segment_id, _ = reconcile_next(tenant=tenant, after=places.get(tenant.pk, 0), at=timezone.now())
        places[tenant.pk] = segment_id or 0
        return segment_id is not None

    visit_tenants("segments.reconcile", compare)
