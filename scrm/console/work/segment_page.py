"""One segment: how large over time, who came and went, who is in and why, its versions."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contacts import selectors as contact_selectors
from contacts.models import Contact
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import cursor, newest_first, parse_cursor
from scrm.console.work.ranges import DayField, day_end, local_date
from scrm.console.work.segment_builder import segment_or_404
from scrm.console.work.segment_page_values import conditions
from scrm.console.work.segments import is_late, last_followed
from segments.models import Segment, SegmentTransition
from segments.rules import InvalidRule
from segments.selectors import members as member_selectors
from segments.selectors import segments as selectors
from segments.selectors.days import DayMoves, moves_by_day
from segments.selectors.explanations import explain_contact
from segments.selectors.members import MemberPlace
from segments.selectors.rules import used_by
from sop.selectors.audiences import sops_by_segment
from tenants.access import BOARD_READERS, EDITORS, sees_full_phones
from tenants.models import Tenant

LENGTHS = (30, 90, 365)
MOST_HITS = 8


class DayForm(forms.Form):
    """A day of which to say who was in."""

    day = DayField(label=gettext_lazy("At the end of"), required=False)


@console_view(roles=BOARD_READERS)
def segment(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """The page, and the next of its people; while it is being built, whether it is time to load the page anew."""
    found = segment_or_404(request.tenant, segment_id)
    if request.GET.get("building") and wants_fragment(request):
        return HttpResponse(status=204, headers={} if found.is_being_built else {"HX-Refresh": "true"})
    people = _members(request, found)
    if request.GET.get("after") and wants_fragment(request):
        return fragment(request, "console/segment_members.html", segment=found, may_edit=_may_edit(request), **people)
    now = timezone.now()
    followed_at = last_followed(tenant=request.tenant)
    versions = selectors.version_lines(tenant=request.tenant, segment_id=segment_id, live_number=found.live_number)
    return page(
        request, "console/segment.html", title=found.name, parent_title=_("Segments"), parent_link=reverse("segments"),
        segment=found, may_edit=_may_edit(request), versions=versions, live=_live(versions),
        draft=versions[0] if versions and not versions[0].is_live else None,
        used_by=used_by(tenant=request.tenant).get(segment_id, []),
        sops=sops_by_segment(tenant=request.tenant, segment_ids=[segment_id]).get(segment_id, []),
        followed_at=followed_at, is_late=is_late(followed_at, now=now), form=DayForm(),
        **people, **_days(request, found, at=now),
    )  # fmt: skip


@require_GET
@console_view(roles=BOARD_READERS)
def segment_explain(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Why one contact is in the segment or is not; by id, or by a text that finds people to choose from."""
    found = segment_or_404(request.tenant, segment_id)
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    contact, hits = _whom(request.tenant, request.GET.get("contact", ""), text)
    context: dict[str, Any] = {
        "segment": found, "text": text, "hits": hits, "contact": contact,
        "sees_full_phones": sees_full_phones(request.membership.role),
    }  # fmt: skip
    if contact is not None:
        context |= _explained(request.tenant, found, contact)
    if wants_fragment(request):
        return fragment(request, "console/segment_explain.html", **context)
    return page(
        request, "console/segment_explain_page.html", title=_("Why in, why not"), parent_title=found.name,
        parent_link=reverse("segment", args=[segment_id]), **context,
    )  # fmt: skip


