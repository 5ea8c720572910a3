"""The list of touchpoints: what was sent when, what was not and why, what is to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import capped_count, newest_first, soonest_first
from scrm.console.work.ranges import DayField, day_end, day_start
from scrm.console.work.selectors.contacts import names_of
from scrm.console.work.sop_words import DAY, HOUR, span_in_words
from sop.models import Sop, Step, Touchpoint
from sop.selectors.touchpoints import AROUND, TouchpointFilter, touchpoint_counts, touchpoints
from tenants.access import BOARD_READERS, EDITORS
from tenants.models import Tenant

State = Touchpoint.State
# in the order in which counts are told
STATES = (State.SENT, State.PLANNED, State.CLAIMED, State.UNKNOWN, State.SKIPPED, State.FAILED, State.CANCELLED)
UNTIL_NOW, LAST_DAY, NEXT_DAY, ALWAYS = "now", "day", "next", "all"
MOST_ID = 2**63 - 1
# what is settled within this of its due instant was on time
PROMPT = timedelta(minutes=1)


class TouchpointForm(forms.Form):
    """What the list is narrowed to; days, where given, count instead of `when`.

    Who asks for nothing sees what was due until now; who narrows and says no `when`, whatever is due at any time.
    """

    sop = forms.ChoiceField(label="SOP", required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[("", gettext_lazy("Any state")), *State.choices]
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        required=False,
        choices=[("", gettext_lazy("Any reason")), *Touchpoint.Reason.choices],
    )
    when = forms.ChoiceField(
        label=gettext_lazy("Due"),
        required=False,
        choices=[
            (UNTIL_NOW, gettext_lazy("until now")),
            (LAST_DAY, gettext_lazy("in the last 24 hours")),
            (NEXT_DAY, gettext_lazy("in the next 24 hours")),
            (ALWAYS, gettext_lazy("at any time")),
        ],
    )
    due_from = DayField(label=gettext_lazy("Due from"), required=False)
    due_to = DayField(label=gettext_lazy("to"), required=False)
    contact = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)
    step = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)

    def __init__(self, data: QueryDict, *, tenant: Tenant, at: datetime) -> None:
        narrows = any(data.get(name) for name in self.base_fields)
        asked = data.copy()
        asked["when"] = data.get("when") or (ALWAYS if narrows else UNTIL_NOW)
        super().__init__(asked)
        self.tenant, self.at = tenant, at
        sops = Sop.objects.for_tenant(tenant).order_by("name").values_list("pk", "name")
        self.fields["sop"].choices = [("", gettext_lazy("All SOPs")), *((str(pk), name) for pk, name in sops)]  # type: ignore[attr-defined]

    def wanted(self) -> TouchpointFilter:
        """The filter; a field that is not understood narrows nothing and says so beside itself."""
        self.is_valid()
        asked = self.cleaned_data
        due_from, due_before = self._due()
        return TouchpointFilter(
            sop_id=int(asked["sop"]) if asked.get("sop") else None,
            state=asked.get("state") or None,
            reason=asked.get("reason") or None,
            contact_id=asked.get("contact"),
            step_id=asked.get("step"),
            due_from=due_from,
            due_before=due_before,
        )

    @property
    def lies_ahead(self) -> bool:
        """Whether only what is to come is asked for."""
        return self.cleaned_data.get("when") == NEXT_DAY and self._due()[0] == self.at

    def _due(self) -> tuple[datetime | None, datetime | None]:
        first, last = self.cleaned_data.get("due_from"), self.cleaned_data.get("due_to")
        if first or last:
            return (
                day_start(tenant=self.tenant, day=first) if first else None,
                day_end(tenant=self.tenant, day=last) if last else None,
            )
        windows = {
            UNTIL_NOW: (None, self.at),
            LAST_DAY: (self.at - AROUND, self.at),
            NEXT_DAY: (self.at, self.at + AROUND),
        }
        return windows.get(self.cleaned_data.get("when", ALWAYS), (None, None))


@dataclass(frozen=True)
class Line:
    """One touchpoint of the list, whom it is for, and how far from its due instant it was settled."""

    touchpoint: Touchpoint
    known_as: str
    lateness: str


@dataclass(frozen=True)
class Count:
    """How many touchpoints are in a state, and the list of them."""

    state: str
    label: str
    count: int
    query: str
    is_shown: bool


@console_view(roles=BOARD_READERS)
def touchpoint_list(request: ConsoleRequest) -> HttpResponse:
    """Touchpoints, what is due last first, or soonest where they lie ahead; htmx asks for rows or the whole result."""
    now = timezone.now()
    form = TouchpointForm(request.GET, tenant=request.tenant, at=now)
    wanted = form.wanted()
    rows = touchpoints(tenant=request.tenant, wanted=wanted)
    after = request.GET.get("after", "")
    take = soonest_first if form.lies_ahead else newest_first
    found = take(rows.select_related("sop"), field="due_at", after=after)
    names = names_of(tenant=request.tenant, contact_ids=[row.contact_id for row in found.rows])
    context: dict[str, Any] = {
        "form": form,
        "lines": [Line(row, names.get(row.contact_id, f"#{row.contact_id}"), lateness(row, now)) for row in found.rows],
        "after": found.after,
        "query": query_without(request, "after"),
        "query_of_any_time": query_without(request, "after", "when"),
    }
    if after and wants_fragment(request):
        return fragment(request, "console/touchpoints_rows.html", **context)
    context |= _around(request, now) | {"count": capped_count(rows), "any": _is_any(request.tenant, found.rows)}
    context["only"] = _only(request.tenant, wanted)
    if wants_fragment(request):
        return fragment(request, "console/touchpoints_table.html", **context)
    may_edit = request.membership.role in EDITORS
    return page(request, "console/touchpoints.html", title=_("Touchpoints"), may_edit=may_edit, **context)


def lateness(touchpoint: Touchpoint, at: datetime) -> str:
    """How long after its due instant a touchpoint was settled, or how long it waits, in words."""
    due_at, settled_at = touchpoint.due_at, touchpoint.settled_at
    if settled_at is not None and settled_at - due_at < PROMPT:
        return _("on time") if touchpoint.state == State.SENT else ""
    if settled_at is not None:
        return _("%(span)s late") % {"span": _span(due_at, settled_at)}
    if due_at > at:
        return _("in %(span)s") % {"span": _span(at, due_at)}
    return _("waiting for %(span)s") % {"span": _span(due_at, at)}


def _span(start: datetime, end: datetime) -> str:
    minutes = max(1, int((end - start).total_seconds() // 60))
    unit = DAY if minutes >= 2 * DAY else HOUR if minutes >= HOUR else 1
    return span_in_words(minutes // unit * unit)


def _around(request: ConsoleRequest, at: datetime) -> dict[str, list[Count]]:
    """The counts of the last day and of the next, of what occurs; what was sent and what is planned even if none."""
    told = touchpoint_counts(tenant=request.tenant, at=at)
    past = {one.state: one.count for one in told if not one.is_ahead}
    ahead = {one.state: one.count for one in told if one.is_ahead}
    return {
        "past": _counts(request, {State.SENT.value: 0} | past, LAST_DAY),
        "ahead": _counts(request, {State.PLANNED.value: 0} | ahead, NEXT_DAY),
    }


def _counts(request: ConsoleRequest, counts: Mapping[str, int], when: str) -> list[Count]:
    here = {name: value for name, value in request.GET.items() if value and name != "after"}
    return [
        Count(state.value, str(state.label), counts[state.value], urlencode(asked), asked == here)
        for state in STATES
        if state.value in counts and (asked := {"when": when, "state": state.value})
    ]


def _is_any(tenant: Tenant, rows: list[Touchpoint]) -> bool:
    return bool(rows) or touchpoints(tenant=tenant, wanted=TouchpointFilter()).exists()


def _only(tenant: Tenant, wanted: TouchpointFilter) -> list[tuple[str, int, str]]:
    """The contact and the step that the list is narrowed to, where it is: field, id, and what to call it."""
    only = []
    if wanted.contact_id is not None:
        names = names_of(tenant=tenant, contact_ids=[wanted.contact_id])
        only.append(("contact", wanted.contact_id, names.get(wanted.contact_id, f"#{wanted.contact_id}")))
    if wanted.step_id is not None:
        step = Step.objects.for_tenant(tenant).filter(pk=wanted.step_id).select_related("version__sop").first()
        only.append(("step", wanted.step_id, _step_name(step) if step else f"#{wanted.step_id}"))
    return only


def _step_name(step: Any) -> str:
    return f"{step.version.sop.name} · {_('step %(number)s') % {'number': step.position}}"
