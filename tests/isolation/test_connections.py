"""A tenant's transaction ends with its block: on reused connections, after errors, in streams, in a second one."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from contacts.models import Contact
from tenants.context import (
    TenantContextMissing,
    TenantContextOpen,
    current_tenant_id,
    lock_tenant_writes,
    tenant_transaction,
)
from tenants.middleware import TenantMiddleware
from tests.cast import ApiClient
from tests.isolation.rows import fill

pytestmark = pytest.mark.django_db

ROUNDS = 50
THREADS = 8


class Injected(Exception):
    """An error in the middle of a request."""


def visible_tenants() -> set[int]:
    """The tenants whose contacts a query without a filter sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tenant_id FROM contacts_contact")
        return {row[0] for row in cursor.fetchall()}


def hurt(kind: str) -> None:
    """Break a transaction in one of the ways that requests break."""
    if kind == "python":
        raise Injected
    if kind == "sql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
    if kind == "timeout":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 2")
            cursor.execute("SELECT pg_sleep(1)")
    if kind == "savepoint":
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
        except DatabaseError:
            pass


def work(seed: int, tenants: list[int]) -> list[str]:
    """Alternate tenants on one connection, with errors; tell what was seen that should not be."""
    rng, wrong = random.Random(seed), []
    try:
        for number in range(ROUNDS):
            tenant = tenants[(seed + number) % 2]
            try:
                with tenant_transaction(tenant):
                    if visible_tenants() != {tenant}:
                        wrong.append(f"{tenant} saw {visible_tenants()}")
                    hurt(rng.choice(["", "", "python", "sql", "timeout", "savepoint"]))
                    if visible_tenants() != {tenant}:
                        wrong.append(f"{tenant} saw {visible_tenants()}")
            except (Injected, DatabaseError):
                pass
            if current_tenant_id() is not None or visible_tenants():
                wrong.append(f"after {tenant}: {current_tenant_id()} {visible_tenants()}")
    finally:
        connection.close()
    return wrong


def test_reused_connections_show_no_foreign_row(acme, globex):
    fill(acme)
    fill(globex)

    with ThreadPoolExecutor(THREADS) as pool:
        wrong = list(pool.map(lambda seed: work(seed, [acme.pk, globex.pk]), range(THREADS)))

    assert wrong == [[]] * THREADS


def test_a_session_wide_setting_would_leak_and_be_seen(acme, globex):
    fill(acme)

    with connection.cursor() as cursor:
        cursor.execute(f"SET app.tenant_id = '{acme.pk}'")
    leaked = visible_tenants()
    connection.close()

    assert leaked == {acme.pk}
    assert visible_tenants() == set()


def test_a_second_tenant_inside_a_context_is_refused(acme, globex):
    with tenant_transaction(acme.pk):
        for inner in (globex, acme):
            with pytest.raises(TenantContextOpen), tenant_transaction(inner.pk):
                pass
        assert current_tenant_id() == acme.pk

    assert current_tenant_id() is None


def test_a_context_inside_a_transaction_is_refused(acme):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), tenant_transaction(acme.pk):
        pass

    assert current_tenant_id() is None


def test_an_inner_rollback_leaves_the_tenant(acme, globex):
    fill(acme)
    fill(globex)

    with tenant_transaction(acme.pk):
        with pytest.raises(Injected), transaction.atomic():
            Contact.objects.for_tenant(acme).update(name="changed")
            raise Injected
        seen = visible_tenants()
        names = set(Contact.objects.for_tenant(acme).values_list("name", flat=True))

    assert seen == {acme.pk}
    assert names == {"canary-acme"}


def test_an_outer_error_leaves_nothing(acme):
    fill(acme)

    with pytest.raises(Injected), tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).update(name="changed")
        raise Injected

    with tenant_transaction(acme.pk):
        assert set(Contact.objects.for_tenant(acme).values_list("name", flat=True)) == {"canary-acme"}


def test_a_streamed_body_sees_nothing_unless_it_opens_its_own(acme, acme_key):
    fill(acme)

    def bare():
        yield repr(visible_tenants())

    def own():
        with tenant_transaction(acme.pk):
            yield repr(visible_tenants())

    bodies = []
    for body in (bare, own):
        request = RequestFactory().get("/api/v1/x", headers={"authorization": f"Bearer {acme_key}"})
        response: Any = TenantMiddleware(partial(_streamed, body))(request)
        bodies.append(b"".join(response.streaming_content).decode())

    assert bodies == [repr(set()), repr({acme.pk})]


def _streamed(body: Any, _: Any) -> Any:
    return StreamingHttpResponse(body())


def test_an_answer_of_400_or_more_writes_nothing(acme, acme_key):
    from django.http import HttpResponse

    fill(acme)

    def view(request):
        Contact.objects.for_tenant(acme).update(name=f"status {status}")
        return HttpResponse(status=status)

    names = []
    for status in (200, 302, 400, 404, 500):  # noqa: B007  (the view above reads it)
        request = RequestFactory().get("/api/v1/x", headers={"authorization": f"Bearer {acme_key}"})
        TenantMiddleware(view)(request)
        with tenant_transaction(acme.pk):
            names.append(Contact.objects.for_tenant(acme).get().name)

    assert names == ["status 200", "status 302", "status 302", "status 302", "status 302"]


def test_the_write_lock_is_for_the_open_tenant_only(acme, globex):
    with pytest.raises(TenantContextMissing):
        lock_tenant_writes(tenant_id=acme.pk)
    with tenant_transaction(acme.pk), pytest.raises(TenantContextMissing):
        lock_tenant_writes(tenant_id=globex.pk)


def test_requests_of_two_tenants_on_one_connection_see_their_own(acme_key, globex_key):
    clients = [ApiClient(acme_key), ApiClient(globex_key)]
    clients[0].post("/fx-rates/bulk", {"rates": [{"date": "2026-01-01", "currency": "USD", "rate": "2"}]})
    clients[1].post("/fx-rates/bulk", {"rates": [{"date": "2026-01-01", "currency": "EUR", "rate": "7"}]})

    seen = [[row["currency"] for row in clients[turn % 2].get("/fx-rates").json()["results"]] for turn in range(20)]

    assert seen == [["USD"], ["EUR"]] * 10
