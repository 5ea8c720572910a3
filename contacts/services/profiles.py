"""Changing what is kept of contacts: name, attributes, and the channel that somebody names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec
from django.db import connection

from contacts import identities
from contacts.models import Change, Contact
from contacts.profiles import AttributesAreTooLarge, Profile, Told, are_too_large, is_stale, merge, merge_attributes
from contacts.services.attribute_values import refresh_values
from contacts.services.changes import record_changes
from contacts.services.search import refresh_tokens
from tenants.context import lock_tenant_writes
from tenants.models import Tenant

Outcome = Literal["updated", "unchanged", "stale"]
_Judged = Outcome | Literal["too_large"]

# parameters: tenant, at, rows = [{id, name, attributes, channel, version}]
_WRITE = """
UPDATE contacts_contact c
SET name = r.name, attributes = r.attributes, channel_id = r.channel, version_at = r.version,
    updated_at = %(at)s
FROM json_to_recordset(%(rows)s::json)
    AS r(id bigint, name text, attributes jsonb, channel bigint, version timestamptz)
WHERE c.tenant_id = %(tenant)s AND c.id = r.id
"""


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What was told of one contact."""

    contact_id: int
    told: Told


def tell_profiles(
    *, tenant: Tenant, rows: Sequence[ToldOf], has_touch_channel: Collection[int] = (), at: datetime
) -> list[Outcome]:
    """Tell contacts what a source says of them, as if one by one in this order. Under `lock_tenant_writes`.

    An older version changes nothing. A channel never replaces one given by a touch (`has_touch_channel`).

    Shape: one outcome per row, in order.
    Raises: AttributesAreTooLarge, with the positions of all such rows; nothing is written then
    """
    before = _profiles(tenant, {row.contact_id for row in rows})
    now = dict(before)
    outcomes = _accepted([_tell_one(row, now, row.contact_id in has_touch_channel) for row in rows])
    changed = {contact: profile for contact, profile in now.items() if profile != before[contact]}
    _write(tenant, changed, at)
    said = {c: new.attributes for c, new in changed.items() if new.attributes != before[c].attributes}
    refresh_values(tenant=tenant, told=said)
    refresh_tokens(tenant=tenant, contact_ids=[c for c, new in changed.items() if new.name != before[c].name])
    moved = [c for c, new in changed.items() if new.channel_id != before[c].channel_id]
    told = [c for c, new in changed.items() if _shown(new) != _shown(before[c])]
    record_changes(tenant=tenant, contact_ids=moved, reason=Change.Reason.TOUCH, at=at)
    record_changes(tenant=tenant, contact_ids=told, reason=Change.Reason.PROFILE, at=at)
    return outcomes


def edit_contact(
    *,
    tenant: Tenant,
    contact_id: int,
    name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    at: datetime,
) -> Contact:
    """Change a contact's name, and its attributes key by key (null removes); return it as it is then.

    Raises: Contact.DoesNotExist, AttributesAreTooLarge
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    contact: Contact = Contact.objects.for_tenant(tenant).get(pk=contact_id)
    new_name = contact.name if name is None else identities.clean_name(name)
    merged = merge_attributes(contact.attributes, attributes or {})
    if (new_name, merged) == (contact.name, contact.attributes):
        return contact
    is_renamed, has_news = new_name != contact.name, merged != contact.attributes
    if has_news and are_too_large(merged):
        raise AttributesAreTooLarge
    contact.name, contact.attributes, contact.updated_at = new_name, merged, at
    Contact.objects.for_tenant(tenant).filter(pk=contact_id).update(name=new_name, attributes=merged, updated_at=at)
    if has_news:
        refresh_values(tenant=tenant, told={contact_id: merged})
    if is_renamed:
        refresh_tokens(tenant=tenant, contact_ids=[contact_id])
    record_changes(tenant=tenant, contact_ids=[contact_id], reason=Change.Reason.PROFILE, at=at)
    return contact


def _tell_one(row: ToldOf, now: dict[int, Profile], has_touch_channel: bool) -> _Judged:
    held = now[row.contact_id]
    told = replace(row.told, channel_id=None) if has_touch_channel else row.told
    if is_stale(held, told):
        return "stale"
    merged = merge(held, told)
    if merged.attributes != held.attributes and are_too_large(merged.attributes):
        return "too_large"
    now[row.contact_id] = merged
    return "updated" if merged != held else "unchanged"


def _accepted(judged: Sequence[_Judged]) -> list[Outcome]:
    refused = frozenset(position for position, verdict in enumerate(judged) if verdict == "too_large")
    if refused:
        raise AttributesAreTooLarge(positions=refused)
    return [verdict for verdict in judged if verdict != "too_large"]


def _shown(profile: Profile) -> tuple[str, Mapping[str, Any]]:
    return profile.name, profile.attributes


def _profiles(tenant: Tenant, ids: Collection[int]) -> dict[int, Profile]:
    rows = Contact.objects.for_tenant(tenant).filter(pk__in=ids)
    return {
        pk: Profile(name, attributes, channel_id, version_at)
        for pk, name, attributes, channel_id, version_at in rows.values_list(
            "pk", "name", "attributes", "channel_id", "version_at"
        )
    }


def _write(tenant: Tenant, changed: Mapping[int, Profile], at: datetime) -> None:
    if not changed:
        return
    rows = [
        {
            "id": contact_id,
            "name": profile.name,
            "attributes": profile.attributes,
            "channel": profile.channel_id,
            "version": profile.version_at,
        }
        for contact_id, profile in changed.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"tenant": tenant.pk, "at": at, "rows": msgspec.json.encode(rows).decode()})
