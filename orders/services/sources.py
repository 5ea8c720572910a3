"""Shops and ERPs that send orders."""

from orders.models import Source
from tenants.models import Tenant


def ensure_source(*, tenant: Tenant, slug: str) -> Source:
    """Return the source of this name, made on first use. Call it under the tenant's write lock."""
    source: Source | None = Source.objects.for_tenant(tenant).filter(slug=slug).first()
    return source or Source.objects.create(tenant=tenant, slug=slug, name=slug)
