"""The list of SOPs: whom each is for, who is in it, what went out in a week."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone

from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.sops_starters import STARTERS
from sop.models import Sop, Touchpoint
from sop.selectors.sops import SopRow, sop_rows
from tenants.access import BOARD_READERS, EDITORS

# in the order in which a bar shows them
STATES = ("sent", "planned", "claimed", "unknown", "failed", "skipped", "cancelled")
# settled, and it did not go out; of what is unknown nobody can say
NOT_SENT = ("failed", "skipped", "cancelled")


@dataclass(frozen=True)
class Part:
    """One stretch of a bar of touchpoints: a state, its word and how many."""

    state: str
    label: str
    count: int


@console_view(roles=BOARD_READERS)
def sops(request: ConsoleRequest) -> HttpResponse:
    """SOPs, those that run first; archived ones when asked for."""
    found = sop_rows(tenant=request.tenant, at=timezone.now())
    archived = [row for row in found if row.sop.state == Sop.State.ARCHIVED]
    with_archived = request.GET.get("archived") == "1"
    shown = found if with_archived else [row for row in found if row not in archived]
    return page(
        request, "console/sops.html", title="SOP", lines=[(row, parts(row.last_week)) for row in shown],
        archived=len(archived), with_archived=with_archived, starters=STARTERS, totals=_totals(found),
        may_edit=request.membership.role in EDITORS,
    )  # fmt: skip


def parts(states: Mapping[str, int]) -> list[Part]:
    """The stretches of a bar; what is none is left out."""
    labels = dict(Touchpoint.State.choices)
    return [Part(state, str(labels[state]), states[state]) for state in STATES if states.get(state)]


def _totals(rows: list[SopRow]) -> dict[str, int]:
    week = [row.last_week for row in rows]
    return {
        "inside": sum(row.inside for row in rows),
        "due_next_day": sum(row.due_next_day for row in rows if row.sop.state == Sop.State.PUBLISHED),
        "waiting": sum(row.due_next_day for row in rows if row.sop.state == Sop.State.PAUSED),
        "sent": sum(states.get("sent", 0) for states in week),
        "not_sent": sum(states.get(state, 0) for states in week for state in NOT_SENT),
    }
