"""Putting tags on contacts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from contacts.models import ContactTag, Tag, TagGroup
from contacts.tags import TagName
from tenants.models import Tenant

# parameters: tenant, source, at, contacts and tags (same length); columns: contact, tag of new rows alone
_PUT = """
INSERT INTO contacts_contacttag (tenant_id, contact_id, tag_id, source, evidence, created_at)
SELECT %(tenant)s, r.contact, r.tag, %(source)s, '', %(at)s
FROM unnest(%(contacts)s::bigint[], %(tags)s::bigint[]) AS r(contact, tag)
ON CONFLICT DO NOTHING
RETURNING contact_id, tag_id
"""


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for one contact."""

    contact_id: int
    tags: tuple[TagName, ...]


def add_tags(*, tenant: Tenant, rows: Sequence[Tagging], source: ContactTag.Source, at: datetime) -> list[bool]:
    """Put tags on contacts, making tags and groups on first use; what is there stays.

    Shape: for each row, in order, whether it put a tag that was not there.
    """
    ids = tag_ids(tenant=tenant, names={name for row in rows for name in row.tags})
    wanted = sorted({(row.contact_id, ids[name]) for row in rows for name in row.tags})
    if not wanted:
        return [False] * len(rows)
    contacts, tags = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "tenant": tenant.pk,
                "source": str(source),
                "at": at,
                "contacts": list(contacts),
                "tags": list(tags),
            },
        )
        new = set(cursor.fetchall())
    return [_claim(new, ((row.contact_id, ids[name]) for name in row.tags)) for row in rows]


def tag_ids(*, tenant: Tenant, names: Collection[TagName]) -> dict[TagName, int]:
    """The ids of tags, made with their groups on first use. Called under `lock_tenant_writes`."""
    if not names:
        return {}
    groups = _groups(tenant, {name.group for name in names})
    held = Tag.objects.for_tenant(tenant).filter(group_id__in=groups.values(), name__in={n.name for n in names})
    ids = {(group_id, name): pk for pk, group_id, name in held.values_list("pk", "group_id", "name")}
    keys = {name: (groups[name.group], name.name) for name in sorted(names)}
    missing = [
        Tag(tenant=tenant, group_id=group, name=name) for group, name in keys.values() if (group, name) not in ids
    ]
    ids.update({(tag.group_id, tag.name): tag.pk for tag in Tag.objects.bulk_create(missing)})
    return {name: ids[key] for name, key in keys.items()}


def _groups(tenant: Tenant, names: Collection[str]) -> dict[str, int]:
    held = TagGroup.objects.for_tenant(tenant).filter(name__in=names)
    ids: dict[str, int] = dict(held.values_list("name", "pk"))
    made = TagGroup.objects.bulk_create([TagGroup(tenant=tenant, name=name) for name in sorted(set(names) - set(ids))])
    return ids | {group.name: group.pk for group in made}


def _claim(new: set[tuple[int, int]], pairs: Iterable[tuple[int, int]]) -> bool:
    """Whether this row is the first to bring one of the new pairs; the pairs it brings are taken out."""
    mine = new & set(pairs)
    new -= mine
    return bool(mine)
