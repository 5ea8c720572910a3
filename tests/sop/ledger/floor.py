"""People in an SOP with touchpoints planned, laid down as rows: what the ledger finds when it wakes up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from contacts.models import Contact, TouchKind
from segments.models import Segment
from sop.models import Due, Enrollment, Sop, SopVersion, Step, TouchBudget, Touchpoint
from sop.services.due import note_due
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT

TEXT: list[str | list[str]] = ["Hello ", ["contact.name", "friend"], " of ", ["brand.name", ""]]
PLAN = """
INSERT INTO sop_touchpoint (tenant_id, sop_id, enrollment_id, step_id, contact_id, occurrence, state, reason, due_at,
    run_at, late_at, fence, tries, provider_id, text)
SELECT e.tenant_id, e.sop_id, e.id, %(step_id)s, e.contact_id, 0, 'planned', '', %(due_at)s, %(due_at)s, %(late_at)s,
       0, 0, '', ''
FROM sop_enrollment e WHERE e.tenant_id = %(tenant_id)s AND e.sop_id = %(sop_id)s
ORDER BY e.contact_id
RETURNING id
"""


@dataclass(frozen=True)
class Laid:
    """An SOP of one step, published, and its touchpoints in the order of their contacts."""

    tenant: Tenant
    sop: Sop
    version: SopVersion
    step: Step
    touchpoint_ids: list[int]

    def rows(self) -> list[Touchpoint]:
        """The touchpoints as they are now."""
        with tenant_transaction(self.tenant.pk):
            return self.rows_unopened()

    def rows_unopened(self) -> list[Touchpoint]:
        """The same inside a transaction that is open."""
        return list(Touchpoint.objects.for_tenant(self.tenant).filter(sop=self.sop).order_by("pk"))

    def states(self) -> list[tuple[str, str]]:
        """State and reason of each touchpoint."""
        return [(row.state, row.reason) for row in self.rows()]

    def change(self, position: int | None = None, **values: Any) -> None:
        """Set columns of one touchpoint, or of all."""
        rows = Touchpoint.objects.for_tenant(self.tenant).filter(sop=self.sop)
        with tenant_transaction(self.tenant.pk):
            if position is not None:
                rows = rows.filter(pk=self.touchpoint_ids[position])
            rows.update(**values)

    def due_at(self) -> datetime | None:
        """When the due table says that something is to be done."""
        return Due.objects.filter(tenant=self.tenant, sop_id=self.sop.pk).values_list("due_at", flat=True).first()


def make_people(tenant: Tenant, *, count: int) -> list[Contact]:
    """Some contacts with names."""
    with tenant_transaction(tenant.pk):
        people = [Contact(tenant=tenant, name=f"Person {n}") for n in range(count)]
        return list(Contact.objects.bulk_create(people, 5_000))


def lay_sop(
    tenant: Tenant,
    people: Sequence[Contact],
    *,
    name: str = "Welcome",
    due_at: datetime = AT,
    late_after: timedelta = timedelta(hours=2),
    compiled: Any = TEXT,
    **version: Any,
) -> Laid:
    """Publish an SOP and plan one touchpoint for each of these people."""
    entered_at = due_at - timedelta(days=1)
    with tenant_transaction(tenant.pk):
        step = _lay_step(tenant, name, compiled, published_at=entered_at, **version)
        sop, held = step.version.sop, step.version
        inside: dict[str, Any] = {"tenant": tenant, "sop": sop, "version": held, "entered_at": entered_at}
        runs = [Enrollment(contact=person, last_due_at=due_at, **inside) for person in people]
        Enrollment.objects.bulk_create(runs, 5_000)
        plan = {"tenant_id": tenant.pk, "sop_id": sop.pk, "step_id": step.pk}
        with connection.cursor() as cursor:
            cursor.execute(PLAN, {**plan, "due_at": due_at, "late_at": due_at + late_after})
            ids = [row[0] for row in cursor.fetchall()]
        note_due(tenant=tenant, sop_ids=[sop.pk])
    return Laid(tenant, sop, held, step, ids)


def _lay_step(tenant: Tenant, name: str, compiled: Any, *, published_at: datetime, **version: Any) -> Step:
    """One step of a published version; its segment is an empty list."""
    made: dict[str, Any] = {"tenant": tenant, "created_at": AT, "updated_at": AT}
    segment, _ = Segment.objects.for_tenant(tenant).get_or_create(name=name, defaults={"kind": "list", **made})
    sop = Sop.objects.create(name=name, state=Sop.State.PUBLISHED, live_number=1, **made)
    said: dict[str, Any] = {"exits_on_leaving": False, "published_at": published_at, **version}
    held = SopVersion.objects.create(tenant=tenant, sop=sop, number=1, segment=segment, created_at=AT, **said)
    when: dict[str, Any] = {"timing": Step.Timing.AFTER, "after_minutes": 1440}
    told: dict[str, Any] = {"touch_kind": TouchKind.PRIVATE_CHAT, "content": "", "compiled": compiled}
    step: Step = Step.objects.create(tenant=tenant, version=held, position=1, **when, **told)
    return step


def set_cap(tenant: Tenant, per_day: int) -> None:
    """Set the tenant's cap."""
    with tenant_transaction(tenant.pk):
        TouchBudget.objects.create(tenant=tenant, per_day=per_day)
