"""The SOP board: whom each SOP reached, why messages were not sent, and what people bought within days of one.

A message whose window is over is observed whole, whatever becomes of the range's other messages: so the figures that
are compared are of those messages, with their own contacts, and the range may end today. All SOPs are compared over the
messages sent until the same instant. Bought after a message is not bought because of it, and one order may stand in the
rows of several SOPs; the sum counts it once. The ledger and the orders are read themselves, in one snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from analytics import periods, ratios
from analytics.sops import SopBoard, SopOutcome, SopQuery, SopRow, SopRuns, SopStep, ranked
from sop.models import Enrollment, Sop, SopCursor, Step
from tenants.models import Tenant

ONE_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)  # as-of is exclusive: at midnight the day before is the last one

# Purpose: all sums of an SOP board. Parameters: tenant_id (hidden from the planner, decision 8), due_from and
# due_before (messages and entries, an index range each), at (as-of: what was settled, ended, paid or refunded from then
# on has not happened yet), seconds (of the window, exclusive), complete_to (a message sent until then is observed
# whole), states (those of a run).
# Grain: part and SOP (null: all together), of messages also step, of messages and runs also state and reason.
# Columns: part, sop, step, state, reason, numbers: [messages] · [runs] · contacts [planned, reached, reached by an
# observed message] · bought [buyers, orders, net minor units, and the same of observed messages].
# Orders are looked up message by message, each one probe of the contact's index range; refunds order by order.
SOP_SUMS = """
WITH due AS MATERIALIZED (
    SELECT t.sop_id, t.step_id, t.contact_id, t.settled_at,
           CASE WHEN t.settled_at < %(at)s THEN t.state ELSE 'planned' END AS state,
           CASE WHEN t.settled_at < %(at)s THEN t.reason ELSE '' END AS reason
    FROM sop_touchpoint t
    WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.due_at >= %(due_from)s AND t.due_at < %(due_before)s
), people AS MATERIALIZED (
    SELECT sop_id, contact_id, bool_or(state = 'sent') AS is_reached,
           bool_or(state = 'sent' AND settled_at <= %(complete_to)s) AS is_observed
    FROM due GROUP BY 1, 2
), bought AS MATERIALIZED (
    SELECT d.sop_id, d.contact_id, o.id AS order_id, o.base_amount_minor AS gross_minor,
           bool_or(d.settled_at <= %(complete_to)s) AS is_observed
    FROM due d
    CROSS JOIN LATERAL (
        SELECT o.id, o.base_amount_minor FROM orders_order o
        WHERE o.tenant_id = (SELECT %(tenant_id)s::bigint) AND o.contact_id = d.contact_id
          AND o.paid_at >= d.settled_at AND o.paid_at < d.settled_at + make_interval(secs => %(seconds)s)
          AND o.paid_at < %(at)s AND o.status = 'paid' AND o.amount_minor > 0
        OFFSET 0
    ) o
    WHERE d.state = 'sent'
    GROUP BY 1, 2, 3, 4
), kept AS MATERIALIZED (
    SELECT b.sop_id, b.contact_id, b.order_id, b.is_observed, b.gross_minor - r.refunded_minor AS net_minor
    FROM bought b
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(r.base_amount_minor), 0) AS refunded_minor FROM orders_refund r
        WHERE r.tenant_id = (SELECT %(tenant_id)s::bigint) AND r.order_id = b.order_id
          AND NOT r.is_superseded AND r.refunded_at < %(at)s
        OFFSET 0
    ) r
), begun AS (
    SELECT s.id AS sop_id, e.state, e.exit_reason
    FROM sop_sop s
    CROSS JOIN unnest(%(states)s::text[]) AS k(state)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.ended_at < %(at)s THEN e.state ELSE 'active' END AS state,
               CASE WHEN e.ended_at < %(at)s THEN e.exit_reason ELSE '' END AS exit_reason
        FROM sop_enrollment e
        WHERE e.tenant_id = (SELECT %(tenant_id)s::bigint) AND e.sop_id = s.id AND e.state = k.state
          AND e.entered_at >= %(due_from)s AND e.entered_at < %(due_before)s
        OFFSET 0
    ) e
    WHERE s.tenant_id = (SELECT %(tenant_id)s::bigint)
)
SELECT 'messages' AS part, sop_id, step_id, state, reason, ARRAY[count(*)]::bigint[] AS numbers
FROM due GROUP BY 2, 3, 4, 5
UNION ALL
SELECT 'runs', sop_id, NULL, state, exit_reason, ARRAY[count(*)] FROM begun GROUP BY 2, 4, 5
UNION ALL
SELECT 'contacts', sop_id, NULL, '', '',
       ARRAY[count(*), count(*) FILTER (WHERE is_reached), count(*) FILTER (WHERE is_observed)]
FROM (
    SELECT sop_id, is_reached, is_observed FROM people
    UNION ALL
    SELECT NULL, bool_or(is_reached), bool_or(is_observed) FROM people GROUP BY contact_id
) p GROUP BY 2
UNION ALL
SELECT 'bought', sop_id, NULL, '', '', ARRAY[
    count(DISTINCT contact_id), count(*), sum(net_minor),
    count(DISTINCT contact_id) FILTER (WHERE is_observed), count(*) FILTER (WHERE is_observed),
    coalesce(sum(net_minor) FILTER (WHERE is_observed), 0)]::bigint[]
