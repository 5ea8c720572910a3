"""`create_tenant` and `create_api_key`, as a person at a terminal sees them."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants.models import AuditEntry, Membership, Tenant, User
from tests.cast import ApiClient

pytestmark = pytest.mark.django_db

TENANT = {
    "slug": "acme",
    "name": "Acme",
    "timezone": "UTC",
    "currency": "GBP",
    "owner": "alice@example.com",
    "password": "correct horse",
}


def run(command, **options):
    out = StringIO()
    call_command(command, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_a_tenant_is_made_with_its_owner(transactional_db, inside):
    run("create_tenant", **TENANT)

    tenant, user = Tenant.objects.get(), User.objects.get()
    assert (tenant.slug, tenant.name, tenant.timezone, tenant.currency) == ("acme", "Acme", "UTC", "GBP")
    assert user.check_password("correct horse")
    assert Membership.objects.get().role == "owner"
    with inside(tenant):
        assert [entry.act for entry in AuditEntry.objects.for_tenant(tenant)] == ["tenant.created"]


def test_a_known_owner_keeps_the_password(transactional_db):
    run("create_tenant", **TENANT)
    run("create_tenant", **{**TENANT, "slug": "second", "owner": "Alice@Example.com", "password": "another one"})

    assert User.objects.get().check_password("correct horse")
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slug": "Acme!"}, "--slug"),
        ({"slug": "a" * 51}, "--slug"),
        ({"name": " "}, "--name"),
        ({"name": "a\0b"}, "--name"),
        ({"timezone": "Mars/Base"}, "--timezone: Mars/Base is no IANA zone"),
        ({"currency": "gbp"}, "--currency: gbp is no ISO 4217 code"),
        ({"owner": "nobody"}, "--owner"),
        ({"password": ""}, "--password"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_made(transactional_db, change, said):
    with pytest.raises(CommandError, match=said):
        run("create_tenant", **{**TENANT, **change})

    assert (Tenant.objects.count(), User.objects.count()) == (0, 0)


def test_a_slug_is_taken_once(transactional_db):
    run("create_tenant", **TENANT)

    with pytest.raises(CommandError, match="--slug: a tenant 'acme' exists already"):
        run("create_tenant", **TENANT)


def test_a_key_stands_alone_on_the_last_line_and_works(acme):
    key = run("create_api_key", tenant="acme", name="shop", scopes="all").splitlines()[-1]

    assert ApiClient(key).get("/fx-rates").status_code == 200


def test_a_key_has_the_scopes_it_was_given(acme):
    key = run("create_api_key", tenant="acme", name="shop", scopes="contacts:read, analytics:read").splitlines()[-1]

    assert ApiClient(key).get("/fx-rates").status_code == 403


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tenant": "nowhere"}, "--tenant: there is no tenant 'nowhere'"),
        ({"name": ""}, "--name"),
        ({"scopes": "orders:read,fly"}, "--scopes: there is no scope fly"),
        ({"scopes": ","}, "--scopes: it is empty"),
    ],
)
def test_a_wrong_argument_for_a_key_is_named(acme, change, said):
    with pytest.raises(CommandError, match=said):
        run("create_api_key", **{"tenant": "acme", "name": "shop", "scopes": "all", **change})
