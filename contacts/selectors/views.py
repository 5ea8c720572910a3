"""Sentences about the named lists of contacts."""

from django.db.models import Q, QuerySet

from contacts.models import SavedView
from tenants.models import Membership, Tenant


def saved_views(*, tenant: Tenant, membership: Membership) -> QuerySet[SavedView]:
    """A member's views and those shared with all, oldest first."""
    views: QuerySet[SavedView] = SavedView.objects.for_tenant(tenant)
    return views.filter(Q(is_shared=True) | Q(created_by=membership.user_id)).order_by("pk")


def views_that_may_be_deleted(*, tenant: Tenant, membership: Membership) -> QuerySet[SavedView]:
    """Of those, what a member may delete: its own; an owner the shared ones too."""
    views = saved_views(tenant=tenant, membership=membership)
    return views if membership.role == Membership.Role.OWNER else views.filter(created_by=membership.user_id)
