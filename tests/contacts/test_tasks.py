"""Old news goes, fresh news stays, in every tenant."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Change, Contact
from contacts.services.changes import record_changes
from contacts.tasks import prune
from tenants.context import tenant_transaction

pytestmark = pytest.mark.django_db(transaction=True)


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
