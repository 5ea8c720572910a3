"""Putting tags on contacts and taking them off: each move is kept, and the ticks above are told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from contacts.models import Change, ContactTag
from contacts.selectors.people import known_ids
from contacts.selectors.tag_lists import tag_names
from contacts.services.changes import record_changes
from contacts.services.tag_catalogue import tag_ids
from contacts.tags import TagName
from tenants.context import lock_tenant_writes
from tenants.models import Tenant
from tenants.results import first_claims

Pair = tuple[int, int]

# Parameters of both: tenant, contacts and tags (same length, one pair each), names ({tag: group/name}), source,
# evidence, actor, at. Columns: contact, tag of the pairs that moved.
_PUT = """
WITH put AS (
    INSERT INTO contacts_contacttag (tenant_id, contact_id, tag_id, source, evidence, created_at)
    SELECT %(tenant)s, r.contact, r.tag, %(source)s, %(evidence)s, %(at)s
    FROM unnest(%(contacts)s::bigint[], %(tags)s::bigint[]) AS r(contact, tag)
    ON CONFLICT DO NOTHING
    RETURNING contact_id, tag_id
), told AS (
    INSERT INTO contacts_tagmove (tenant_id, contact_id, tag_id, name, is_added, source, evidence, actor, created_at)
    SELECT %(tenant)s, contact_id, tag_id, %(names)s::jsonb ->> tag_id::text, true, %(source)s, %(evidence)s,
           %(actor)s, %(at)s
    FROM put
)
SELECT contact_id, tag_id FROM put
"""
_TAKE = """
WITH gone AS (
    DELETE FROM contacts_contacttag x
    WHERE x.tenant_id = (SELECT %(tenant)s::bigint) AND x.ctid = ANY(ARRAY(
        SELECT h.ctid FROM unnest(%(contacts)s::bigint[], %(tags)s::bigint[]) AS k(contact, tag)
        CROSS JOIN LATERAL (
            SELECT h.ctid FROM contacts_contacttag h
            WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.tag_id = k.tag AND h.contact_id = k.contact
            OFFSET 0) h))
    RETURNING contact_id, tag_id
), told AS (
    INSERT INTO contacts_tagmove (tenant_id, contact_id, tag_id, name, is_added, source, evidence, actor, created_at)
    SELECT %(tenant)s, contact_id, tag_id, %(names)s::jsonb ->> tag_id::text, false, %(source)s, %(evidence)s,
           %(actor)s, %(at)s
    FROM gone
)
SELECT contact_id, tag_id FROM gone
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why tags move: where it comes from, what shows it, who does it and when."""

    source: ContactTag.Source | str
    evidence: str = ""
    actor: str = ""
    at: datetime


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for one contact."""

    contact_id: int
    tags: tuple[TagName, ...]


def assign_tags(
    *,
    tenant: Tenant,
    contact_ids: Iterable[int],
    tags: Iterable[int],
    source: ContactTag.Source | str,
    evidence: str = "",
    actor: str = "",
    at: datetime,
) -> int:
    """Put each of these tags on each of these contacts; how many contacts got one that they had not.

    Ids of contacts and tags that the tenant does not have are passed over.
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    names = tag_names(tenant=tenant, tag_ids=tags)
    pairs = {(contact, tag) for contact in known_ids(tenant=tenant, contact_ids=contact_ids) for tag in names}
    occasion = Occasion(source=source, evidence=evidence, actor=actor, at=at)
    return len({contact for contact, _tag in put_tags(tenant=tenant, pairs=pairs, names=names, occasion=occasion)})


def remove_tags(
    *,
    tenant: Tenant,
    contact_ids: Iterable[int],
    tags: Iterable[int],
    source: ContactTag.Source | str,
    evidence: str = "",
    actor: str = "",
    at: datetime,
) -> int:
    """Take each of these tags off each of these contacts; how many contacts had one."""
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    names = tag_names(tenant=tenant, tag_ids=tags)
    pairs = {(contact, tag) for contact in contact_ids for tag in names}
    occasion = Occasion(source=source, evidence=evidence, actor=actor, at=at)
    return len({contact for contact, _tag in take_tags(tenant=tenant, pairs=pairs, names=names, occasion=occasion)})


def add_tags(
    *, tenant: Tenant, rows: Sequence[Tagging], source: ContactTag.Source | str, actor: str = "", at: datetime
) -> list[bool]:
    """Put tags on contacts, making tags and groups on first use; what is there stays. Under `lock_tenant_writes`.

    Shape: for each row, in order, whether it put a tag that was not there.
    """
    ids = tag_ids(tenant=tenant, names={name for row in rows for name in row.tags})
    wanted = [{(row.contact_id, ids[name]) for name in row.tags} for row in rows]
    names = {ids[name]: str(name) for name in ids}
    occasion = Occasion(source=source, actor=actor, at=at)
    new = put_tags(tenant=tenant, pairs=set().union(*wanted), names=names, occasion=occasion)
    return first_claims(new, wanted)


def put_tags(*, tenant: Tenant, pairs: Collection[Pair], names: Mapping[int, str], occasion: Occasion) -> set[Pair]:
    """Put tags on contacts of the tenant, given as (contact, tag); the pairs that were not there.

    Under `lock_tenant_writes`. `names`: of these tags, with their groups.
    """
    return _move(_PUT, tenant, pairs, names, occasion)


def take_tags(*, tenant: Tenant, pairs: Collection[Pair], names: Mapping[int, str], occasion: Occasion) -> set[Pair]:
    """Take tags off contacts, given as (contact, tag); the pairs that were there. As `put_tags`."""
    return _move(_TAKE, tenant, pairs, names, occasion)


def _move(
    statement: str, tenant: Tenant, pairs: Collection[Pair], names: Mapping[int, str], occasion: Occasion
) -> set[Pair]:
    if not pairs:
        return set()
    contacts, tags = zip(*sorted(pairs), strict=True)
    parameters: dict[str, Any] = {
        "tenant": tenant.pk,
        "contacts": list(contacts),
        "tags": list(tags),
        "names": msgspec.json.encode({str(tag): name for tag, name in names.items()}).decode(),
        "source": str(occasion.source),
        "evidence": occasion.evidence,
        "actor": occasion.actor,
        "at": occasion.at,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        moved: set[Pair] = set(cursor.fetchall())
    contact_ids = {contact for contact, _tag in moved}
    record_changes(tenant=tenant, contact_ids=contact_ids, reason=Change.Reason.TAG, at=occasion.at)
    return moved
