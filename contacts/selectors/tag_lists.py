"""Sentences about tags: which there are, how many people carry them, and what came and went lately."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from contacts.models import ContactTag, Tag, TagGroup
from contacts.tags import TagName
from tenants.models import Tenant

LATELY = timedelta(days=30)
# Parameters: tenant, since. Grain: a tag, by group and name. Columns: ids and names of tag and group, how many carry
# it, and how often it was put on and taken off since.
_SUMMARIES = """
SELECT t.id, t.name, g.id, g.name, coalesce(p.people, 0), m.added, m.removed
FROM contacts_tag t
JOIN contacts_taggroup g ON g.tenant_id = t.tenant_id AND g.id = t.group_id
LEFT JOIN (
    SELECT tag_id, count(*) AS people FROM contacts_contacttag
    WHERE tenant_id = (SELECT %(tenant)s::bigint) GROUP BY tag_id
) p ON p.tag_id = t.id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE is_added) AS added, count(*) FILTER (WHERE NOT is_added) AS removed
    FROM contacts_tagmove h
    WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.tag_id = t.id AND h.created_at > %(since)s
) m
WHERE t.tenant_id = (SELECT %(tenant)s::bigint)
ORDER BY g.name, t.name, t.id
"""


@dataclass(frozen=True, slots=True)
class TagSummary:
    """One tag: how many carry it, and how often it was put on and taken off in the last 30 days."""

    id: int
    name: str
    group_id: int
    group: str
    people: int
    added: int
    removed: int


def tags(*, tenant: Tenant) -> QuerySet[Tag]:
    """The tenant's tags with their groups, by group and name."""
    rows: QuerySet[Tag] = Tag.objects.for_tenant(tenant)
    return rows.select_related("group").order_by("group__name", "name")


def tag_groups(*, tenant: Tenant) -> QuerySet[Any]:
    """The tenant's tag groups by name, each with its number of `tags` (`tag_count`)."""
    rows: QuerySet[Any] = TagGroup.objects.for_tenant(tenant).annotate(tag_count=Count("tags"))
    return rows.order_by("name")


def tag_summaries(*, tenant: Tenant, at: datetime) -> list[TagSummary]:
    """Every tag by group and name, in one statement; an empty group has none."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARIES, {"tenant": tenant.pk, "since": at - LATELY})
        return [TagSummary(*row) for row in cursor.fetchall()]


def tag_people(*, tenant: Tenant, tag_ids: Collection[int]) -> dict[int, int]:
    """How many contacts carry each of these tags; a tag that nobody carries is left out."""
    carried = ContactTag.objects.for_tenant(tenant).filter(tag_id__in=tag_ids)
    return dict(carried.values("tag_id").annotate(people=Count("pk")).order_by().values_list("tag_id", "people"))


def named_tags(*, tenant: Tenant, names: Collection[TagName]) -> dict[TagName, int]:
    """The ids of tags by name; one that the tenant does not have is left out."""
    held = Tag.objects.for_tenant(tenant).filter(
        group__name__in={name.group for name in names}, name__in={name.name for name in names}
    )
    ids = {TagName(group, name): pk for pk, group, name in held.values_list("pk", "group__name", "name")}
    return {name: ids[name] for name in names if name in ids}


def tag_names(*, tenant: Tenant, tag_ids: Iterable[int]) -> dict[int, str]:
    """Tags by id as people write them, `group/name`; ids that the tenant does not have are left out."""
    held = Tag.objects.for_tenant(tenant).filter(pk__in=set(tag_ids)).select_related("group")
    return {tag.pk: str(tag) for tag in held}
