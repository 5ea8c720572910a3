"""The operator's day on the home page: what is due by hour, what became of it, who moved, what stands still."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext

from scrm.console.work.ranges import day_end, day_start, local_date
from segments.selectors.segments import failed_segments, moved_segments
from sop.models import Sop, Touchpoint
from sop.selectors.today import HourCount, overdue_sops, touchpoints_by_hour
from tenants.models import Tenant

# a touchpoint leaves within seconds of its instant; what waits longer waits for something
PROMPT = timedelta(minutes=2)
MOST_MOVED = 6
State = Touchpoint.State
# in the order in which a bar shows them
STATES = (State.SENT, State.PLANNED, State.CLAIMED, State.UNKNOWN, State.SKIPPED, State.FAILED, State.CANCELLED)
OPEN = (State.PLANNED, State.CLAIMED, State.UNKNOWN)


@dataclass(frozen=True)
class Hour:
    """The touchpoints that are due in one hour of the day, by how they stand."""

    hour: int
    sent: int
    open: int
    not_sent: int


@dataclass(frozen=True)
class Told:
    """How many of today's touchpoints have a state or a reason, and the list of them."""

    value: str
    label: str
    count: int
    query: str


def today(*, tenant: Tenant, at: datetime) -> dict[str, Any]:
    """What the operator's part of the page shows."""
    date = local_date(tenant=tenant, at=at)
    first, end = day_start(tenant=tenant, day=date), day_end(tenant=tenant, day=date)
    rows = touchpoints_by_hour(tenant=tenant, due_from=first, due_before=end)
    hours = hours_of(rows)
    day = {"due_from": date.isoformat(), "due_to": date.isoformat()}
    states = {state.value: state.label for state in STATES}
    return {
        "hours": hours,
        "hours_chart": json.dumps(_chart(hours)),
        "states": _told(rows, "state", states, day),
        "reasons": sorted(_told(rows, "reason", dict(Touchpoint.Reason.choices), day), key=lambda one: -one.count),
        "moved": moved_segments(tenant=tenant, at=at, most=MOST_MOVED),
        "runs_sops": Sop.objects.for_tenant(tenant).exclude(state=Sop.State.ARCHIVED).exists(),
    }


def standing_still(*, tenant: Tenant, at: datetime) -> dict[str, Any]:
    """What is due and does not go out, and segments that cannot be built."""
    return {
        "overdue": overdue_sops(tenant=tenant, before=at - PROMPT),
        "unbuilt": list(failed_segments(tenant=tenant)),
    }


def hours_of(rows: Iterable[HourCount]) -> list[Hour]:
    """The hours in which something is due, with those between them."""
    counts: Counter[tuple[int, str]] = Counter()
    for row in rows:
        counts[row.hour, _side(row.state)] += row.count
    named = sorted({row_hour for row_hour, _ in counts})
    every = range(named[0], named[-1] + 1) if named else ()
    return [Hour(hour, counts[hour, "sent"], counts[hour, "open"], counts[hour, "not_sent"]) for hour in every]


def _side(state: str) -> str:
    if state == State.SENT:
        return "sent"
    return "open" if state in OPEN else "not_sent"


def _told(rows: Iterable[HourCount], field: str, labels: dict[str, Any], day: dict[str, str]) -> list[Told]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[getattr(row, field)] += row.count
    return [
        Told(value, str(labels[value]), counts[value], urlencode({**day, field: value}))
        for value in labels
        if counts[value]
    ]


def _chart(hours: list[Hour]) -> dict[str, Any]:
    return {
        "hours": [f"{one.hour:02}:00" for one in hours],
        "titles": [gettext("Sent"), gettext("Still to come"), gettext("Not sent")],
        "series": [[getattr(one, side) for one in hours] for side in ("sent", "open", "not_sent")],
    }
