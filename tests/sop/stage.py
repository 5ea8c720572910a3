"""People who enter and leave a segment, and SOPs made and published as operators do."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from contacts.models import Change, Contact
from orders.models import ContactStats
from segments.models import Segment, SegmentMember, SegmentTransition
from sop.incoming import StepBody, VersionBody
from sop.models import Due, Enrollment, Sop, Touchpoint
from sop.services.editing import create_sop
from sop.services.following import follow
from sop.services.publishing import Published, publish_sop
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SOON = StepBody(content="{{ contact.name|you }}: hello", after_minutes=10)
NEXT_DAY = StepBody(content="How is it?", day=2, at="10:00")


def people(tenant: Tenant, count: int) -> list[int]:
    """The ids of some new contacts."""
    with tenant_transaction(tenant.pk):
        made = Contact.objects.bulk_create([Contact(tenant=tenant, name=f"Person {n}") for n in range(count)])
    return [contact.pk for contact in made]


def audience(tenant: Tenant, name: str = "Buyers", **fields: Any) -> Segment:
    """A published segment without anybody in it."""
    values = {"state": Segment.State.PUBLISHED, "kind": Segment.Kind.LIST, "created_at": AT, "updated_at": AT} | fields
    with tenant_transaction(tenant.pk):
        segment: Segment = Segment.objects.create(tenant=tenant, name=name, **values)
    return segment


def enter(tenant: Tenant, segment: Segment, contact_ids: Iterable[int], *, at: datetime = AT) -> None:
    """Let contacts enter a segment, as the segments' tick writes it."""
    ids = list(contact_ids)
    with tenant_transaction(tenant.pk):
        SegmentMember.objects.bulk_create(
            [SegmentMember(tenant=tenant, segment=segment, contact_id=pk, entered_at=at) for pk in ids]
        )
        _moved(tenant, segment, ids, at, is_entry=True)


def leave(tenant: Tenant, segment: Segment, contact_ids: Iterable[int], *, at: datetime = AT) -> None:
    """Let contacts leave a segment."""
    ids = list(contact_ids)
    with tenant_transaction(tenant.pk):
        SegmentMember.objects.for_tenant(tenant).filter(segment=segment, contact_id__in=ids).delete()
        _moved(tenant, segment, ids, at, is_entry=False)


def order(tenant: Tenant, contact_ids: Iterable[int], *, at: datetime) -> None:
    """Let contacts have paid an order, as the orders' service writes it."""
    with tenant_transaction(tenant.pk):
        for pk in contact_ids:
            rows = ContactStats.objects.for_tenant(tenant).filter(contact_id=pk)
            if not rows.update(last_purchase_at=at):
                ContactStats.objects.create(tenant=tenant, contact_id=pk, last_purchase_at=at, first_purchase_at=at)
            Change.objects.create(tenant=tenant, contact_id=pk, reason=Change.Reason.ORDER)


def draft(segment: Segment, *steps: StepBody, **fields: Any) -> VersionBody:
    """A draft with these steps."""
    return VersionBody(segment=segment.pk, steps=list(steps) or [SOON, NEXT_DAY], **fields)


def make(tenant: Tenant, segment: Segment, *steps: StepBody, name: str = "Welcome", **fields: Any) -> Sop:
    """An SOP with a draft."""
    with tenant_transaction(tenant.pk):
        return create_sop(tenant=tenant, name=name, draft=draft(segment, *steps, **fields), actor="tests", at=AT)


def publish(tenant: Tenant, sop: Sop, *, include_members: bool = False, at: datetime = AT) -> Published:
    """Publish an SOP's draft."""
    with tenant_transaction(tenant.pk):
        return publish_sop(tenant=tenant, sop_id=sop.pk, include_members=include_members, actor="tests", at=at)


def tick(tenant: Tenant, *, at: datetime = AT) -> int:
    """Follow until nothing more waits; how often that took."""
    for times in range(1, 100):
        with tenant_transaction(tenant.pk):
            has_more = follow(tenant=tenant, at=at)
        if not has_more:
            return times
    raise AssertionError("it never ends")


def runs(tenant: Tenant, sop: Sop) -> list[tuple[int, str, str]]:
    """Contact, state and reason of each run, in the order in which they began."""
    with tenant_transaction(tenant.pk):
        rows = Enrollment.objects.for_tenant(tenant).filter(sop=sop).order_by("pk")
        return list(rows.values_list("contact_id", "state", "exit_reason"))


def planned(tenant: Tenant, sop: Sop) -> list[tuple[int, datetime, str, str]]:
    """Contact, due instant, state and reason of each touchpoint, by contact and due."""
    with tenant_transaction(tenant.pk):
        rows = Touchpoint.objects.for_tenant(tenant).filter(sop=sop).order_by("contact_id", "due_at", "pk")
        return list(rows.values_list("contact_id", "due_at", "state", "reason"))


def settle(tenant: Tenant, sop: Sop, *, at: datetime, states: Sequence[str] = ("sent",)) -> None:
    """Let what is planned and due have come to these states, one after the other."""
    with tenant_transaction(tenant.pk):
        rows = Touchpoint.objects.for_tenant(tenant).filter(sop=sop, state="planned", due_at__lte=at)
        for place, pk in enumerate(rows.order_by("pk").values_list("pk", flat=True)):
            rows.filter(pk=pk).update(state=states[place % len(states)], settled_at=at)


def _moved(tenant: Tenant, segment: Segment, ids: Sequence[int], at: datetime, *, is_entry: bool) -> None:
    cause = SegmentTransition.Cause.HAND
    SegmentTransition.objects.bulk_create(
        [
            SegmentTransition(tenant=tenant, segment=segment, contact_id=pk, is_entry=is_entry, at=at, cause=cause)
            for pk in ids
        ]
    )
    size = SegmentMember.objects.for_tenant(tenant).filter(segment=segment).aggregate(size=Count("contact"))["size"]
    Segment.objects.for_tenant(tenant).filter(pk=segment.pk).update(size=size)


def due_at(tenant: Tenant, sop: Sop) -> datetime | None:
    """When the due table says that something is to be done."""
    return Due.objects.filter(tenant=tenant, sop_id=sop.pk).values_list("due_at", flat=True).first()
