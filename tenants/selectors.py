"""Sentences about tenants, members and keys."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from tenants.keys import secret_hash
from tenants.models import ApiKey, Membership, Tenant, User


def membership_of(*, user: Any, slug: str) -> Membership | None:
    """The user's membership in the tenant of this slug, with its tenant."""
    return Membership.objects.select_related("tenant").filter(user=user, tenant__slug=slug).first()


def memberships(*, user: User) -> QuerySet[Membership]:
    """The tenants a user works in, by name."""
    return Membership.objects.select_related("tenant").filter(user=user).order_by("tenant__name")


def members(*, tenant: Tenant) -> QuerySet[Membership]:
    """Who works in a tenant, oldest first."""
    return Membership.objects.select_related("user").filter(tenant=tenant).order_by("created_at", "id")


def live_api_key(*, tenant_id: int, secret: str, at: datetime) -> ApiKey | None:
    """The unrevoked, unexpired key with this secret, inside its tenant's transaction, with its tenant."""
    keys = ApiKey.objects.for_tenant(tenant_id).select_related("tenant")
    not_over = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    key: ApiKey | None = keys.filter(not_over, secret_hash=secret_hash(secret), revoked_at__isnull=True).first()
    return key
