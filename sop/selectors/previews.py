"""What a draft would send to whom and when, before it is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contacts.models import Attribute, Contact
from segments.models import Segment, SegmentMember
from sop.drafts import StepPlan, cautions, try_steps
from sop.incoming import PreviewBody
from sop.selectors.budget import messages_per_day
from sop.templates import BRAND_NAME, contact_values, render
from sop.timing import due_at
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.timezones import zone


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """What one step would send. `index`: its place in the draft; `due_at`: for who enters now, who misses what is too
    late by then.
    """

    index: int
    due_at: datetime
    is_missed: bool
    text: str


@dataclass(frozen=True, slots=True)
class DraftPreview:
    """What a draft would send to one contact (None: nobody is there to ask, fallbacks are said), in order of time.

    `errors` and `warnings` point into the draft; `members` are in its segment now.
    """

    contact: Contact | None
    members: int | None
    messages: list[MessagePreview]
    errors: list[FieldError]
    warnings: list[FieldError]


def preview_draft(*, tenant: Tenant, draft: PreviewBody, knows_contacts: bool, at: datetime) -> DraftPreview:
    """Say each step that can be kept to one contact, as if she entered now; to nobody for who `knows_contacts` not.

    Raises: Segment.DoesNotExist, Contact.DoesNotExist
    """
    segment = None if draft.segment is None else Segment.objects.for_tenant(tenant).get(pk=draft.segment)
    contact = _whom(tenant, draft, segment) if knows_contacts else None
    known = set(Attribute.objects.for_tenant(tenant).values_list("key", flat=True))
    plans, errors = try_steps(draft.steps, attributes=known)
    warnings = [] if errors else cautions(list(plans.values()), per_day=messages_per_day(tenant=tenant))
    return DraftPreview(
        contact, None if segment is None else segment.size, _messages(tenant, plans, contact, at), errors, warnings
    )


def _whom(tenant: Tenant, draft: PreviewBody, segment: Segment | None) -> Contact | None:
    contacts = Contact.objects.for_tenant(tenant)
    if draft.contact is not None:
        asked: Contact = contacts.get(pk=draft.contact)
        return asked
    if segment is None:
        return None
    members = SegmentMember.objects.for_tenant(tenant).filter(segment=segment).order_by("-entered_at", "-contact_id")
    newest: Contact | None = contacts.filter(pk__in=members.values("contact_id")[:1]).first()
    return newest


def _messages(
    tenant: Tenant, plans: dict[int, StepPlan], contact: Contact | None, at: datetime
) -> list[MessagePreview]:
    told = {} if contact is None else contact_values(name=contact.name, attributes=contact.attributes)
    values, clock = {BRAND_NAME: tenant.name, **told}, zone(tenant.timezone)
    messages = []
    for index, plan in plans.items():
        due = due_at(plan.timing, entered_at=at, zone=clock)
        is_missed = due + timedelta(minutes=plan.late_after_minutes) < at
        messages.append(MessagePreview(index, due, is_missed, render(plan.compiled, values)))
    return sorted(messages, key=lambda message: message.due_at)
