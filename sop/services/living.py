"""An SOP in the tenant's turn: publishing, pausing, stopping and the tick come one after the other."""

from sop.models import Sop
from tenants.models import Tenant
from tenants.turns import Turn, take_turn


class SopIsArchived(Exception):
    """It has ended and can only be read."""


def living_sop(*, tenant: Tenant, sop_id: int) -> Sop:
    """The SOP, in the tenant's turn and locked.

    Raises: Sop.DoesNotExist, SopIsArchived
    """
    take_turn(Turn.SOPS, tenant_id=tenant.pk)
    sop: Sop = Sop.objects.for_tenant(tenant).select_for_update(no_key=True).get(pk=sop_id)
    if sop.state == Sop.State.ARCHIVED:
        raise SopIsArchived
    return sop
