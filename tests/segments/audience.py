"""A tenant with people, rules and lists, as the tests of segments make and ask them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.cast import AT

ALWAYS = timedelta(0)


def people(tenant: Any, count: int, **fields: Any) -> list[int]:
    """New contacts, with the news that they are new; their ids."""
    from contacts.models import Change, Contact
    from contacts.services.changes import record_changes
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        rows = Contact.objects.bulk_create([Contact(tenant=tenant, **fields) for _ in range(count)])
        ids = [row.pk for row in rows]
        record_changes(tenant=tenant, contact_ids=ids, reason=Change.Reason.IDENTITY, at=AT)
    return ids


def tag(tenant: Any, name: str = "vip") -> int:
    """A new tag's id."""
    from contacts.models import Tag, TagGroup
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        group = TagGroup.objects.create(tenant=tenant, name=f"group of {name}")
        return int(Tag.objects.create(tenant=tenant, group=group, name=name).pk)


def carry(tenant: Any, tag_id: int, contact_ids: Iterable[int]) -> None:
    """Put a tag on contacts."""
    from contacts.services.tags import assign_tags
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        assign_tags(tenant=tenant, contact_ids=list(contact_ids), tags=[tag_id], source="hand", at=AT)


def drop(tenant: Any, tag_id: int, contact_ids: Iterable[int]) -> None:
    """Take a tag off contacts."""
    from contacts.services.tags import remove_tags
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        remove_tags(tenant=tenant, contact_ids=list(contact_ids), tags=[tag_id], source="hand", at=AT)


def tagged(*tag_ids: int) -> dict[str, Any]:
    """The rule of who carries one of these tags."""
    return {"type": "tag", "tags": list(tag_ids)}


def in_segment(segment_id: int) -> dict[str, Any]:
    """The rule of who is in another segment."""
    return {"type": "segment", "segment": segment_id}


def draft(tenant: Any, name: str, rule: Any, *, at: datetime = AT) -> int:
    """A rule segment that is not published; its id."""
    from segments.rules import parse_rule
    from segments.selectors.rules import known_names
    from segments.services.editing import create_segment
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        parsed = parse_rule(rule, known=known_names(tenant=tenant))
        return int(create_segment(tenant=tenant, name=name, rule=parsed, actor="bob", at=at).pk)


def edit(tenant: Any, segment_id: int, rule: Any, *, at: datetime = AT) -> None:
    """Save another rule of a segment."""
    from segments.rules import parse_rule
    from segments.selectors.rules import known_names
    from segments.services.editing import edit_segment
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        parsed = parse_rule(rule, known=known_names(tenant=tenant))
        edit_segment(tenant=tenant, segment_id=segment_id, rule=parsed, actor="bob", at=at)


def a_list(tenant: Any, name: str, contact_ids: Iterable[int] = ()) -> int:
    """A list with these people; its id."""
    from segments.services.editing import create_segment
    from segments.services.members import add_members
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        segment = create_segment(tenant=tenant, name=name, kind="list", actor="bob", at=AT)
    with tenant_transaction(tenant.pk):
        add_members(tenant=tenant, segment_id=segment.pk, contact_ids=list(contact_ids), at=AT)
    return int(segment.pk)


def publish(tenant: Any, segment_id: int, *, at: datetime = AT) -> None:
    """Publish a segment's newest version; it waits for its build."""
    from segments.services.publishing import publish_segment
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        publish_segment(tenant=tenant, segment_id=segment_id, at=at)


def build(tenant: Any, segment_id: int, *, at: datetime = AT) -> None:
    """Build a segment that waits, as the task does."""
    from segments.services.builds import build_segment, claim_build
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        claim = claim_build(tenant=tenant, segment_id=segment_id)
    assert claim is not None
    with tenant_transaction(tenant.pk):
        build_segment(tenant=tenant, claim=claim, at=at)


def live(tenant: Any, name: str, rule: Any, *, at: datetime = AT) -> int:
    """A published rule segment that is built; its id."""
    segment_id = draft(tenant, name, rule, at=at)
    publish(tenant, segment_id, at=at)
    build(tenant, segment_id, at=at)
    return segment_id


def tick(tenant: Any, *, at: datetime = AT, scan_every: timedelta = ALWAYS) -> None:
    """Follow the tenant's news and the clock until nothing waits."""
    from segments.services.refresh import refresh_segments
    from tenants.context import tenant_transaction

    is_waiting = True
    while is_waiting:
        with tenant_transaction(tenant.pk):
            is_waiting = refresh_segments(tenant=tenant, at=at, scan_every=scan_every)


def members(tenant: Any, segment_id: int) -> list[int]:
    """Who is in a segment, by id."""
    from segments.models import SegmentMember
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        rows = SegmentMember.objects.for_tenant(tenant).filter(segment_id=segment_id)
        return sorted(rows.values_list("contact_id", flat=True))


def segment(tenant: Any, segment_id: int) -> Any:
    """A segment's row as it stands."""
    from segments.models import Segment
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        return Segment.objects.for_tenant(tenant).get(pk=segment_id)


def moves(tenant: Any, segment_id: int) -> list[tuple[int, bool, str]]:
    """Who entered and left a segment, in order, and because of what."""
    from segments.models import SegmentTransition
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        rows = SegmentTransition.objects.for_tenant(tenant).filter(segment_id=segment_id).order_by("id")
        return list(rows.values_list("contact_id", "is_entry", "cause"))
