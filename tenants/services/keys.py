"""API keys: made, used, revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tenants.keys import new_key, parse_key, secret_hash
from tenants.models import ApiKey, Tenant, User
from tenants.services.audit import record_act

SCOPES = (
    "contacts:read",
    "contacts:write",
    "orders:read",
    "orders:write",
    "acquisition:read",
    "acquisition:write",
    "sops:read",
    "sops:write",
    "segments:read",
    "segments:write",
    "analytics:read",
)
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class UnknownScope(Exception):
    """A scope that does not exist."""


def create_api_key(
    *,
    tenant: Tenant,
    name: str,
    scopes: Sequence[str],
    actor: str,
    at: datetime,
    created_by: User | None = None,
    expires_at: datetime | None = None,
    address: str | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with the string to show once.

    Raises: UnknownScope
    """
    if unknown := set(scopes) - set(SCOPES):
        raise UnknownScope(", ".join(sorted(unknown)))
    token = new_key(tenant_id=tenant.pk)
    parsed = parse_key(f"Bearer {token}")
    assert parsed is not None
    key = ApiKey.objects.create(
        tenant=tenant,
        name=name,
        secret_hash=secret_hash(parsed.secret),
        hint=token[-4:],
        scopes=sorted(scopes),
        created_by=created_by,
        expires_at=expires_at,
    )
    record_act(
        tenant=tenant,
        at=at,
        actor=actor,
        act="api_key.created",
        target=name,
        address=address,
        scopes=sorted(scopes),
    )
    return key, token


def revoke_api_key(*, tenant: Tenant, key_id: int, actor: str, at: datetime, address: str | None = None) -> bool:
    """End a key at once; False when there is no such live key."""
    key = ApiKey.objects.for_tenant(tenant).filter(pk=key_id, revoked_at__isnull=True).first()
    if key is None:
        return False
    ApiKey.objects.for_tenant(tenant).filter(pk=key_id).update(revoked_at=at)
    record_act(tenant=tenant, at=at, actor=actor, act="api_key.revoked", target=key.name, address=address)
    return True


def note_key_use(*, tenant: Tenant, key: ApiKey, at: datetime) -> None:
    """Remember that a key is in use, at most once a minute; nobody waits for another call's note."""
    if key.last_used_at is None or key.last_used_at < at - _USE_IS_NOTED_EVERY:
        keys = ApiKey.objects.for_tenant(tenant)
        # Another request that is noting its own use must not hold this one up, nor one that refers to the key
        # meanwhile: that one may have the turn for which this one waits next.
        free = keys.select_for_update(skip_locked=True, no_key=True).filter(pk=key.pk)
        keys.filter(pk__in=free.values("pk")).update(last_used_at=at)
