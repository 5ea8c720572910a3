"""What clients send about people and costs: one source for decoding, limits and the API's schema. Pure."""

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec

from contacts.incoming import Identities
from tenants.incoming import (
    Amount,
    Attributes,
    Currency,
    Day,
    ExternalId,
    Incoming,
    Instant,
    Slug,
    Text100,
    Text200,
)

Month = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)",
        extra={"code": "invalid_month", "detail": 'Send a month such as "2026-11".'},
    ),
]
Tags = Annotated[
    list[Text200],
    msgspec.Meta(
        max_length=100,
        description="Each `group/name`; added, never removed.",
        extra={"code": "too_many_tags", "detail": "Send at most 100 tags."},
    ),
]


class IncomingAcquired(Incoming, frozen=True):
    """How a contact came: with a time, a touch, never overwritten; without, it names the channel alone."""

    at: Instant | None = None
    channel: Slug | None = None
    live_code: Text100 | None = None


class IncomingContact(Incoming, frozen=True):
    """What a source knows of one person. With an older `updated_at` than held, name and attributes stay.

    Attributes are merged key by key; null removes one.
    """

    identities: Identities
    name: Text200 | None = None
    attributes: Attributes = {}
    tags: Tags = []
    acquired: IncomingAcquired | None = None
    updated_at: Instant | None = None


class ContactsBody(Incoming, frozen=True):
    """The body of `POST /contacts/bulk`."""

    contacts: list[IncomingContact]


class IncomingSpend(Incoming, frozen=True):
    """What a channel cost on a `date`, or in a `month` whose days are derived."""

    external_id: ExternalId
    channel: Slug
    amount: Amount
    currency: Currency
    date: Day | None = None
    month: Month | None = None
    kind: Literal["ads", "staff", "tools", "coupons", "prizes", "other"] = "ads"

    @property
    def first_day(self) -> "dt.date":
        """The day, or the month's first."""
        if self.date is not None:
            return self.date
        return dt.date.fromisoformat(f"{self.month}-01")


class SpendBody(Incoming, frozen=True):
    """The body of `POST /acquisition/spend/bulk`."""

    spend: list[IncomingSpend]


class ContactEdit(Incoming, frozen=True):
    """The body of `PATCH /contacts/{id}`. Attributes are merged key by key; null removes one."""

    name: Text200 | msgspec.UnsetType = msgspec.UNSET
    attributes: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ChannelEdit(Incoming, frozen=True):
    """The body of `PATCH /acquisition/channels/{id}`. `is_paid` null: if it has spend and is not organic."""

    name: Annotated[Text100, msgspec.Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET
    is_paid: bool | msgspec.UnsetType | None = msgspec.UNSET
