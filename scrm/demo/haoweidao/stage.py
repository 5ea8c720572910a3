"""What stands before the brand's past is played: fields and names; then segments with their people, and SOPs."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from acquisition.models import Channel
from acquisition.services.channels import edit_channel
from contacts.models import Attribute
from contacts.services.attributes import define_attribute
from contacts.services.tag_catalogue import tag_ids
from contacts.tags import parse_tag
from orders.models import Source
from scrm.demo.haoweidao.channels import BY_SLUG
from scrm.demo.haoweidao.goods import TASTES
from scrm.demo.haoweidao.story import ATTRIBUTES, MESSAGES_PER_DAY, SEGMENTS, SOPS, Ids, SegmentPlan, SopPlan
from scrm.demo.haoweidao.tags import AVOIDS
from scrm.demo.haoweidao.world import SOURCE_NAMES
from segments.models import Segment, SegmentCursor
from segments.rules import parse_rule
from segments.selectors.rules import known_names
from segments.services.builds import build_segment, claim_build
from segments.services.editing import create_segment
from segments.services.publishing import publish_segment
from segments.services.refresh import refresh_segments
from sop.incoming import VersionBody
from sop.models import Sop
from sop.services.budget import set_messages_per_day
from sop.services.editing import create_sop
from sop.services.publishing import publish_sop
from tenants.context import tenant_transaction
from tenants.models import Tenant

TAGS = tuple(f"口味/{taste}" for taste in TASTES) + tuple(f"忌口/{one}" for one in AVOIDS)


def define_fields(*, tenant: Tenant, actor: str, at: datetime) -> None:
    """Define the attributes that the brand's people tell of themselves, where they are missing."""
    with tenant_transaction(tenant.pk):
        known = set(Attribute.objects.for_tenant(tenant).values_list("key", flat=True))
        for key, label, kind, choices in ATTRIBUTES:
            if key not in known:
                define_attribute(tenant=tenant, key=key, label=label, kind=kind, choices=choices, actor=actor, at=at)


def played_to(*, tenant: Tenant) -> datetime | None:
    """Up to which instant the past was played; None before the stage is set."""
    with tenant_transaction(tenant.pk):
        if not Sop.objects.for_tenant(tenant).exists():
            return None
        cursor: SegmentCursor = SegmentCursor.objects.for_tenant(tenant).get()
        return cursor.scanned_at


def set_stage(*, tenant: Tenant, actor: str, at: datetime) -> None:
    """Name channels and sources, publish the segments with the people they have `at`, then the SOPs: all or nothing."""
    with tenant_transaction(tenant.pk):
        for pk, slug in Channel.objects.for_tenant(tenant).values_list("pk", "slug"):
            edit_channel(tenant=tenant, channel_id=pk, name=BY_SLUG[slug].name)
        for slug, name in SOURCE_NAMES.items():
            Source.objects.for_tenant(tenant).filter(slug=slug).update(name=name)
        # where ticks looked before, their clock is put back first
        refresh_segments(tenant=tenant, at=at, scan_every=timedelta(0))
        while refresh_segments(tenant=tenant, at=at, scan_every=timedelta(0)):
            pass
        ids = _ids(tenant)
        segments = dict(_make_segments(tenant, SEGMENTS, ids, actor, at))
        set_messages_per_day(tenant=tenant, per_day=MESSAGES_PER_DAY, actor=actor, at=at)
        for plan in SOPS:
            _make_sop(tenant, plan, segments[plan.segment], actor, at)


def _ids(tenant: Tenant) -> Ids:
    return Ids(
        tags={str(name): pk for name, pk in tag_ids(tenant=tenant, names=[parse_tag(tag) for tag in TAGS]).items()},
        channels=dict(Channel.objects.for_tenant(tenant).values_list("slug", "pk")),
        attributes=dict(Attribute.objects.for_tenant(tenant).values_list("key", "pk")),
        segments={},
    )


def _make_segments(
    tenant: Tenant, plans: Iterable[SegmentPlan], ids: Ids, actor: str, at: datetime
) -> Iterable[tuple[str, int]]:
    made: dict[str, int] = {}
    for plan in plans:
        named = Ids(ids.tags, ids.channels, ids.attributes, made)
        rule = parse_rule(plan.rule(named), known=known_names(tenant=tenant))
        told = {"name": plan.name, "description": plan.description}
        segment: Segment = create_segment(tenant=tenant, rule=rule, actor=actor, at=at, **told)
        publish_segment(tenant=tenant, segment_id=segment.pk, at=at)
        claim = claim_build(tenant=tenant, segment_id=segment.pk)
        assert claim is not None
        build_segment(tenant=tenant, claim=claim, at=at)
        made[plan.name] = segment.pk
        yield plan.name, segment.pk


def _make_sop(tenant: Tenant, plan: SopPlan, segment_id: int, actor: str, at: datetime) -> None:
    draft = VersionBody(
        segment=segment_id,
        steps=list(plan.steps),
        exits_on_leaving=False,
        exits_on_order=plan.exits_on_order,
        may_reenter=plan.may_reenter,
    )
    sop = create_sop(tenant=tenant, name=plan.name, description=plan.description, draft=draft, actor=actor, at=at)
    publish_sop(tenant=tenant, sop_id=sop.pk, include_members=False, actor=actor, at=at)
