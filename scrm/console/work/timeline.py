"""One contact's timeline as its page shows it: kinds in words, links to what it is about, what is coming."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from contacts.timeline import TimelineItem
from scrm.console.views import ConsoleRequest
from scrm.console.work.paging import instant
from scrm.timeline.selectors import KINDS, timeline_page
from sop.selectors.timeline import coming_items
from tenants.access import BOARD_READERS

TIMELINE_SIZE = 30
COMING_SIZE = 3
# one of a kind, and the kind as a filter
WORDS: Mapping[str, tuple[StrOrPromise, StrOrPromise]] = {
    "order": (pgettext_lazy("purchase", "Order"), _("Orders")),
    "refund": (_("Refund"), _("Refunds")),
    "touch": (_("Touch"), _("Touches")),
    "tag": (_("Tag"), _("Tags")),
    "consent": (_("Consent"), _("Consent")),
    "note": (_("Note"), _("Notes")),
    "segment": (_("Segment"), _("Segments")),
    "sop": (_("SOP"), _("SOPs")),
    "touchpoint": (_("Message"), _("Messages")),
}
PAGES = {"order": "order", "refund": "order", "segment": "segment", "sop": "sop", "touchpoint": "sop"}
FOR_READERS = ("segment", "sop", "touchpoint")


@dataclass(frozen=True)
class Entry:
    """One line: what happened, its kind in a word, the page of what it is about ("": none that the role may open)."""

    item: TimelineItem
    word: StrOrPromise
    link: str
    is_waiting: bool


@dataclass(frozen=True)
class Story:
    """A page of a timeline. `before` ("": the last page) is where the next begins; `chips`: kind and word."""

    rows: list[Entry]
    before: str
    kind: str
    chips: list[tuple[str, StrOrPromise]]
    coming: list[Entry]
    has_more_coming: bool


def contact_story(request: ConsoleRequest, contact_id: int) -> Story:
    """The page that the address asks for; what it asks for and is not understood narrows nothing."""
    now, kind = timezone.now(), request.GET.get("kind", "")
    kind, before = kind if kind in WORDS else "", _before(request)
    whose: dict[str, Any] = {"tenant": request.tenant, "contact_id": contact_id}
    found = timeline_page(**whose, before=before, limit=TIMELINE_SIZE, kinds=(kind,) if kind else KINDS)
    tells_coming = before is None and kind in ("", "touchpoint")
    coming = coming_items(**whose, limit=COMING_SIZE + 1) if tells_coming else []
    return Story(
        rows=[_entry(item, request.membership.role, now) for item in found.items],
        before=found.before.isoformat() if found.before else "",
        kind=kind,
        chips=[("", _("Everything")), *((kind, words[1]) for kind, words in WORDS.items())],
        coming=[_entry(item, request.membership.role, now) for item in coming[:COMING_SIZE]],
        has_more_coming=len(coming) > COMING_SIZE,
    )


def story_changed(answer: HttpResponse) -> HttpResponse:
    """Let the page that gets this answer ask for its timeline again."""
    answer.headers["HX-Trigger"] = "story-changed"
    return answer


def _before(request: ConsoleRequest) -> datetime | None:
    try:
        return instant(request.GET.get("before", ""))
    except ValueError:
        return None


def _entry(item: TimelineItem, role: str, now: datetime) -> Entry:
    return Entry(item, WORDS[item.kind][0], _link(item, role), item.at < now)


def _link(item: TimelineItem, role: str) -> str:
    page = PAGES.get(item.kind)
    if page is None or item.subject_id is None or (item.kind in FOR_READERS and role not in BOARD_READERS):
        return ""
    return reverse(page, args=[item.subject_id])
