"""What a draft would send to whom and when, before it is kept."""

from dataclasses import dataclass
from datetime import datetime

from contacts.models import Attribute, Contact
from segments.models import Segment, SegmentMember
from sop.drafts import StepPlan, cautions, try_steps
from sop.incoming import PreviewBody
from sop.selectors.outlook import per_day
from sop.templates import BRAND_NAME, contact_values, render
from sop.timing import due_at
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.timezones import zone


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """What one step would send. `index`: its place in the draft; `due_at`: for who enters now."""

    index: int
    due_at: datetime
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


def preview_draft(*, tenant: Tenant, draft: PreviewBody, at: datetime) -> DraftPreview:
    """Say each step that can be kept to one contact, as if she entered now.

    Raises: Segment.DoesNotExist, Contact.DoesNotExist
    """
    segment = None if draft.segment is None else Segment.objects.for_tenant(tenant).get(pk=draft.segment)
    contact = _whom(tenant, draft, segment)
    known = set(Attribute.objects.for_tenant(tenant).values_list("key", flat=True))
    plans, errors = try_steps(draft.steps, attributes=known)
    warnings = [] if errors else cautions(list(plans.values()), per_day=per_day(tenant=tenant))
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
    messages = [
        MessagePreview(index, due_at(plan.timing, entered_at=at, zone=clock), render(plan.compiled, values))
        for index, plan in plans.items()
    ]
    return sorted(messages, key=lambda message: message.due_at)
