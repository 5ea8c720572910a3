"""A tag put on, or taken off, everybody whom a list's filters find: by a job, however many they are."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from contacts.models import ContactTag
from contacts.selectors import tag_names
from contacts.services.tags import assign_tags, remove_tags
from scrm.contact_lists.filters import ListFilters, count_found, found_before, read_filters
from tenants.jobs import Slice
from tenants.models import Job, Tenant
from tenants.services.jobs import Requester, ask_for_job

KIND = "contacts.tag"
# a slice has the tenant's turn to write: as many rows as a call may bring
SLICE = 1_000
Move = Literal["put", "take"]
MOVES: Mapping[Move, Callable[..., int]] = {"put": assign_tags, "take": remove_tags}


class NoSuchTag(Exception):
    """The tenant has no tag of this id."""


def ask_for_tagging(
    *, tenant: Tenant, filters: ListFilters, move: Move, tag_id: int, requester: Requester, at: datetime
) -> Job:
    """Let a worker move a tag of everybody whom the filters find when it comes to them.

    Raises: NoSuchTag
    """
    names = tag_names(tenant=tenant, tag_ids=[tag_id])
    if tag_id not in names:
        raise NoSuchTag
    kept = {"filters": msgspec.to_builtins(filters), "move": move, "tag": tag_id, "name": names[tag_id]}
    return ask_for_job(tenant=tenant, kind=KIND, parameters=kept, requester=requester, at=at)


class ContactTagging:
    """The job; it counts as `moved` who had not, or had, the tag."""

    def total(self, *, tenant: Tenant, job: Job) -> int:
        return count_found(tenant=tenant, filters=read_filters(job.parameters["filters"]))

    def slice(self, *, tenant: Tenant, job: Job, at: datetime) -> Slice:
        filters = read_filters(job.parameters["filters"])
        found = found_before(tenant=tenant, filters=filters, before=job.place)
        ids = list(found.values_list("pk", flat=True)[:SLICE])
        moved = MOVES[job.parameters["move"]](
            tenant=tenant,
            contact_ids=ids,
            tags=[job.parameters["tag"]],
            source=ContactTag.Source.HAND,
            actor=job.actor,
            at=at,
        )
        return Slice(done=len(ids), place=ids[-1] if len(ids) == SLICE else None, counts={"moved": moved})
