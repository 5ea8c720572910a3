"""People as other systems tell them: who they are, what is known, and how they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from acquisition.incoming import IncomingAcquired, IncomingContact
from acquisition.selectors import contacts_with_touch_channel
from acquisition.services.channels import ReservedSlug, channel_ids, refuse_reserved
from acquisition.services.touches import Touched, record_touches
from contacts.identities import clean_name, phone_region, read_identities
from contacts.models import ContactTag
from contacts.profiles import AttributesAreTooLarge, Told
from contacts.services.identities import Match, Person, match_contacts
from contacts.services.profiles import Outcome, ToldOf, tell_profiles
from contacts.services.tags import Tagging, add_tags
from contacts.tags import TagName, read_tags
from tenants.context import lock_tenant_writes
from tenants.incoming import Row
from tenants.models import Tenant
from tenants.results import FieldError, RowResult, Status

_NOBODY = IncomingAcquired()


@dataclass(frozen=True, slots=True)
class _Reading:
    """One row as understood: who it speaks of and with which tags, or what is wrong with it."""

    row: Row
    person: Person
    tags: tuple[TagName, ...]
    errors: tuple[FieldError, ...]

    @property
    def item(self) -> IncomingContact:
        item: IncomingContact = self.row.item
        return item

    @property
    def acquired(self) -> IncomingAcquired:
        return self.item.acquired or _NOBODY


class _TooLarge(Exception):
    """These rows would give their contacts too many attributes."""

    def __init__(self, readings: Sequence[_Reading], detail: str) -> None:
        super().__init__(detail)
        self.readings = readings

    def fault(self, reading: _Reading) -> FieldError:
        """What to say of one of the rows."""
        return FieldError(f"/contacts/{reading.row.index}/attributes", AttributesAreTooLarge.code, str(self))


def sync_contacts(*, tenant: Tenant, rows: Sequence[Row], actor: str = "", at: datetime) -> list[RowResult]:
    """Upsert contacts by their identities, as if one by one in this order.

    Identities, tags and touches are facts: they are added whatever the version of their row. Name, attributes
    and a channel without a time follow the newest version. Identities of several contacts are an error, and so
    are more attributes than a contact may have; of a row in error nothing is kept.

    Shape: one result per row, in order.
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    region = phone_region(timezone=tenant.timezone, currency=tenant.currency)
    readings = [_read(row, region) for row in rows]
    good = [reading for reading in readings if not reading.errors]
    results = {reading.row.index: _error(reading, reading.errors) for reading in readings if reading.errors}
    results |= _sync_good(tenant, good, actor, at)
    return [results[row.index] for row in rows]


def _sync_good(tenant: Tenant, good: Sequence[_Reading], actor: str, at: datetime) -> dict[int, RowResult]:
    """Match and tell; rows that would give a contact too many attributes are left out and the rest is done anew."""
    refused: dict[int, RowResult] = {}
    while True:
        try:
            with transaction.atomic():
                return refused | _match_and_tell(tenant, [r for r in good if r.row.index not in refused], actor, at)
        except _TooLarge as error:
            refused |= {reading.row.index: _error(reading, (error.fault(reading),)) for reading in error.readings}


def _match_and_tell(tenant: Tenant, good: Sequence[_Reading], actor: str, at: datetime) -> dict[int, RowResult]:
    people = [reading.person for reading in good]
    matches = match_contacts(tenant=tenant, people=people, fill_names=False, at=at)
    told = _tell(tenant, [(r, m) for r, m in zip(good, matches, strict=True) if m.contact_id], actor, at)
    return {r.row.index: told.get(r.row.index) or _error(r, (_conflict(r),)) for r in good}