FROM (
    SELECT sop_id, contact_id, net_minor, is_observed FROM kept
    UNION ALL
    SELECT NULL, contact_id, min(net_minor), bool_or(is_observed) FROM kept GROUP BY contact_id, order_id
) k GROUP BY 2
"""


@dataclass
class _Sums:
    """One SOP's sums, or those of all together, as the statement's parts tell them."""

    messages: dict[tuple[str, str], int] = field(default_factory=dict)
    steps: dict[int, dict[tuple[str, str], int]] = field(default_factory=dict)
    runs: dict[tuple[str, str], int] = field(default_factory=dict)
    contacts: list[int] = field(default_factory=lambda: [0] * 3)
    bought: list[int] = field(default_factory=lambda: [0] * 6)


def sop_board(*, tenant: Tenant, query: SopQuery) -> SopBoard:
    """Reach, outcome, what was not sent and runs of each SOP, ranked; of archived ones those with anything to tell.

    Raises: RangeTooLong
    """
    first, last = query.days(periods.local_date(query.as_of - _MOMENT, tenant.timezone))
    complete_to = query.as_of - query.length
    sums = _sums(
        tenant_id=tenant.pk,
        due_from=periods.start_of_day(first, tenant.timezone),
        due_before=min(periods.start_of_day(last + ONE_DAY, tenant.timezone), query.as_of),
        at=query.as_of,
        seconds=query.length.total_seconds(),
        complete_to=complete_to,
        states=Enrollment.State.values,
    )
    steps = _steps(tenant, sums)
    known = Sop.objects.for_tenant(tenant).order_by("pk")
    shown = [sop for sop in known if sop.pk in sums or sop.state != Sop.State.ARCHIVED]
    rows = (_row(sums.get(sop.pk, _Sums()), tenant.currency, sop, steps.get(sop.pk, ())) for sop in shown)
    return SopBoard(
        query=query,
        from_date=first,
        to_date=last,
        complete_to=complete_to,
        timezone=tenant.timezone,
        currency=tenant.currency,
        fresh_at=SopCursor.objects.for_tenant(tenant).values_list("fresh_at", flat=True).first(),
        rows=ranked(rows, query.ranked_by),
        total=_row(sums.get(None, _Sums()), tenant.currency),
    )


def _sums(**parameters: Any) -> dict[int | None, _Sums]:
    """The sums of each SOP that has any, and of all together."""
    found: dict[int | None, _Sums] = {}
    with connection.cursor() as cursor:
        cursor.execute(SOP_SUMS, parameters)
        for part, sop_id, step_id, state, reason, numbers in cursor.fetchall():
            sums = found.setdefault(sop_id, _Sums())
            if part in ("contacts", "bought"):
                setattr(sums, part, numbers)
                continue
            if step_id is not None:
                sums.steps.setdefault(step_id, {})[state, reason] = numbers[0]
            for each in (sums, found.setdefault(None, _Sums())):
                counts = getattr(each, part)
                counts[state, reason] = counts.get((state, reason), 0) + numbers[0]
    return found


def _steps(tenant: Tenant, sums: Mapping[int | None, _Sums]) -> dict[int, tuple[SopStep, ...]]:
    """Each SOP's steps that have messages, the newest version's first."""
    counts = {step_id: told for each in sums.values() for step_id, told in each.steps.items()}
    rows = Step.objects.for_tenant(tenant).filter(pk__in=counts).select_related("version")
    found: dict[int, tuple[SopStep, ...]] = {}
    for step in rows.order_by("-version__number", "position"):
        told = SopStep(
            step_id=step.pk,
            version=step.version.number,
            position=step.position,
            day=step.day,
            at_time=step.at_time,
            after_minutes=step.after_minutes,
            messages=counts[step.pk],
        )
        found[step.version.sop_id] = (*found.get(step.version.sop_id, ()), told)
    return found


def _row(sums: _Sums, currency: str, sop: Sop | None = None, steps: tuple[SopStep, ...] = ()) -> SopRow:
    planned, reached, _observed = sums.contacts
    return SopRow(
        sop_id=sop.pk if sop else None,
        name=sop.name if sop else "",
        state=sop.state if sop else "",
        messages=sums.messages,
        planned=planned,
        reached=reached,
        reach_rate=ratios.share_of(reached, planned),
        outcome=_outcome(sums, currency),
        runs=_runs(sums.runs),
        steps=steps,
    )


def _outcome(sums: _Sums, currency: str) -> SopOutcome:
    _planned, reached, observed = sums.contacts
    is_complete = observed > 0
    contacts = observed if is_complete else reached
    buyers, orders, net_minor = sums.bought[3:] if is_complete else sums.bought[:3]
    return SopOutcome(
        contacts=contacts,
        buyers=buyers,
        orders=orders,
        net_minor=net_minor,
        bought_share=ratios.share_of(buyers, contacts),
        revenue_per_contact=ratios.per_contact(net_minor, contacts, currency),
        is_complete=is_complete,
    )


def _runs(counts: Mapping[tuple[str, str], int]) -> SopRuns:
    states = Enrollment.State
    return SopRuns(
        active=counts.get((states.ACTIVE, ""), 0),
        completed=counts.get((states.COMPLETED, ""), 0),
        exited={str(reason): counts.get((states.EXITED, reason), 0) for reason in Enrollment.ExitReason.values},
    )