@require_GET
@console_view(roles=BOARD_READERS)
def segment_history(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Who came and went, newest first; or who was in at the end of a day."""
    found = segment_or_404(request.tenant, segment_id)
    form = DayForm(request.GET)
    day = form.cleaned_data.get("day") if form.is_valid() else None
    after = request.GET.get("after", "")
    rows, size = _moves(request.tenant, found), None
    if day is not None:
        instant = _end_of(request.tenant, day)
        rows = member_selectors.entries_standing_at(tenant=request.tenant, segment_id=segment_id, instant=instant)
        size = member_selectors.size_at(tenant=request.tenant, segment_id=segment_id, instant=instant)
    moves = newest_first(rows, field="at", after=after)
    known = _known(request.tenant, [move.contact for move in moves.rows])
    context: dict[str, Any] = {
        "segment": found, "day": day, "size": size, "form": form, "after": moves.after,
        "lines": [(move, known.get(move.contact_id, f"#{move.contact_id}")) for move in moves.rows],
        "query": query_without(request, "after"),
    }  # fmt: skip
    if after and wants_fragment(request):
        return fragment(request, "console/segment_history_rows.html", **context)
    return page(
        request, "console/segment_history.html", title=_("History"), parent_title=found.name,
        parent_link=reverse("segment", args=[segment_id]), **context,
    )  # fmt: skip


def _may_edit(request: ConsoleRequest) -> bool:
    return request.membership.role in EDITORS


def _live(versions: Sequence[Any]) -> Any:
    return next((line for line in versions if line.is_live), None)


def _members(request: ConsoleRequest, found: Segment) -> dict[str, Any]:
    place = parse_cursor(request.GET.get("after", ""))
    behind = MemberPlace(place[0], place[1]) if place and place[0] else None
    rows = member_selectors.member_rows(tenant=request.tenant, segment_id=found.pk, cursor=behind)
    known = _known(request.tenant, [member.contact for member in rows.members])
    return {
        "sees_full_phones": sees_full_phones(request.membership.role),
        "members": [(member, known.get(member.contact.pk, f"#{member.contact.pk}")) for member in rows.members],
        "after_members": cursor(rows.next.entered_at, rows.next.contact_id) if rows.next else "",
    }


def _known(tenant: Tenant, people: Sequence[Contact]) -> dict[int, str]:
    return contact_selectors.known_as(tenant=tenant, contact_ids=[contact.pk for contact in people])


def _days(request: ConsoleRequest, found: Segment, *, at: datetime) -> dict[str, Any]:
    asked = request.GET.get("days", "")
    length = int(asked) if asked in map(str, LENGTHS) else LENGTHS[0]
    today = local_date(tenant=request.tenant, at=at)
    since = today - timedelta(days=length - 1)
    days = moves_by_day(tenant=request.tenant, sizes={found.pk: found.size}, since=since, at=at)[found.pk]
    return {
        "days": days[::-1],
        "length": length,
        "lengths": LENGTHS,
        "entered": sum(day.entered for day in days),
        "left": sum(day.left for day in days),
        "size_chart": _size_chart(days),
        "moves_chart": _moves_chart(days),
    }


def _labels(days: Sequence[DayMoves]) -> list[str]:
    return [f"{day.date:%m-%d}" for day in days]


def _size_chart(days: Sequence[DayMoves]) -> dict[str, Any]:
    sizes = [day.size for day in days]
    return {"labels": _labels(days), "datasets": [{"label": _("People"), "data": sizes, "pointRadius": 0}]}


def _moves_chart(days: Sequence[DayMoves]) -> dict[str, Any]:
    entered = {"label": _("Entered"), "data": [day.entered for day in days]}
    left = {"label": _("Left"), "data": [-day.left for day in days]}
    return {"labels": _labels(days), "datasets": [entered, left]}


def _whom(tenant: Tenant, asked: str, text: str) -> tuple[Contact | None, list[tuple[Contact, str]]]:
    """Whom the address asks for; several people of whom one is to be chosen."""
    if asked.isdecimal() and len(asked) < 19:
        return contact_selectors.contact(tenant=tenant, contact_id=int(asked)), []
    if not text:
        return None, []
    hits = list(contact_selectors.search_contacts(tenant=tenant, text=text).order_by("-id")[:MOST_HITS])
    if len(hits) == 1:
        return contact_selectors.contact(tenant=tenant, contact_id=hits[0].pk), []
    known = _known(tenant, hits)
    return None, [(hit, known.get(hit.pk, f"#{hit.pk}")) for hit in hits]


def _explained(tenant: Tenant, found: Segment, contact: Contact) -> dict[str, Any]:
    now = timezone.now()
    context: dict[str, Any] = {"known_as": _known(tenant, [contact]).get(contact.pk, f"#{contact.pk}")}
    try:
        explained = explain_contact(tenant=tenant, segment=found, contact_id=contact.pk, at=now)
    except InvalidRule:
        return context | {"is_unreadable": True}
    told = conditions(tenant=tenant, contact=contact, explained=explained)
    return context | {"explained": explained, "conditions": told}


def _moves(tenant: Tenant, found: Segment) -> Any:
    rows = SegmentTransition.objects.for_tenant(tenant).filter(segment=found)
    return rows.select_related("contact")


def _end_of(tenant: Tenant, day: date) -> datetime:
    return day_end(tenant=tenant, day=day) - timedelta(microseconds=1)
