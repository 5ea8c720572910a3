"""Acts on keys and members are told with the address they came from."""

from typing import Any

import pytest

from tenants.models import AuditEntry
from tenants.selectors import members
from tenants.services.keys import create_api_key, revoke_api_key
from tenants.services.members import add_member, change_role, remove_member
from tests.cast import AT

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "kept"),
    [("203.0.113.7", "203.0.113.7"), ("2001:DB8::1", "2001:db8::1"), ("", None), ("nowhere", None), (None, None)],
)
def test_acts_keep_their_address(alice: Any, acme: Any, inside: Any, address: str | None, kept: str | None) -> None:
    by: dict[str, Any] = {"tenant": acme, "actor": "Alice", "at": AT, "address": address}

    with inside(acme):
        key, _token = create_api_key(name="shop", scopes=["orders:read"], **by)
        revoke_api_key(key_id=key.pk, **by)
        add_member(email="bob@example.com", role="operator", password="let bob in", **by)
        bob = members(tenant=acme).get(user__email="bob@example.com")
        change_role(membership=bob, role="owner", **by)
        remove_member(membership=bob, **by)

        entries = AuditEntry.objects.for_tenant(acme).order_by("pk").values_list("act", "address")
        assert list(entries) == [
            ("api_key.created", kept),
            ("api_key.revoked", kept),
            ("member.added", kept),
            ("member.role", kept),
            ("member.removed", kept),
        ]
