"""One contact's page."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contacts import selectors as contact_selectors
from contacts.models import Contact
from orders.models import ContactStats
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import wants_fragment
from scrm.console.work.contact_notes import NoteForm
from scrm.console.work.contact_reach import ConsentForm, reach
from scrm.console.work.selectors import contacts as selectors
from scrm.console.work.timeline import contact_story
from segments.models import Segment
from segments.selectors.members import segments_of
from segments.selectors.segments import segments
from sop.selectors.runs import runs_of
from tenants.access import BOARD_READERS, EDITORS
from tenants.models import Tenant


@console_view()
def contact_page(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """One contact: who, where from, what it brought, and everything that happened."""
    contact = contact_selectors.contact(tenant=request.tenant, contact_id=contact_id)
    if contact is None:
        raise Http404
    story = contact_story(request, contact.pk)
    is_reader = request.membership.role in BOARD_READERS
    told: dict[str, Any] = {
        "contact": contact,
        "story": story,
        "sees_touchpoints": is_reader,
        "may_edit": request.membership.role in EDITORS,
    }
    if wants_fragment(request) and request.GET.get("before"):
        return fragment(request, "console/contact_timeline_rows.html", **told)
    told |= reach(request, contact.pk, form=ConsentForm())
    if wants_fragment(request):
        return fragment(request, "console/contact_timeline.html", **told)
    stats = selectors.stats_of(tenant=request.tenant, contact_ids=[contact.pk]).get(contact.pk)
    known = contact_selectors.known_as(tenant=request.tenant, contact_ids=[contact.pk])
    return page(
        request,
        "console/contact.html",
        title=contact.name or known.get(contact.pk, f"#{contact.pk}"),
        parent_title=_("Contacts"),
        parent_link=reverse("contacts"),
        **told,
        note_form=NoteForm(),
        figures=_figures(contact, stats),
        stats=stats,
        value_minor=selectors.value_since_acquired(tenant=request.tenant, contact=contact),
        fields=_fields(request.tenant, contact),
        identities=contact_selectors.identities(tenant=request.tenant, contact_id=contact.pk),
        tags=contact_selectors.contact_tags(tenant=request.tenant, contact_ids=[contact.pk]),
        first_touch=selectors.first_touch(tenant=request.tenant, contact=contact),
        runs=runs_of(tenant=request.tenant, contact_id=contact.pk) if is_reader else [],
        segments=segments_of(tenant=request.tenant, contact_id=contact.pk) if is_reader else [],
    )


@require_GET
@console_view(roles=BOARD_READERS)
def contact_segments(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """The segments that a contact is not in, as a piece of her page, each to be asked why."""
    whom = contact_selectors.contact(tenant=request.tenant, contact_id=contact_id)
    if whom is None:
        raise Http404
    hers = {segment.pk for segment, _since in segments_of(tenant=request.tenant, contact_id=contact_id)}
    published = segments(tenant=request.tenant, state=Segment.State.PUBLISHED).order_by("name", "pk")
    others = [segment for segment in published if segment.pk not in hers]
    return fragment(request, "console/contact_segments.html", contact=whom, others=others)


def _fields(tenant: Tenant, contact: Contact) -> list[tuple[str, str, Any]]:
    """The contact's attributes that hold something, as label, key and value: the tenant's own first, in their order."""
    held = dict(contact.attributes)
    own = contact_selectors.attributes(tenant=tenant) if held else []
    fields = [(field.label, field.key, held.pop(field.key)) for field in own if field.key in held]
    return [*fields, *((key, key, value) for key, value in held.items())]


def _figures(contact: Contact, stats: ContactStats | None) -> dict[str, Any]:
    gross, refunded = (stats.gross_minor, stats.refunded_minor) if stats else (0, 0)
    now = timezone.now()
    last = stats.last_purchase_at if stats else None
    return {
        "net_minor": gross - refunded,
        "gross_minor": gross,
        "refunded_minor": refunded,
        "purchases": stats.purchases if stats else 0,
        "age_days": (now - contact.acquired_at).days if contact.acquired_at else None,
        "idle_days": (now - last).days if last else None,
    }
