"""What the rule builder offers to pick from, with how many people each choice has."""

from typing import Any

from django.db.models import Count

from acquisition.models import Channel
from contacts import selectors
from contacts.models import Contact, Tag
from segments.models import Segment
from tenants.models import Tenant


def pickers(*, tenant: Tenant, without_segment: int | None) -> dict[str, Any]:
    """Tags by group, channels, attributes and published segments (but for one), as plain values for the page."""
    return {
        "people": Contact.objects.for_tenant(tenant).count(),
        "tags": _tags(tenant),
        "channels": _channels(tenant),
        "attributes": [
            {"id": each.pk, "label": each.label, "kind": each.kind, "choices": each.choices}
            for each in selectors.attributes(tenant=tenant)
        ],
        "segments": _segments(tenant, without_segment),
    }


def _tags(tenant: Tenant) -> list[dict[str, Any]]:
    tags: list[Tag] = list(selectors.tags(tenant=tenant))
    people = selectors.tag_people(tenant=tenant, tag_ids=[tag.pk for tag in tags])
    groups: dict[str, list[dict[str, Any]]] = {}
    for tag in tags:
        groups.setdefault(tag.group.name, []).append({"id": tag.pk, "name": tag.name, "people": people.get(tag.pk, 0)})
    return [{"group": group, "tags": held} for group, held in groups.items()]


def _channels(tenant: Tenant) -> list[dict[str, Any]]:
    counted = Contact.objects.for_tenant(tenant).values("channel_id").annotate(people=Count("pk")).order_by()
    people = dict(counted.values_list("channel_id", "people"))
    channels = Channel.objects.for_tenant(tenant).order_by("name", "pk")
    named = [{"id": each.pk, "name": each.name, "people": people.get(each.pk, 0)} for each in channels]
    return [*named, {"id": None, "name": "", "people": people.get(None, 0)}]


def _segments(tenant: Tenant, without: int | None) -> list[dict[str, Any]]:
    live = Segment.objects.for_tenant(tenant).filter(state=Segment.State.PUBLISHED).exclude(pk=without)
    return [
        {"id": pk, "name": name, "people": size}
        for pk, name, size in live.order_by("name").values_list("pk", "name", "size")
    ]
