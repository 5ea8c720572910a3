"""The people and tenants of all tests."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def acme(transactional_db: Any) -> Any:
    """A British shop."""
    return _tenant("acme", "Acme Ltd", "UTC", "GBP")


@pytest.fixture
def globex(transactional_db: Any) -> Any:
    """A Chinese brand, the neighbour."""
    return _tenant("globex", "环球甜品", "Asia/Shanghai", "CNY")


@pytest.fixture
def alice(acme: Any) -> Any:
    """Owner of acme."""
    return _member(acme, "alice", "owner")


@pytest.fixture
def bob(acme: Any) -> Any:
    """Operator of acme."""
    return _member(acme, "bob", "operator")


@pytest.fixture
def mei(acme: Any) -> Any:
    """Brand manager of acme."""
    return _member(acme, "mei", "brand_manager")


@pytest.fixture
def charlie(globex: Any) -> Any:
    """Outsider: owner of globex, nobody in acme."""
    return _member(globex, "charlie", "owner")


@pytest.fixture
def acme_key(acme: Any) -> str:
    """An API key of acme with all scopes."""
    return make_key(acme)


@pytest.fixture
def globex_key(globex: Any) -> str:
    """An API key of globex with all scopes."""
    return make_key(globex)


@pytest.fixture
def inside() -> Callable[[Any], AbstractContextManager[None]]:
    """Open a tenant's transaction: `with inside(acme): …`."""
    from tenants.context import tenant_transaction

    return lambda tenant: tenant_transaction(tenant.pk)


@pytest.fixture
def api(acme_key: str) -> "ApiClient":
    """A REST client with acme's key."""
    return ApiClient(acme_key)


def make_key(tenant: Any, *, scopes: Any = None, name: str = "tests") -> str:
    """A new API key's string."""
    from tenants.context import tenant_transaction
    from tenants.services.keys import SCOPES, create_api_key

    with tenant_transaction(tenant.pk):
        _, token = create_api_key(tenant=tenant, name=name, scopes=scopes or SCOPES, actor="tests", at=AT)
    return token


def log_in(user: Any, *, enforce_csrf: bool = False) -> Any:
    """A browser in which this user is logged in."""
    from django.test import Client

    client = Client(enforce_csrf_checks=enforce_csrf)
    client.force_login(user)
    return client


class ApiClient:
    """A REST client with one key: JSON in, responses of Django's test client out."""

    def __init__(self, key: str | None) -> None:
        from django.test import Client

        self.client = Client(raise_request_exception=False)
        self.headers = {"authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers | _dashed(headers))

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("post", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.client.delete(f"/api/v1{path}", headers=self.headers | _dashed(headers))

    def send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        return getattr(self.client, method)(
            f"/api/v1{path}", body, content_type="application/json", headers=self.headers | _dashed(headers)
        )


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _tenant(slug: str, name: str, timezone: str, currency: str) -> Any:
    from tenants.models import Tenant

    return Tenant.objects.create(slug=slug, name=name, timezone=timezone, currency=currency)


def _member(tenant: Any, name: str, role: str) -> Any:
    from django.contrib.auth.hashers import get_hasher

    from tenants.models import Membership, User

    hashed = _hashed_password(get_hasher().algorithm)
    user = User.objects.create(email=f"{name}@example.com", password=hashed, name=name.title())
    Membership.objects.create(tenant=tenant, user=user, role=role)
    return user


@cache
def _hashed_password(algorithm: str) -> str:
    """The cast's password, hashed once: half a second of work, by design."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD, hasher=algorithm)
