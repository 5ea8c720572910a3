"""The tags that there are, and their groups: made, renamed, deleted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.models import Change, ContactTag, Tag, TagGroup
from contacts.tags import TagName, clean_group, clean_name
from tenants.context import lock_tenant_writes
from tenants.models import Tenant
from tenants.services.audit import record_act

# A tag leaves everybody who carries it: their moves and change rows. Parameters: tenant, tag, name, source, actor,
# at, reason.
_CLEAR = """
WITH gone AS (
    DELETE FROM contacts_contacttag
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND tag_id = %(tag)s RETURNING contact_id
), told AS (
    INSERT INTO contacts_tagmove (tenant_id, contact_id, tag_id, name, is_added, source, evidence, actor, created_at)
    SELECT %(tenant)s, contact_id, %(tag)s, %(name)s, false, %(source)s, '', %(actor)s, %(at)s FROM gone
)
INSERT INTO contacts_change (tenant_id, contact_id, reason, created_at)
SELECT %(tenant)s, contact_id, %(reason)s, %(at)s FROM gone ORDER BY contact_id
"""


class UnknownTagGroup(Exception):
    """The tenant has no such group to put a tag in."""


class NameIsTaken(Exception):
    """Another group of the tenant, or another tag of the group, has this name."""


class TagGroupHasTags(Exception):
    """Only an empty group can be deleted."""


def create_tag_group(*, tenant: Tenant, name: str, actor: str, at: datetime) -> TagGroup:
    """Make a group.

    Raises: InvalidTag, NameIsTaken
    """
    at, name = max(at, lock_tenant_writes(tenant_id=tenant.pk)), clean_group(name)
    _refuse_taken(TagGroup.objects.for_tenant(tenant).filter(name=name))
    group: TagGroup = TagGroup.objects.create(tenant=tenant, name=name)
    record_act(tenant=tenant, at=at, actor=actor, act="taggroup.created", target=name)
    return group


def rename_tag_group(*, tenant: Tenant, group_id: int, name: str, actor: str, at: datetime) -> TagGroup:
    """Rename a group.

    Raises: TagGroup.DoesNotExist, InvalidTag, NameIsTaken
    """
    at, name = max(at, lock_tenant_writes(tenant_id=tenant.pk)), clean_group(name)
    group: TagGroup = TagGroup.objects.for_tenant(tenant).get(pk=group_id)
    if name == group.name:
        return group
    _refuse_taken(TagGroup.objects.for_tenant(tenant).filter(name=name))
    TagGroup.objects.for_tenant(tenant).filter(pk=group_id).update(name=name)
    group.name = name
    record_act(tenant=tenant, at=at, actor=actor, act="taggroup.changed", target=name, fields=["name"])
    return group


def delete_tag_group(*, tenant: Tenant, group_id: int, actor: str, at: datetime) -> None:
    """Delete a group that has no tags.

    Raises: TagGroup.DoesNotExist, TagGroupHasTags
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    group: TagGroup = TagGroup.objects.for_tenant(tenant).get(pk=group_id)
    if Tag.objects.for_tenant(tenant).filter(group=group).exists():
        raise TagGroupHasTags
    TagGroup.objects.for_tenant(tenant).filter(pk=group_id).delete()
    record_act(tenant=tenant, at=at, actor=actor, act="taggroup.deleted", target=group.name)


def create_tag(*, tenant: Tenant, group_id: int, name: str, actor: str, at: datetime) -> Tag:
    """Make a tag in a group.

    Raises: UnknownTagGroup, InvalidTag, NameIsTaken
    """
    at, name = max(at, lock_tenant_writes(tenant_id=tenant.pk)), clean_name(name)
    group = _group(tenant, group_id)
    _refuse_taken(Tag.objects.for_tenant(tenant).filter(group=group, name=name))
    tag: Tag = Tag.objects.create(tenant=tenant, group=group, name=name)
    record_act(tenant=tenant, at=at, actor=actor, act="tag.created", target=str(tag))
    return tag


def edit_tag(
    *, tenant: Tenant, tag_id: int, name: str | None = None, group_id: int | None = None, actor: str, at: datetime
) -> Tag:
    """Rename a tag, or move it to another group; who carries it keeps it.

    Raises: Tag.DoesNotExist, UnknownTagGroup, InvalidTag, NameIsTaken
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    tag: Tag = Tag.objects.for_tenant(tenant).select_related("group").get(pk=tag_id)
    told: dict[str, Any] = {"name": tag.name if name is None else clean_name(name), "group": tag.group}
    if group_id is not None:
        told["group"] = _group(tenant, group_id)
    changed = [field for field, value in told.items() if value != getattr(tag, field)]
    if not changed:
        return tag
    _refuse_taken(Tag.objects.for_tenant(tenant).filter(**told))
    Tag.objects.for_tenant(tenant).filter(pk=tag_id).update(**told)
    tag.name, tag.group = told["name"], told["group"]
    record_act(tenant=tenant, at=at, actor=actor, act="tag.changed", target=str(tag), fields=changed)
    return tag


def delete_tag(*, tenant: Tenant, tag_id: int, actor: str, at: datetime) -> None:
    """Delete a tag, and take it off everybody who carries it; their moves stay, under the name it had.

    Raises: Tag.DoesNotExist
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    tag: Tag = Tag.objects.for_tenant(tenant).select_related("group").get(pk=tag_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLEAR,
            {
                "tenant": tenant.pk,
                "tag": tag_id,
                "name": str(tag),
                "source": ContactTag.Source.HAND.value,
                "actor": actor,
                "at": at,
                "reason": Change.Reason.TAG.value,
            },
        )
    Tag.objects.for_tenant(tenant).filter(pk=tag_id).delete()
    record_act(tenant=tenant, at=at, actor=actor, act="tag.deleted", target=str(tag))


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


def _group(tenant: Tenant, group_id: int) -> TagGroup:
    group: TagGroup | None = TagGroup.objects.for_tenant(tenant).filter(pk=group_id).first()
    if group is None:
        raise UnknownTagGroup
    return group


def _refuse_taken(holders: Any) -> None:
    if holders.exists():
        raise NameIsTaken
