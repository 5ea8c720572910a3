"""Making a tenant and deciding who works in it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tenants.context import tenant_transaction
from tenants.models import Membership, Tenant, User
from tenants.money import exponent
from tenants.services.audit import record_act
from tenants.timezones import zone


class TenantExists(Exception):
    """A tenant with this slug exists."""


class AlreadyMember(Exception):
    """This user works in the tenant already."""


class LastOwner(Exception):
    """A tenant keeps at least one owner."""


def create_tenant(
    *, slug: str, name: str, timezone: str, currency: str, owner_email: str, password: str | None, at: datetime
) -> tuple[Tenant, User]:
    """Make a tenant with its first owner; a user with that e-mail address is taken as he is.

    Raises: TenantExists, UnknownZone, UnknownCurrency
    """
    zone(timezone)
    exponent(currency)
    if Tenant.objects.filter(slug=slug).exists():
        raise TenantExists(slug)
    with transaction.atomic():
        tenant = Tenant(slug=slug, name=name, timezone=timezone, currency=currency)
        tenant.full_clean()
        tenant.save()
        owner = _user(email=owner_email, password=password)
        Membership.objects.create(tenant=tenant, user=owner, role=Membership.Role.OWNER)
    with tenant_transaction(tenant.pk):
        record_act(tenant=tenant, at=at, actor="command line", act="tenant.created", target=slug, owner=owner.email)
    return tenant, owner


def add_member(
    *,
    tenant: Tenant,
    email: str,
    role: str,
    password: str | None,
    actor: str,
    at: datetime,
    address: str | None = None,
) -> Membership:
    """Let a person work in the tenant; a new one gets the password, a known one keeps his own.

    Raises: AlreadyMember
    """
    user = _user(email=email, password=password)
    membership, made = Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
    if not made:
        raise AlreadyMember(user.email)
    record_act(tenant=tenant, at=at, actor=actor, act="member.added", target=user.email, address=address, role=role)
    return membership


def change_role(
    *, tenant: Tenant, membership: Membership, role: str, actor: str, at: datetime, address: str | None = None
) -> None:
    """Give a member another role.

    Raises: LastOwner
    """
    if role != Membership.Role.OWNER:
        _refuse_last_owner(tenant=tenant, membership=membership)
    Membership.objects.filter(tenant=tenant, pk=membership.pk).update(role=role)
    email, told = membership.user.email, {"role": role, "before": membership.role}
    record_act(tenant=tenant, at=at, actor=actor, act="member.role", target=email, address=address, **told)


def remove_member(
    *, tenant: Tenant, membership: Membership, actor: str, at: datetime, address: str | None = None
) -> None:
    """End a membership; the next request of that user here is refused.

    Raises: LastOwner
    """
    _refuse_last_owner(tenant=tenant, membership=membership)
    Membership.objects.filter(tenant=tenant, pk=membership.pk).delete()
    email = membership.user.email
    record_act(tenant=tenant, at=at, actor=actor, act="member.removed", target=email, address=address)


def _user(*, email: str, password: str | None) -> User:
    user = User.objects.filter(email=email.strip().lower()).first()
    return user or User.objects.create_user(email=email, password=password)


def _refuse_last_owner(*, tenant: Tenant, membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(tenant=tenant, role=Membership.Role.OWNER)
    if list(owners.values_list("pk", flat=True)) == [membership.pk]:
        raise LastOwner(membership.user.email)


def choose_contact_columns(*, membership: Membership, columns: Sequence[str]) -> None:
    """Let the contact list show these columns to a member from now on; none: what it shows to everybody."""
    Membership.objects.filter(pk=membership.pk).update(contact_columns=list(columns))
