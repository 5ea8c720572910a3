"""People to tag and to ask: made quickly, each known by one union id."""

from typing import Any

from contacts.models import Change, TagMove
from contacts.services.identities import Person, match_contacts
from contacts.services.tag_catalogue import tag_ids
from contacts.tags import parse_tag
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT


def make_people(tenant: Any, *names: str) -> list[int]:
    """Contacts of these union ids; their ids."""
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        matches = match_contacts(tenant=tenant, people=[Person({"unionid": name}) for name in names], at=AT)
        Change.objects.for_tenant(tenant).delete()
    return [match.contact_id or 0 for match in matches]


def make_tags(tenant: Any, *names: str) -> list[int]:
    """Tags of these names; their ids."""
    with tenant_transaction(tenant.pk):
        lock_tenant_writes(tenant_id=tenant.pk)
        ids = tag_ids(tenant=tenant, names={parse_tag(name) for name in names})
    return [ids[parse_tag(name)] for name in names]


def changes(tenant: Any) -> list[tuple[int, str]]:
    """The change rows since, in order."""
    with tenant_transaction(tenant.pk):
        return list(Change.objects.for_tenant(tenant).order_by("pk").values_list("contact_id", "reason"))


def moves(tenant: Any) -> list[tuple[int, str, bool, str, str, str]]:
    """All tag moves: contact, name, whether it came, source, evidence, actor."""
    columns = ("contact_id", "name", "is_added", "source", "evidence", "actor")
    with tenant_transaction(tenant.pk):
        return list(TagMove.objects.for_tenant(tenant).order_by("pk").values_list(*columns))
