"""Logins in the audit log: of every tenant that the person works in, since a login opens all of them."""

from datetime import datetime

from tenants.context import tenant_transaction
from tenants.models import User
from tenants.selectors import memberships
from tenants.services.audit import record_act


def record_login(*, user: User, at: datetime, address: str) -> None:
    """Append to each of the person's tenants that they came in."""
    _record(user=user, act="login.succeeded", at=at, address=address)


def record_failed_login(*, email: str, at: datetime, address: str) -> bool:
    """Append to each of the account's tenants that somebody failed to log in; False when there is no such account."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        return False
    _record(user=user, act="login.failed", at=at, address=address)
    return True


def _record(*, user: User, act: str, at: datetime, address: str) -> None:
    for membership in memberships(user=user):
        with tenant_transaction(membership.tenant_id):
            record_act(tenant=membership.tenant, at=at, actor=str(user), act=act, target=user.email, address=address)
