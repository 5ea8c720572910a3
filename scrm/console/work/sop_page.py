"""One SOP: its schedule, what became of its people and messages, who is where; halted, resumed and ended here."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from contacts import selectors as contact_selectors
from scrm.console.views import ConsoleRequest, by, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import newest_first
from scrm.console.work.sop_words import day_in_words, moment_in_its_day, span_in_words
from scrm.console.work.sops import NOT_SENT, Part, parts
from sop.models import Enrollment, Sop, SopVersion, Step, Touchpoint
from sop.selectors import sops as selectors
from sop.selectors.outlook import act_outlook
from sop.selectors.reports import RunCounts, StepCounts, VersionReport, sop_report
from sop.selectors.runs import next_touchpoints, runs
from sop.services.living import SopIsArchived
from sop.services.pausing import SopIsNotPaused, SopIsNotPublished, pause_sop, resume_sop, stop_sop
from tenants.access import BOARD_READERS, EDITORS
from tenants.models import Tenant

STOPPED = gettext_lazy("This SOP was stopped for good. Copy it to run it again.")


@dataclass(frozen=True)
class StepLine:
    """One step of a schedule in words; `told` and `reasons` only where messages have been planned."""

    step: Step
    # within its day
    moment: str
    late: str
    told: list[Part]
    # (state, its word, reason, its word, how many), the commonest first
    reasons: list[tuple[str, str, str, str, int]]
    total: int


@dataclass(frozen=True)
class VersionLine:
    """One version with its schedule by day; people only of one that was published."""

    version: SopVersion
    days: list[tuple[str, list[StepLine]]]
    people: RunCounts | None
    is_live: bool


@dataclass(frozen=True)
class Act:
    """What may be done to an SOP as a whole: in which states, in what words, by which service."""

    do: Callable[..., Sop]
    states: tuple[str, ...]
    title: StrOrPromise
    done: StrOrPromise


ACTS: Mapping[str, Act] = {
    "pause": Act(pause_sop, ("published",), gettext_lazy("Pause"), gettext_lazy("Paused: nothing more goes out.")),
    "resume": Act(resume_sop, ("paused",), gettext_lazy("Resume"), gettext_lazy("Resumed.")),
    "stop": Act(
        stop_sop, ("draft", "published", "paused"), gettext_lazy("Stop for good"), gettext_lazy("Stopped for good.")
    ),
}


@console_view(roles=BOARD_READERS)
def sop(request: ConsoleRequest, sop_id: int) -> HttpResponse:
    """The page, its figures again while it is open, and the next of its people."""
    found = sop_or_404(request.tenant, sop_id)
    if wants_fragment(request) and request.GET.get("after"):
        return fragment(request, "console/sop_people.html", sop=found, **_people(request, found))
    report = sop_report(tenant=request.tenant, sop_id=sop_id)
    drafts = selectors.versions_of(tenant=request.tenant, sop_id=sop_id).filter(published_at__isnull=True)
    draft = drafts.order_by("-number").first()
    figures: dict[str, Any] = {
        "sop": found, "draft": draft and _draft_line(draft), "funnel": report.runs, "exits": _exits(report.runs),
        "outlook": act_outlook(tenant=request.tenant, sop_id=sop_id, at=timezone.now()), "sums": _sums(report.versions),
    }  # fmt: skip
    if wants_fragment(request) and request.GET.get("live"):
        return fragment(request, "console/sop_live.html", **figures)
    lines = [_version_line(found, each) for each in report.versions]
    return page(
        request, "console/sop.html", title=found.name, parent_title="SOP", parent_link=reverse("sops"),
        may_edit=request.membership.role in EDITORS, live=next((line for line in lines if line.is_live), None),
        older=[line for line in lines if not line.is_live], **figures, **_people(request, found),
    )  # fmt: skip


@console_view(roles=EDITORS)
def sop_act(request: ConsoleRequest, sop_id: int, act: str) -> HttpResponse:
    """What an act would meet; and to do it."""
    found, wanted = sop_or_404(request.tenant, sop_id), ACTS[act]
    if request.method == "POST":
        _do(request, found, wanted)
        return redirect("sop", sop_id)
    if found.state not in wanted.states:
        messages.error(request, _("This cannot be done to it now."))
        return redirect("sop", sop_id)
    outlook = act_outlook(tenant=request.tenant, sop_id=sop_id, at=timezone.now())
    return page(
        request, "console/sop_act.html", title=wanted.title, parent_title=found.name,
        parent_link=reverse("sop", args=[sop_id]), sop=found, act=act, outlook=outlook,
        in_time=outlook.due_now - outlook.too_late,
    )  # fmt: skip


def sop_or_404(tenant: Tenant, sop_id: int) -> Sop:
    """One SOP of the tenant."""
    found = selectors.sop(tenant=tenant, sop_id=sop_id)
    if found is None:
        raise Http404
    return found


def step_lines(steps: Sequence[Step], counts: Mapping[int, StepCounts]) -> list[tuple[str, list[StepLine]]]:
    """A schedule by day: who enters is told what follows her entry first, then day by day."""
    days: dict[str, list[StepLine]] = {}
    for step in sorted(steps, key=_time_of):
        days.setdefault(day_in_words(step), []).append(_line(step, counts.get(step.pk)))
    return list(days.items())


def _time_of(step: Step) -> tuple[int, time, int, int]:
    return step.day or 0, step.at_time or time.min, step.after_minutes or 0, step.position


def _line(step: Step, counts: StepCounts | None) -> StepLine:
    states = dict(Touchpoint.State.choices)
    words = dict(Touchpoint.Reason.choices)
    reasons = [
        (state, str(states[state]), reason, str(words[reason]), count)
        for state, held in (counts.reasons if counts else {}).items()
        for reason, count in held.items()
    ]
    return StepLine(
        step,
        moment_in_its_day(step),
        span_in_words(step.late_after_minutes),
        parts(counts.states) if counts else [],
        sorted(reasons, key=lambda told: -told[-1]),
        counts.total if counts else 0,
    )


def _draft_line(draft: SopVersion) -> VersionLine:
    return VersionLine(draft, step_lines(list(draft.steps.all()), {}), None, is_live=False)


def _version_line(found: Sop, report: VersionReport) -> VersionLine:
    counts = {each.step.pk: each for each in report.steps}
    days = step_lines([each.step for each in report.steps], counts)
    return VersionLine(report.version, days, report.runs, is_live=report.version.number == found.live_number)


def _sums(reports: Sequence[VersionReport]) -> dict[str, Any]:
    """What was sent, what was not and in which state it ended, and all messages of all versions."""
    told: Counter[str] = Counter()
    for report in reports:
        for step in report.steps:
            told.update(step.states)
    not_sent = [part for part in parts(told) if part.state in NOT_SENT]
    return {
        "sent": told["sent"],
        "not_sent": not_sent,
        "not_sent_count": sum(part.count for part in not_sent),
        "all": told.total(),
    }


def _exits(counts: RunCounts) -> list[tuple[str, int]]:
    words = dict(Enrollment.ExitReason.choices)
    return [(str(words[reason]), count) for reason, count in counts.exited.items() if count]


def _people(request: ConsoleRequest, found: Sop) -> dict[str, Any]:
    asked = request.GET.get("state", "")
    state = asked if asked in Enrollment.State.values else str(Enrollment.State.ACTIVE)
    rows = runs(tenant=request.tenant, sop_id=found.pk, state=state).select_related("contact", "version")
    shown = newest_first(rows, field="entered_at", after=request.GET.get("after", ""))
    known = contact_selectors.known_as(tenant=request.tenant, contact_ids=[run.contact_id for run in shown.rows])
    coming = next_touchpoints(tenant=request.tenant, run_ids=[run.pk for run in shown.rows])
    return {
        "state": state,
        "states": Enrollment.State.choices,
        "runs": [(run, known.get(run.contact_id, f"#{run.contact_id}"), coming.get(run.pk)) for run in shown.rows],
        "after_runs": shown.after,
        "query": query_without(request, "after"),
    }


def _do(request: ConsoleRequest, found: Sop, wanted: Act) -> None:
    try:
        wanted.do(**by(request), sop_id=found.pk)
    except SopIsArchived:
        messages.error(request, STOPPED)
    except SopIsNotPublished:
        messages.error(request, _("It is not running, so there is nothing to pause."))
    except SopIsNotPaused:
        messages.error(request, _("It is not paused, so there is nothing to resume."))
    else:
        messages.success(request, wanted.done)
