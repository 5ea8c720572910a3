"""The inbox: what contacts received, as the provider for trials tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import wants_fragment
from scrm.console.work.paging import PAGE_SIZE, instant
from scrm.console.work.selectors.contacts import names_of
from sop.services.inbox import ProviderKeepsNoInbox, read_inbox
from sop.transports import active_transport
from sop.transports.base import Receipt, Unreachable
from tenants.access import BOARD_READERS
from tenants.models import Tenant

MOST_DIGITS = 18


@dataclass(frozen=True)
class Letter:
    """One message received; `contact_id` is None where we know nobody of that id any more."""

    text: str
    at: datetime | None
    contact_id: int | None
    known_as: str


@dataclass(frozen=True)
class Letters:
    """Some messages, newest first, and where the next begin ("": none); or why there are none: a problem."""

    rows: list[Letter]
    before: str = ""
    problem: str = ""


@console_view(roles=BOARD_READERS)
def inbox(request: ConsoleRequest) -> HttpResponse:
    """What contacts received, newest first, of all or of one of them."""
    contact_id, known_as = _asked(request)
    letters = _letters(request.tenant, contact_id, before=_whole(request.GET.get("before", "")))
    context: dict[str, Any] = {"letters": letters, "contact_id": contact_id, "known_as": known_as}
    if request.GET.get("before") and wants_fragment(request):
        return fragment(request, "console/inbox_rows.html", **context)
    return page(request, "console/inbox.html", title=_("Inbox"), **context)


def _asked(request: ConsoleRequest) -> tuple[int | None, str]:
    """The contact that the address asks for and what to call them.

    Raises: Http404
    """
    asked = request.GET.get("contact", "")
    if not asked:
        return None, ""
    contact_id = _whole(asked)
    names = names_of(tenant=request.tenant, contact_ids=[contact_id])
    if contact_id not in names:
        raise Http404
    return contact_id, names[contact_id]


def _letters(tenant: Tenant, contact_id: int | None, *, before: int) -> Letters:
    try:
        found = read_inbox(
            tenant=tenant, transport=active_transport(), contact_id=contact_id, before=before, limit=PAGE_SIZE + 1
        )
    except Unreachable:
        return Letters([], problem="unreachable")
    except ProviderKeepsNoInbox:
        return Letters([], problem="none")
    shown = found[:PAGE_SIZE]
    names = names_of(tenant=tenant, contact_ids={_whole(receipt.to) for receipt in shown})
    rows = [_letter(receipt, names) for receipt in shown]
    return Letters(rows, str(shown[-1].number) if len(found) > PAGE_SIZE else "")


def _letter(receipt: Receipt, names: dict[int, str]) -> Letter:
    contact_id = _whole(receipt.to)
    try:
        at = instant(receipt.received_at)
    except ValueError:
        at = None
    is_known = contact_id in names
    return Letter(receipt.text, at, contact_id if is_known else None, names.get(contact_id, f"#{receipt.to}"))


def _whole(text: str) -> int:
    """A whole number; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0