def _tell(tenant: Tenant, known: Sequence[tuple[_Reading, Match]], actor: str, at: datetime) -> dict[int, RowResult]:
    """Record everything that the rows say of their contacts; results by row."""
    slugs = {reading.acquired.channel for reading, _match in known if reading.acquired.channel}
    channels = channel_ids(tenant=tenant, slugs=slugs)
    touched = _touch(tenant, known, channels, at)
    tagged = add_tags(
        tenant=tenant,
        rows=[Tagging(match.contact_id or 0, reading.tags) for reading, match in known],
        source=ContactTag.Source.IMPORT,
        actor=actor,
        at=at,
    )
    outcomes = _tell_profiles(tenant, known, channels, at)
    return {
        reading.row.index: RowResult(
            reading.row.index,
            None,
            _status(match, reading.row.index in touched or has_tags, outcome),
            match.contact_id,
        )
        for (reading, match), has_tags, outcome in zip(known, tagged, outcomes, strict=True)
    }


def _touch(tenant: Tenant, known: Sequence[tuple[_Reading, Match]], channels: dict[str, int], at: datetime) -> set[int]:
    """Record the touches; the rows that brought news."""
    rows = [
        (reading.row.index, Touched(match.contact_id, channels.get(reading.acquired.channel or ""), moment))
        for reading, match in known
        if match.contact_id and (moment := reading.acquired.at)
    ]
    news = record_touches(tenant=tenant, touches=[touch for _index, touch in rows], at=at)
    return {index for (index, _touch), is_news in zip(rows, news, strict=True) if is_news}


def _tell_profiles(
    tenant: Tenant, known: Sequence[tuple[_Reading, Match]], channels: dict[str, int], at: datetime
) -> list[Outcome]:
    rows = [ToldOf(match.contact_id or 0, _told(reading, channels)) for reading, match in known]
    naming = {row.contact_id for row in rows if row.told.channel_id}
    fixed = contacts_with_touch_channel(tenant=tenant, contact_ids=naming)
    try:
        return tell_profiles(tenant=tenant, rows=rows, has_touch_channel=fixed, at=at)
    except AttributesAreTooLarge as error:
        raise _TooLarge([known[position][0] for position in error.positions], str(error)) from None


def _told(reading: _Reading, channels: dict[str, int]) -> Told:
    item, acquired = reading.item, reading.acquired
    return Told(
        name=None if item.name is None else reading.person.name,
        attributes=item.attributes,
        channel_id=channels.get(acquired.channel or "") if acquired.at is None else None,
        version_at=item.updated_at,
    )


def _status(match: Match, has_news: bool, outcome: Outcome) -> Status:
    if match.is_new:
        return "created"
    return "updated" if has_news or match.is_known_better else outcome


def _read(row: Row, region: str | None) -> _Reading:
    item: IncomingContact = row.item
    identities, errors = read_identities(item.identities, region=region, pointer=f"/contacts/{row.index}/identities")
    tags, tag_errors = read_tags(item.tags, pointer=f"/contacts/{row.index}/tags")
    errors += tag_errors
    if item.acquired and item.acquired.live_code:
        pointer = f"/contacts/{row.index}/acquired/live_code"
        errors.append(FieldError(pointer, "unknown_live_code", _("There is no such live code.")))
    if item.acquired and item.acquired.channel:
        errors += _channel_faults(row.index, item.acquired.channel)
    return _Reading(row, Person(identities, clean_name(item.name or "")), tags, tuple(errors))


def _channel_faults(index: int, slug: str) -> list[FieldError]:
    try:
        refuse_reserved(slug)
    except ReservedSlug as error:
        return [FieldError(f"/contacts/{index}/acquired/channel", error.code, str(error))]
    return []


def _conflict(reading: _Reading) -> FieldError:
    pointer = f"/contacts/{reading.row.index}/identities"
    return FieldError(pointer, "identity_conflict", _("These identities belong to different contacts."))


def _error(reading: _Reading, errors: tuple[FieldError, ...]) -> RowResult:
    return RowResult(reading.row.index, None, "error", errors=errors)
