"""Making segments, saving their rules, taking them out of use."""

from datetime import datetime

from django.db.models import Max

from segments.models import Segment, SegmentVersion
from segments.rules import Rule, rule_value
from segments.selectors.rules import used_by
from tenants.context import lock_tenant_writes
from tenants.models import Tenant


class NameIsTaken(Exception):
    """Another segment of the tenant has this name."""


class SegmentHasNoRule(Exception):
    """A list has no rule."""


class SegmentIsUsed(Exception):
    """Published segments name it in their rules; `names` are theirs."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def create_segment(
    *,
    tenant: Tenant,
    name: str,
    kind: Segment.Kind | str = Segment.Kind.RULE,
    description: str = "",
    rule: Rule | None = None,
    actor: str,
    at: datetime,
) -> Segment:
    """Make a segment: a rule is a draft with one version, a list can be filled at once.

    Raises: NameIsTaken, SegmentHasNoRule for a list with one, ValueError for a rule segment without one
    """
    if kind == Segment.Kind.LIST and rule is not None:
        raise SegmentHasNoRule
    if kind == Segment.Kind.RULE and rule is None:
        raise ValueError("a rule segment begins with a rule")
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    _refuse_taken(tenant, name)
    segment: Segment = Segment.objects.create(
        tenant=tenant,
        name=name,
        description=description,
        kind=kind,
        state=Segment.State.PUBLISHED if kind == Segment.Kind.LIST else Segment.State.DRAFT,
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    if rule is not None:
        _save_version(tenant, segment, rule, actor, at)
    return segment


def edit_segment(
    *,
    tenant: Tenant,
    segment_id: int,
    name: str | None = None,
    description: str | None = None,
    rule: Rule | None = None,
    actor: str,
    at: datetime,
) -> Segment:
    """Change a segment's name and description at once, and its rule as a new version that waits to be published.

    A rule that is the newest version's makes no new one.
    Raises: Segment.DoesNotExist, NameIsTaken, SegmentHasNoRule
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    segment: Segment = Segment.objects.for_tenant(tenant).get(pk=segment_id)
    if rule is not None and segment.kind == Segment.Kind.LIST:
        raise SegmentHasNoRule
    news = {"name": name, "description": description}
    changed = {key: value for key, value in news.items() if value is not None and value != getattr(segment, key)}
    if "name" in changed:
        _refuse_taken(tenant, changed["name"] or "")
    is_new_rule = rule is not None and _newest_rule(tenant, segment_id) != rule_value(rule)
    if not changed and not is_new_rule:
        return segment
    if is_new_rule and rule is not None:
        _save_version(tenant, segment, rule, actor, at)
    Segment.objects.for_tenant(tenant).filter(pk=segment_id).update(**changed, updated_at=at)
    segment.refresh_from_db(from_queryset=Segment.objects.for_tenant(tenant))
    return segment


def archive_segment(*, tenant: Tenant, segment_id: int, at: datetime) -> Segment:
    """Take a segment out of use: its people stay as they are, nobody enters or leaves any more.

    Publishing takes it into use again.
    Raises: Segment.DoesNotExist, SegmentIsUsed
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    segments = Segment.objects.for_tenant(tenant).filter(pk=segment_id)
    segments.get()
    if users := used_by(tenant=tenant).get(segment_id):
        raise SegmentIsUsed([user.name for user in users])
    segments.exclude(state=Segment.State.ARCHIVED).update(
        state=Segment.State.ARCHIVED, build=Segment.Build.IDLE, build_lease_until=None, updated_at=at
    )
    segment: Segment = segments.get()
    return segment


def _refuse_taken(tenant: Tenant, name: str) -> None:
    if Segment.objects.for_tenant(tenant).filter(name=name).exists():
        raise NameIsTaken


def _newest_rule(tenant: Tenant, segment_id: int) -> object:
    versions = SegmentVersion.objects.for_tenant(tenant).filter(segment_id=segment_id)
    return versions.order_by("-number").values_list("rule", flat=True).first()


def _save_version(tenant: Tenant, segment: Segment, rule: Rule, actor: str, at: datetime) -> None:
    newest = SegmentVersion.objects.for_tenant(tenant).filter(segment=segment).aggregate(newest=Max("number"))["newest"]
    SegmentVersion.objects.create(
        tenant=tenant,
        segment=segment,
        number=(newest or 0) + 1,
        rule=rule_value(rule),
        created_by=actor,
        created_at=at,
    )
