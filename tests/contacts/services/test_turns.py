"""Who syncs by `updated_at` misses nothing: it never goes back from one commit to the next."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection
from django.utils import timezone

from contacts.models import Contact
from contacts.services.identities import Person, match_contacts
from contacts.services.profiles import edit_contact
from tenants.context import lock_tenant_writes, tenant_transaction

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_call_that_waited_for_its_turn_is_not_older_than_the_one_before(acme):
    began = timezone.now() - timedelta(seconds=5)  # both calls began before either had its turn
    with tenant_transaction(acme.pk):
        lock_tenant_writes(tenant_id=acme.pk)
        people = [Person({"unionid": name}, name=name) for name in ("waits", "goes first")]
        matches = match_contacts(tenant=acme, people=people, create=True, at=began)
    waits, first = [match.contact_id or 0 for match in matches]
    holds, may_end = Event(), Event()

    def wait_and_edit():
        holds.wait(10)
        may_end.set()
        with tenant_transaction(acme.pk):
            edit_contact(tenant=acme, contact_id=waits, name="late", at=began)
        connection.close()

    thread = Thread(target=wait_and_edit)
    thread.start()
    with tenant_transaction(acme.pk):
        edit_contact(tenant=acme, contact_id=first, name="early", at=began)
        holds.set()
        may_end.wait(10)
    thread.join()

    with tenant_transaction(acme.pk):
        updated = dict(Contact.objects.for_tenant(acme).values_list("name", "updated_at"))
    assert began < updated["early"] < updated["late"]
