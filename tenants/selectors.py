"""Sentences about tenants, members, keys and jobs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tenants.keys import secret_hash
from tenants.models import ApiKey, Job, JobPart, Membership, Tenant, User


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


def claimable_jobs(*, tenant: Tenant) -> QuerySet[Job]:
    """The jobs that a worker may take: nobody works on them, or whoever did has said nothing for a lease."""
    rows: QuerySet[Job] = Job.objects.for_tenant(tenant)
    return rows.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=Now()), state__in=Job.OPEN)


def jobs_of_member(*, membership: Membership) -> QuerySet[Job]:
    """The jobs that a member may see, newest first: its own, and all to an owner."""
    rows: QuerySet[Job] = Job.objects.for_tenant(membership.tenant_id)
    if membership.role != Membership.Role.OWNER:
        rows = rows.filter(created_by=membership.user_id)
    return rows.order_by("-id")


def jobs_of_key(*, api_key: ApiKey) -> QuerySet[Job]:
    """The jobs that a key asked for, newest first."""
    rows: QuerySet[Job] = Job.objects.for_tenant(api_key.tenant_id)
    return rows.filter(api_key=api_key).order_by("-id")


def file_parts(*, job: Job) -> Iterator[bytes]:
    """A job's file, one part in memory at a time, inside this transaction."""
    parts = JobPart.objects.for_tenant(job.tenant_id).filter(job=job).order_by("number")
    for number in parts.values_list("number", flat=True):
        yield bytes(parts.values_list("content", flat=True).get(number=number))
