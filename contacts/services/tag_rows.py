"""Tags as a call's rows tell them: each row a contact and its tags, with a verdict each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from contacts.identities import phone_region, read_identities
from contacts.incoming import TaggedContact
from contacts.selectors.people import known_ids
from contacts.selectors.tag_lists import named_tags, tag_names
from contacts.services.identities import Match, Person, find_contacts
from contacts.services.tag_catalogue import tag_ids
from contacts.services.tags import Occasion, Pair, put_tags, take_tags
from contacts.tags import TagName, read_tags
from tenants.context import lock_tenant_writes
from tenants.incoming import Row
from tenants.models import Tenant
from tenants.results import FieldError, RowResult, first_claims


@dataclass(slots=True)
class _Reading:
    """One row as understood: whose tags, which, and what is wrong with it."""

    index: int
    item: TaggedContact
    person: Person
    tags: tuple[TagName, ...]
    errors: list[FieldError]
    contact_id: int = 0

    @property
    def pointer(self) -> str:
        return f"/contacts/{self.index}"

    def fault(self, step: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(self.pointer + step, code, detail))


def assign_tag_rows(*, tenant: Tenant, rows: Sequence[Row], occasion: Occasion) -> list[RowResult]:
    """Put tags on contacts row by row; tags named for the first time are made, contacts are not.

    Shape: one result per row, in order: `updated` where it brought a tag, else `unchanged`.
    """
    at = max(occasion.at, lock_tenant_writes(tenant_id=tenant.pk))
    readings = _readings(tenant, rows)
    good = [reading for reading in readings if not reading.errors]
    ids = tag_ids(tenant=tenant, names={name for reading in good for name in reading.tags})
    return _move(put_tags, tenant, readings, ids, occasion, at)


def remove_tag_rows(*, tenant: Tenant, rows: Sequence[Row], occasion: Occasion) -> list[RowResult]:
    """Take tags off contacts row by row; a name that is no tag yet is nobody's.

    Shape: one result per row, in order: `updated` where it took a tag, else `unchanged`.
    """
    at = max(occasion.at, lock_tenant_writes(tenant_id=tenant.pk))
    readings = _readings(tenant, rows)
    ids = named_tags(tenant=tenant, names={name for reading in readings for name in reading.tags})
    return _move(take_tags, tenant, readings, ids, occasion, at)


def _move(
    mover: Callable[..., set[Pair]],
    tenant: Tenant,
    readings: Sequence[_Reading],
    ids: Mapping[TagName, int],
    occasion: Occasion,
    at: datetime,
) -> list[RowResult]:
    good = [reading for reading in readings if not reading.errors]
    wanted = [
        {(r.contact_id, tag) for tag in (*r.item.tag_ids, *(ids[name] for name in r.tags if name in ids))} for r in good
    ]
    pairs: set[Pair] = set().union(*wanted)
    names = tag_names(tenant=tenant, tag_ids={tag for _contact, tag in pairs})
    moved = mover(tenant=tenant, pairs=pairs, names=names, occasion=replace(occasion, at=at))
    claims = dict(zip((r.index for r in good), first_claims(moved, wanted), strict=True))
    return [_result(reading, claims) for reading in readings]


def _result(reading: _Reading, claims: Mapping[int, bool]) -> RowResult:
    if reading.errors:
        return RowResult(reading.index, None, "error", errors=tuple(reading.errors))
    return RowResult(reading.index, None, "updated" if claims[reading.index] else "unchanged", reading.contact_id)


def _readings(tenant: Tenant, rows: Sequence[Row]) -> list[_Reading]:
    """The rows with their contacts found, or what is wrong with them."""
    region = phone_region(timezone=tenant.timezone, currency=tenant.currency)
    readings = [_read(row, region) for row in rows]
    told = {tag for reading in readings for tag in reading.item.tag_ids}
    tags = tag_names(tenant=tenant, tag_ids=told)
    ids = known_ids(tenant=tenant, contact_ids=[r.item.contact_id for r in readings if r.item.contact_id])
    matches = find_contacts(tenant=tenant, people=[reading.person for reading in readings])
    for reading, match in zip(readings, matches, strict=True):
        _find(reading, match, ids)
        for position, tag in enumerate(reading.item.tag_ids):
            if tag not in tags:
                reading.fault(f"/tag_ids/{position}", "unknown_tag", _("There is no such tag."))
    return readings


def _read(row: Row, region: str | None) -> _Reading:
    item: TaggedContact = row.item
    pointer = f"/contacts/{row.index}"
    tags, errors = read_tags(item.tags, pointer=f"{pointer}/tags")
    identities: dict[str, str] = {}
    if item.identities is not None:
        identities, faults = read_identities(item.identities, region=region, pointer=f"{pointer}/identities")
        errors += faults
    elif item.contact_id is None:
        errors.append(FieldError(f"{pointer}/contact_id", "required", _("Send contact_id or identities.")))
    if not item.tags and not item.tag_ids:
        errors.append(FieldError(f"{pointer}/tags", "required", _("Send tags or tag_ids.")))
    return _Reading(row.index, item, Person(identities), tags, errors)


def _find(reading: _Reading, match: Match, known: set[int]) -> None:
    """Settle whose tags a row's are: by our id, by identities, or by both."""
    contact_id = reading.item.contact_id
    if contact_id is not None and contact_id not in known:
        reading.fault("/contact_id", "unknown_contact", _("There is no such contact."))
    if reading.person.identities and match.contact_id is None:
        is_nobody = match.wait_reason == "no_match"
        said = _("Nobody is known by these.") if is_nobody else _("These identities belong to different contacts.")
        reading.fault("/identities", "unknown_contact" if is_nobody else "identity_conflict", said)
    elif match.contact_id and contact_id in known and match.contact_id != contact_id:
        reading.fault("/identities", "identity_conflict", _("These are another contact's than contact_id."))
    reading.contact_id = contact_id or match.contact_id or 0
