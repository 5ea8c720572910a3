"""Old news goes, fresh news stays, in every tenant."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from contacts import tasks
from contacts.models import Change, Contact
from contacts.services.changes import record_changes
from contacts.tasks import prune
from tenants.context import tenant_transaction

pytestmark = pytest.mark.django_db(transaction=True)
OLD = timedelta(days=8)


def tell(tenant, *ages):
    with tenant_transaction(tenant.pk):
        contact = Contact.objects.create(tenant=tenant, name="李")
        for age in ages:
            at = timezone.now() - age
            record_changes(tenant=tenant, contact_ids=[contact.pk], reason=Change.Reason.ORDER, at=at)


def kept(tenant):
    with tenant_transaction(tenant.pk):
        return Change.objects.for_tenant(tenant).count()


def test_prune_deletes_what_is_older_than_a_week(acme, globex):
    now = timezone.now()
    for tenant in (acme, globex):
        with tenant_transaction(tenant.pk):
            contact = Contact.objects.create(tenant=tenant, name="李")
            for age in (timedelta(days=8), timedelta(days=6)):
                record_changes(tenant=tenant, contact_ids=[contact.pk], reason=Change.Reason.ORDER, at=now - age)

    prune()

    for tenant in (acme, globex):
        with tenant_transaction(tenant.pk):
            kept = Change.objects.for_tenant(tenant).values_list("created_at", flat=True)
            assert list(kept) == [now - timedelta(days=6)]


def test_prune_goes_on_until_a_long_backlog_is_gone(acme, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    tell(acme, OLD, OLD, OLD, OLD, OLD, timedelta(days=6))

    prune()

    assert kept(acme) == 1


def test_one_tenants_trouble_stops_no_other(acme, globex, caplog):
    tell(acme, OLD)
    tell(globex, OLD)
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            reader.set_autocommit(False)
            cursor.execute(f"SET LOCAL app.tenant_id = '{acme.pk}'")
            cursor.execute("SELECT 1 FROM contacts_change FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")

        prune()
    finally:
        reader.close()
        connection.close()

    assert (kept(acme), kept(globex)) == (1, 0)
    assert [record.getMessage() for record in caplog.records] == [f"contacts.prune failed for tenant {acme.pk}"]
