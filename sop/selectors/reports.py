"""What became of an SOP's people and messages; every number adds up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from sop.models import Enrollment, SopVersion, Step, Touchpoint
from sop.selectors.sops import versions_of
from tenants.models import Tenant

# Purpose: count an SOP's runs and touchpoints in one snapshot. Parameters: tenant, sop. Grain: version, state and
# reason of a run; step, state and reason of a touchpoint. Columns: version, step (null: runs), state, reason, count.
_COUNTS = """
SELECT version_id, NULL::bigint AS step_id, state, exit_reason, count(*)
FROM sop_enrollment WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s GROUP BY 1, 3, 4
UNION ALL
SELECT NULL::bigint, step_id, state, reason, count(*)
FROM sop_touchpoint WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s GROUP BY 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """People who entered = under way + completed + left early, by reason."""

    entered: int
    waiting: int
    completed: int
    exited: dict[str, int]


@dataclass(frozen=True, slots=True)
class StepCounts:
    """One step's touchpoints by state; `reasons` of those that were not sent, by state. They add up to who entered."""

    step: Step
    states: dict[str, int]
    reasons: dict[str, dict[str, int]]

    @property
    def total(self) -> int:
        """All its touchpoints."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class VersionReport:
    """What became of one version's people, step by step."""

    version: SopVersion
    runs: RunCounts
    steps: list[StepCounts]


@dataclass(frozen=True, slots=True)
class SopReport:
    """What became of all who entered, and of those of each published version, newest first."""

    runs: RunCounts
    versions: list[VersionReport]


_Counts = dict[int, Counter[tuple[str, str]]]


def sop_report(*, tenant: Tenant, sop_id: int) -> SopReport:
    """An SOP's funnel of people and of each step's messages, counted in one snapshot."""
    runs, touchpoints = _counts(tenant, sop_id)
    versions = versions_of(tenant=tenant, sop_id=sop_id).filter(published_at__isnull=False).order_by("-number")
    reports = [
        VersionReport(
            version,
            _runs([runs.get(version.pk, Counter())]),
            [_step(step, touchpoints.get(step.pk, Counter())) for step in version.steps.all()],
        )
        for version in versions
    ]
    return SopReport(_runs(list(runs.values())), reports)


def _counts(tenant: Tenant, sop_id: int) -> tuple[_Counts, _Counts]:
    runs: _Counts = {}
    touchpoints: _Counts = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"tenant": tenant.pk, "sop": sop_id})
        for version_id, step_id, state, reason, count in cursor.fetchall():
            kind, key = (runs, version_id) if step_id is None else (touchpoints, step_id)
            kind.setdefault(key, Counter())[state, reason] = count
    return runs, touchpoints


def _runs(counts: Sequence[Counter[tuple[str, str]]]) -> RunCounts:
    summed: Counter[tuple[str, str]] = sum(counts, Counter())
    states = Enrollment.State
    return RunCounts(
        entered=summed.total(),
        waiting=summed[states.ACTIVE, ""],
        completed=summed[states.COMPLETED, ""],
        exited={str(reason): summed[states.EXITED, reason] for reason in Enrollment.ExitReason.values},
    )


def _step(step: Step, counts: Counter[tuple[str, str]]) -> StepCounts:
    states = dict.fromkeys(Touchpoint.State.values, 0)
    reasons: dict[str, dict[str, int]] = {}
    for (state, reason), count in sorted(counts.items()):
        states[state] += count
        if reason:
            reasons.setdefault(state, {})[reason] = count
    return StepCounts(step, states, reasons)
