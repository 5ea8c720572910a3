"""A tenant is set aside while its past is loaded, and goes live when that is done."""

from tenants.models import Tenant


def set_live(*, tenant: Tenant, is_live: bool) -> None:
    """Let ticks visit a tenant and workers send for it, or not. A run that is under way goes on."""
    Tenant.objects.filter(pk=tenant.pk).update(is_live=is_live)
    tenant.is_live = is_live
