"""People put on a list by hand and taken off: from the list's page, or from the filters of the contact list."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from contacts.identities import InvalidIdentity, normalise, phone_region
from contacts.models import Identity
from contacts.selectors import known_ids
from scrm.console.views import ConsoleRequest, console_view
from scrm.figures import number
from segments.models import Segment
from segments.services.members import HandMoves, SegmentIsArchived, SegmentIsNoList, add_members, remove_members
from tenants.access import EDITORS
from tenants.models import Tenant

MOST_LINES = 1_000
SHOWN = 5
_NUMBER = re.compile(r"#?([0-9]{1,18})")


class PeopleForm(forms.Form):
    """People, one a line: our number as `#12`, a phone, or any other identity."""

    people = forms.CharField(label=gettext_lazy("People"), max_length=100_000, widget=forms.Textarea)

    def lines(self) -> list[str]:
        """What stands there, each once."""
        told = (line.strip() for line in re.split(r"[\n,;，；]", self.cleaned_data["people"]))
        return list(dict.fromkeys(line for line in told if line))


@dataclass(frozen=True)
class Named:
    """Contacts that some lines name, and the lines that name nobody."""

    ids: set[int]
    unknown: list[str]


@require_POST
@console_view(roles=EDITORS)
def segment_add(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Put people on a list."""
    form = PeopleForm(request.POST)
    lines = form.lines() if form.is_valid() else []
    if not 0 < len(lines) <= MOST_LINES:
        messages.error(request, _("Name 1 to %(most)d people, one a line.") % {"most": MOST_LINES})
        return _back(request, segment_id, None)
    named = _named(request.tenant, lines)
    if named.unknown:
        told = _("Nobody is known by: %(lines)s") % {"lines": ", ".join(each[:60] for each in named.unknown[:SHOWN])}
        messages.warning(request, told + (" …" if len(named.unknown) > SHOWN else ""))
    return _back(request, segment_id, named.ids)


@require_POST
@console_view(roles=EDITORS)
def segment_remove(request: ConsoleRequest, segment_id: int, contact_id: int) -> HttpResponse:
    """Take one person off a list."""
    moves = _try(request, remove_members, segment_id, {contact_id})
    if moves is not None and moves.moved:
        messages.success(request, _("Taken off the list."))
    return redirect("segment", segment_id)


def _back(request: ConsoleRequest, segment_id: int, ids: set[int] | None) -> HttpResponse:
    moves = _try(request, add_members, segment_id, ids or set())
    if moves is not None and moves.moved:
        told = ngettext("%(count)s person put on the list.", "%(count)s people put on the list.", len(moves.moved))
        messages.success(request, told % {"count": number(len(moves.moved))})
    return redirect("segment", segment_id)


def _try(request: ConsoleRequest, move: object, segment_id: int, ids: set[int]) -> HandMoves | None:
    assert callable(move)
    try:
        moves: HandMoves = move(tenant=request.tenant, segment_id=segment_id, contact_ids=ids, at=timezone.now())
        return moves
    except Segment.DoesNotExist:
        raise Http404 from None
    except SegmentIsNoList:
        messages.error(request, _("Its people follow a rule; only lists are changed by hand."))
    except SegmentIsArchived:
        messages.error(request, _("It is archived; take it back into use first."))
    return None


def _named(tenant: Tenant, lines: Sequence[str]) -> Named:
    """Whom lines name: by our number, else by an identity of any kind."""
    numbers = {line: int(match[1]) for line in lines if (match := _NUMBER.fullmatch(line)) and line.startswith("#")}
    region = phone_region(timezone=tenant.timezone, currency=tenant.currency)
    values = {value: line for line in lines for value in {line, line.lower(), *_as_phone(line, region)}}
    held = Identity.objects.for_tenant(tenant).filter(value__in=list(values)).values_list("value", "contact_id")
    found = {values[value]: contact_id for value, contact_id in held}
    there = known_ids(tenant=tenant, contact_ids=numbers.values())
    found |= {line: pk for line, pk in numbers.items() if pk in there}
    return Named(set(found.values()), [line for line in lines if line not in found])


def _as_phone(line: str, region: str | None) -> list[str]:
    try:
        return [normalise("phone", line, region=region)]
    except InvalidIdentity:
        return []
