"""How often a contact may be reached is set."""

from datetime import datetime

from sop.incoming import MOST_PER_DAY
from sop.models import TouchBudget
from sop.selectors.budget import messages_per_day
from tenants.models import Tenant
from tenants.services.audit import record_act
from tenants.turns import Turn, take_turn


class LimitIsOutOfRange(Exception):
    """A contact may get 1 to MOST_PER_DAY messages on a day."""


def set_messages_per_day(*, tenant: Tenant, per_day: int, actor: str, at: datetime) -> None:
    """Set it for every claim from now on; what was sent today counts already.

    Raises: LimitIsOutOfRange
    """
    if not 1 <= per_day <= MOST_PER_DAY:
        raise LimitIsOutOfRange
    take_turn(Turn.SOPS, tenant_id=tenant.pk)
    before = messages_per_day(tenant=tenant)
    TouchBudget.objects.bulk_create(
        [TouchBudget(tenant=tenant, per_day=per_day)],
        update_conflicts=True,
        unique_fields=["tenant"],
        update_fields=["per_day"],
    )
    if per_day != before:
        record_act(tenant=tenant, at=at, actor=actor, act="touch_budget.changed", per_day=per_day, before=before)
