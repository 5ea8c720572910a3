"""People in SOPs with touchpoints due, laid down as rows: what workers find when they begin.

Of each hundred people eight must not be reached, each for another reason or another way to find out, and two are to be
reached twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.cohorts import inside

PER_DAY = 2
FIRST_DAY = datetime(2026, 11, 21, 4, tzinfo=UTC)
TEXT = ["Hello ", ["contact.name", "friend"], " of ", ["brand.name", ""], ": your tea is ready."]
# what becomes of the touchpoints of each hundred people
OUTCOMES = {
    ("skipped", "no_consent"): 2,
    ("cancelled", "stopped"): 2,
    ("cancelled", "left"): 1,
    ("cancelled", "ordered"): 1,
    ("skipped", "late"): 1,
    ("skipped", "cap"): 1,
    ("sent", ""): 94,
}
# parameters: tenant, size
_PEOPLE = """
INSERT INTO contacts_contact (tenant_id, name, phone, email, attributes, created_at, updated_at)
SELECT %(tenant)s, 'Person ' || n, '', '', '{}', now(), now() FROM generate_series(1, %(size)s) AS n
"""
# everybody's place among a hundred decides what becomes of them; parameters: tenant, segment, first_day
_NUMBERED = (
    "SELECT id, (row_number() OVER (ORDER BY id) - 1) %% 100 AS n FROM contacts_contact WHERE tenant_id = %(tenant)s"
)
_KNOWN = f"""
INSERT INTO contacts_consent (tenant_id, contact_id, touch_kind, is_granted, changed_at)
SELECT %(tenant)s, id, 'private_chat', n > 1, now() FROM ({_NUMBERED}) p WHERE n < 60;
INSERT INTO segments_segmentmember (tenant_id, segment_id, contact_id, entered_at)
SELECT %(tenant)s, %(segment)s, id, %(first_day)s FROM ({_NUMBERED}) p WHERE n <> 4;
INSERT INTO orders_contactstats (tenant_id, contact_id, purchases, gross_minor, refunded_minor, first_purchase_at,
                                 last_purchase_at)
SELECT %(tenant)s, id, 1, 100, 0, %(first_day)s, %(first_day)s + CASE WHEN n = 5 THEN 900 ELSE -9 END * interval '1 day'
FROM ({_NUMBERED}) p
"""
# parameters: tenant, sop, version, step, at, size, per_day
_RUNS = f"""
INSERT INTO sop_enrollment (tenant_id, sop_id, version_id, contact_id, entered_at, state, exit_reason, last_due_at)
SELECT %(tenant)s, %(sop)s, %(version)s, id, %(at)s - interval '1 day',
       CASE WHEN n IN (2, 3) THEN 'exited' ELSE 'active' END, CASE WHEN n IN (2, 3) THEN 'stopped' ELSE '' END, %(at)s
FROM ({_NUMBERED} ORDER BY id LIMIT %(size)s) p;
INSERT INTO sop_capuse (tenant_id, contact_id, date, used)
SELECT %(tenant)s, id, (%(at)s AT TIME ZONE 'UTC')::date, %(per_day)s
FROM ({_NUMBERED} ORDER BY id LIMIT %(size)s) p WHERE n = 7;
INSERT INTO sop_touchpoint (tenant_id, sop_id, enrollment_id, step_id, contact_id, occurrence, state, reason, due_at,
                            run_at, late_at, fence, tries, provider_id, text)
SELECT e.tenant_id, e.sop_id, e.id, %(step)s, e.contact_id, again, 'planned', '', %(at)s, %(at)s,
       %(at)s + CASE WHEN n = 6 THEN -1 ELSE 120 END * interval '1 minute', 0, 0, '', ''
FROM sop_enrollment e
JOIN ({_NUMBERED}) p ON p.id = e.contact_id
JOIN generate_series(0, 1) AS again ON again = 0 OR n IN (8, 9)
WHERE e.tenant_id = %(tenant)s AND e.sop_id = %(sop)s ORDER BY e.contact_id
"""
_ENDED = """
SELECT state, reason, count(*) FROM sop_touchpoint WHERE tenant_id = %(tenant)s AND sop_id = %(sop)s GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Job:
    """One SOP whose touchpoints are all due, on a day of its own, so that no other has used up its caps."""

    tenant_id: int
    sop_id: int
    at: datetime
    people: int

    @property
    def touchpoints(self) -> int:
        """How many are due."""
        return self.people * sum(OUTCOMES.values()) // 100


class Brand:
    """A tenant with people, who are members of one list."""

    def __init__(self, slug: str, *, people: int) -> None:
        from segments.models import Segment
        from sop.models import TouchBudget
        from tenants.models import Tenant

        self.tenant = Tenant.objects.create(slug=slug, name="Tea House", timezone="UTC", currency="GBP")
        self.people, self.days = people, 0
        with inside(self.tenant):
            TouchBudget.objects.create(tenant=self.tenant, per_day=PER_DAY)
            dated: dict[str, Any] = {"tenant": self.tenant, "created_at": FIRST_DAY, "updated_at": FIRST_DAY}
            self.segment = Segment.objects.create(name="List", kind="list", state="published", **dated)
            asked = {"tenant": self.tenant.pk, "segment": self.segment.pk, "first_day": FIRST_DAY, "size": people}
            execute(_PEOPLE, asked)
            execute(_KNOWN, asked)
        vacuum("")

    def lay(self, *, people: int | None = None) -> Job:
        """An SOP with a touchpoint due for each of the people, or of the first so many."""
        at = FIRST_DAY + timedelta(days=self.days)
        self.days += 1
        people = people or self.people
        with inside(self.tenant):
            step = self._step(at - timedelta(days=1))
            asked: dict[str, Any] = {"tenant": self.tenant.pk, "sop": step.version.sop_id, "version": step.version_id}
            execute(_RUNS, {**asked, "step": step.pk, "at": at, "size": people, "per_day": PER_DAY})
        vacuum("sop_touchpoint, sop_enrollment, sop_capuse, sop_sop, sop_sopversion, sop_step")
        return Job(self.tenant.pk, step.version.sop_id, at, people)

    def _step(self, at: datetime) -> Any:
        from sop.models import Sop, SopVersion, Step

        dated: dict[str, Any] = {"tenant": self.tenant, "created_at": at, "updated_at": at}
        sop = Sop.objects.create(name=f"Day {self.days}", state="published", live_number=1, **dated)
        held: dict[str, Any] = {"tenant": self.tenant, "sop": sop, "number": 1, "segment": self.segment}
        exits = {"exits_on_leaving": True, "exits_on_order": True}
        version = SopVersion.objects.create(created_at=at, published_at=at, **held, **exits)
        told: dict[str, Any] = {"timing": "after", "after_minutes": 1440, "content": "", "compiled": TEXT}
        return Step.objects.create(tenant=self.tenant, version=version, position=1, **told)

    def check(self, job: Job) -> None:
        """Make sure that everything ended as it should."""
        with inside(self.tenant):
            rows = execute(_ENDED, {"tenant": job.tenant_id, "sop": job.sop_id})
        ended = {(state, reason): count for state, reason, count in rows}
        wanted = {outcome: count * job.people // 100 for outcome, count in OUTCOMES.items()}
        if ended != wanted:
            raise AssertionError(f"touchpoints ended as {ended}, not as {wanted}")


def execute(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run statements; the rows of the last."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return found


def vacuum(tables: str) -> None:
    """Let some tables, or all, be as autovacuum keeps them."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {tables}")
