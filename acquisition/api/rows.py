"""How people, channels and costs are shown to REST clients. Money as decimal strings, times in UTC."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from acquisition.models import Channel, Spend, Touch
from contacts.models import Contact, ContactTag, Identity
from tenants.access import mask_phone
from tenants.money import to_string


class ContactRow(msgspec.Struct, frozen=True):
    """One contact of a list. `acquired_at`: the first touch, else purchase; its date: the tenant's.

    A brand manager's session gets phone numbers masked, here and among the identities.
    """

    id: int
    name: str
    phone: str
    email: str
    channel: str | None
    acquired_at: dt.datetime | None
    acquired_date: dt.date | None
    first_touch_at: dt.datetime | None
    first_purchase_at: dt.datetime | None
    attributes: dict[str, Any]
    tags: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime


class IdentityRow(msgspec.Struct, frozen=True):
    """What one system knows a contact by."""

    kind: str
    value: str
    created_at: dt.datetime


class TouchRow(msgspec.Struct, frozen=True):
    """A contact met a channel."""

    at: dt.datetime
    channel: str | None


class ContactDetail(ContactRow, frozen=True, kw_only=True):
    """One contact with its identities and touches."""

    identities: list[IdentityRow]
    touches: list[TouchRow]


class ChannelRow(msgspec.Struct, frozen=True):
    """One channel. `is_paid` is what somebody said; `counts_as_paid` what holds: said, else has spend."""

    id: int
    slug: str
    name: str
    is_paid: bool | None
    counts_as_paid: bool
    created_at: dt.datetime


class SpendRow(msgspec.Struct, frozen=True):
    """What a channel cost on a date, or in a month. `base_amount` is in the tenant's currency."""

    id: int
    external_id: str
    channel: str
    date: dt.date | None
    month: str | None
    kind: str
    amount: str
    currency: str
    base_amount: str
    created_at: dt.datetime
    updated_at: dt.datetime


def tag_names(carried: Iterable[ContactTag]) -> dict[int, list[str]]:
    """`group/name` of tags by contact."""
    names: dict[int, list[str]] = {}
    for row in carried:
        names.setdefault(row.contact_id, []).append(str(row.tag))
    return names


def contact_row(contact: Contact, *, tags: list[str], sees_full_phones: bool) -> ContactRow:
    """Show a contact in a list."""
    return ContactRow(**_contact_fields(contact, tags, sees_full_phones))


def contact_detail(
    contact: Contact,
    *,
    tags: list[str],
    identities: Iterable[Identity],
    touches: Iterable[Touch],
    sees_full_phones: bool,
) -> ContactDetail:
    """Show one contact whole."""
    return ContactDetail(
        **_contact_fields(contact, tags, sees_full_phones),
        identities=[_identity_row(row, sees_full_phones) for row in identities],
        touches=[TouchRow(row.happened_at, row.channel.slug if row.channel else None) for row in touches],
    )


def channel_row(channel: Any) -> ChannelRow:
    """Show a channel of `selectors.channels`."""
    return ChannelRow(
        channel.pk, channel.slug, channel.name, channel.is_paid, channel.counts_as_paid, channel.created_at
    )


def spend_row(row: Spend, *, base_currency: str) -> SpendRow:
    """Show one cost."""
    is_month = row.period == Spend.Period.MONTH
    return SpendRow(
        id=row.pk,
        external_id=row.external_id,
        channel=row.channel.slug,
        date=None if is_month else row.date,
        month=f"{row.date:%Y-%m}" if is_month else None,
        kind=row.kind,
        amount=to_string(row.amount_minor, row.currency),
        currency=row.currency,
        base_amount=to_string(row.base_amount_minor, base_currency),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _identity_row(row: Identity, sees_full_phones: bool) -> IdentityRow:
    is_masked = row.kind == "phone" and not sees_full_phones
    return IdentityRow(row.kind, mask_phone(row.value) if is_masked else row.value, row.created_at)


def _contact_fields(contact: Contact, tags: list[str], sees_full_phones: bool) -> dict[str, Any]:
    same = (
        "id name email acquired_at acquired_date first_touch_at first_purchase_at attributes created_at updated_at"
    ).split()
    channel: Channel | None = contact.channel
    return {name: getattr(contact, name) for name in same} | {
        "phone": contact.phone if sees_full_phones else mask_phone(contact.phone),
        "channel": channel and channel.slug,
        "tags": tags,
    }
