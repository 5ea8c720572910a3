"""People as other systems tell them: who they are, what is known, and how they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from acquisition.incoming import IncomingAcquired, IncomingContact
from acquisition.selectors import contacts_with_touch_channel
from acquisition.services.channels import channel_ids
from acquisition.services.touches import Touched, record_touches
from contacts.identities import InvalidIdentity, clean_name, normalise, phone_region
from contacts.models import ContactTag
from contacts.profiles import Told
from contacts.services.identities import Match, Person, match_contacts
from contacts.services.profiles import Outcome, ToldOf, tell_profiles
from contacts.services.tags import Tagging, add_tags
from contacts.tags import InvalidTag, TagName, parse_tag
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


def sync_contacts(*, tenant: Tenant, rows: Sequence[Row], at: datetime) -> list[RowResult]:
    """Upsert contacts by their identities, as if one by one in this order.

    Identities, tags and touches are facts: they are added whatever the version of their row. Name, attributes
    and a channel without a time follow the newest version. Identities of several contacts are an error.

    Shape: one result per row, in order.
    """
    lock_tenant_writes(tenant_id=tenant.pk)
    region = phone_region(timezone=tenant.timezone, currency=tenant.currency)
    readings = [_read(row, region) for row in rows]
    good = [reading for reading in readings if not reading.errors]
    people = [reading.person for reading in good]
    matches = match_contacts(tenant=tenant, people=people, fill_names=False, at=at)
    told = _tell(tenant, [(r, m) for r, m in zip(good, matches, strict=True) if m.contact_id], at)
    results = {reading.row.index: _error(reading, reading.errors) for reading in readings if reading.errors}
    for reading in good:
        results[reading.row.index] = told.get(reading.row.index) or _error(reading, (_conflict(reading),))
    return [results[row.index] for row in rows]


def _tell(tenant: Tenant, known: Sequence[tuple[_Reading, Match]], at: datetime) -> dict[int, RowResult]:
    """Record everything that the rows say of their contacts; results by row."""
    slugs = {reading.acquired.channel for reading, _match in known if reading.acquired.channel}
    channels = channel_ids(tenant=tenant, slugs=slugs)
    touched = _touch(tenant, known, channels, at)
    tagged = add_tags(
        tenant=tenant,
        rows=[Tagging(match.contact_id or 0, reading.tags) for reading, match in known],
        source=ContactTag.Source.IMPORT,
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
    return tell_profiles(tenant=tenant, rows=rows, has_touch_channel=fixed, at=at)


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
    errors: list[FieldError] = []
    identities = _identities(row, region, errors)
    tags = tuple(_tags(row, errors))
    if item.acquired and item.acquired.live_code:
        pointer = f"/contacts/{row.index}/acquired/live_code"
        errors.append(FieldError(pointer, "unknown_live_code", _("There is no such live code.")))
    return _Reading(row, Person(identities, clean_name(item.name or "")), tags, tuple(errors))


def _identities(row: Row, region: str | None, errors: list[FieldError]) -> dict[str, str]:
    """The row's identities in their one form; what is wrong with others is added to `errors`."""
    found: dict[str, str] = {}
    for kind, value in row.item.identities.items():
        if value is None:
            continue
        try:
            found[kind] = normalise(kind, value, region=region)
        except InvalidIdentity as error:
            step = kind.replace("~", "~0").replace("/", "~1")
            pointer = f"/contacts/{row.index}/identities/{step}"
            errors.append(FieldError(pointer, error.code, str(error)))
    if not found and not errors:
        pointer = f"/contacts/{row.index}/identities"
        errors.append(FieldError(pointer, "no_identity", _("Send at least one identity.")))
    return found


def _tags(row: Row, errors: list[FieldError]) -> list[TagName]:
    tags = []
    for position, text in enumerate(row.item.tags):
        try:
            tags.append(parse_tag(text))
        except InvalidTag:
            pointer = f"/contacts/{row.index}/tags/{position}"
            errors.append(FieldError(pointer, "invalid_tag", _("Write a tag as group/name.")))
    return tags


def _conflict(reading: _Reading) -> FieldError:
    pointer = f"/contacts/{reading.row.index}/identities"
    return FieldError(pointer, "identity_conflict", _("These identities belong to different contacts."))


def _error(reading: _Reading, errors: tuple[FieldError, ...]) -> RowResult:
    return RowResult(reading.row.index, None, "error", errors=errors)
