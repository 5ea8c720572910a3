"""Editing a contact by hand."""

from typing import Any

import pytest

from contacts.models import Change, Contact
from contacts.services.identities import Person, match_contacts
from contacts.services.profiles import edit_contact
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact_id(acme: Any) -> int:
    with tenant_transaction(acme.pk):
        lock_tenant_writes(tenant_id=acme.pk)
        (match,) = match_contacts(tenant=acme, people=[Person({"unionid": "u"}, name="王明")], at=AT)
    return match.contact_id or 0


def edit(tenant: Any, pk: int, **told: Any) -> tuple[str, dict[str, Any], list[str]]:
    with tenant_transaction(tenant.pk):
        contact = edit_contact(tenant=tenant, contact_id=pk, at=AT, **told)
        reasons = Change.objects.for_tenant(tenant).order_by("pk").values_list("reason", flat=True)
        return contact.name, contact.attributes, list(reasons)


def test_edit_merges_attributes_and_tells_the_ticks(acme: Any, contact_id: int) -> None:
    edit(acme, contact_id, attributes={"city": "北京", "size": "M"})

    edited = edit(acme, contact_id, name=" 李\x00强 ", attributes={"city": None, "age": 3})

    assert edited == ("李 强", {"size": "M", "age": 3}, ["identity", "profile", "profile"])


def test_edit_that_changes_nothing_writes_nothing(acme: Any, contact_id: int) -> None:
    assert edit(acme, contact_id, name="王明", attributes={"gone": None}) == ("王明", {}, ["identity"])


def test_edit_of_another_tenants_contact_is_refused(globex: Any, contact_id: int) -> None:
    with tenant_transaction(globex.pk), pytest.raises(Contact.DoesNotExist):
        edit_contact(tenant=globex, contact_id=contact_id, name="x", at=AT)
