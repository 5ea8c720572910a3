"""Sentences about consent: what a contact last said of each way of being reached, and how we know."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from contacts.models import Consent, ConsentMove, TouchKind
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Way:
    """One way of being reached. `is_granted` None: nothing was said of it, which is not a refusal.

    `evidence` is how we know, `actor` who put it down.
    """

    touch_kind: TouchKind
    is_granted: bool | None = None
    changed_at: datetime | None = None
    evidence: str = ""
    actor: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether nothing may be sent this way."""
        return self.is_granted is False


def consents(*, tenant: Tenant, contact_id: int) -> QuerySet[Consent]:
    """What a contact last said of each way of being reached; nothing said is no row."""
    rows: QuerySet[Consent] = Consent.objects.for_tenant(tenant).filter(contact_id=contact_id)
    return rows.order_by("touch_kind")


def ways(*, tenant: Tenant, contact_id: int) -> list[Way]:
    """Every way of being reached, with what a contact last said of it; one statement."""
    moves = ConsentMove.objects.for_tenant(tenant).filter(contact_id=contact_id, touch_kind=OuterRef("touch_kind"))
    newest = moves.order_by("-created_at", "-pk")
    told = consents(tenant=tenant, contact_id=contact_id).annotate(
        evidence=Subquery(newest.values("evidence")[:1]), actor=Subquery(newest.values("actor")[:1])
    )
    columns = ("touch_kind", "is_granted", "changed_at", "evidence", "actor")
    said = {kind: Way(TouchKind(kind), *rest) for kind, *rest in told.values_list(*columns)}
    return [said.get(kind, Way(kind)) for kind in TouchKind]
