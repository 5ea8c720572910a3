"""Sentences about people: who is in the list, who is found by a text, what one is known by."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex

from contacts import tokens
from contacts.identities import InvalidIdentity, normalise, phone_region
from contacts.models import Contact, ContactTag, ContactToken, Identity, Tag
from contacts.tags import TagName
from tenants.models import Tenant

Contacts = QuerySet[Contact]
NO_CHANNEL = "unattributed"
# Parameters: tenant, ids (each once). Grain: a contact that is there.
_KNOWN = """
SELECT k.id FROM unnest(%(ids)s::bigint[]) AS k(id)
CROSS JOIN LATERAL (
    SELECT FROM contacts_contact h WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.id = k.id OFFSET 0) h
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilters:
    """What a list is narrowed to; `channel`: a slug or `NO_CHANNEL`. Days are the tenant's, both included.

    `among`: a query of contact ids, such as those of a segment.
    """

    text: str = ""
    tag: TagName | None = None
    channel: str | None = None
    acquired_from: date | None = None
    acquired_to: date | None = None
    among: QuerySet[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A contact's place in a list: what comes after it is the next page."""

    acquired_at: datetime | None
    id: int


@dataclass(frozen=True, slots=True)
class ContactRows:
    """One page of contacts, and where the next one begins (None at the end)."""

    contacts: list[Contact]
    next: Place | None


def contact_list(*, tenant: Tenant, filters: ContactFilters) -> Contacts:
    """The contacts that meet every filter, unordered."""
    found = search_contacts(tenant=tenant, text=filters.text) if filters.text else _all(tenant)
    if filters.channel:
        found = found.filter(_in_channel(tenant, filters.channel))
    if filters.tag:
        carriers = ContactTag.objects.for_tenant(tenant).filter(tag_id=_tag_id(tenant, filters.tag))
        found = found.filter(pk__in=carriers.values("contact_id"))
    if filters.among is not None:
        found = found.filter(pk__in=filters.among)
    days = {"acquired_date__gte": filters.acquired_from, "acquired_date__lte": filters.acquired_to}
    return found.filter(**{field: day for field, day in days.items() if day})


def list_ordering(filters: ContactFilters) -> tuple[str, ...]:
    """How a list is ordered: newest acquisition first; what a text finds, the newest contact first."""
    return ("-id",) if filters.text else ("-acquired_at", "-id")


def contact_rows(
    *, tenant: Tenant, filters: ContactFilters, cursor: Place | None = None, limit: int = 50
) -> ContactRows:
    """One page of the list with channels, newest acquisition first and who was never acquired last; what a text finds,
    the newest contact first.
    """
    rows = contact_list(tenant=tenant, filters=filters).select_related("channel")
    found: list[Contact] = []
    for part in _by_newest_id(rows, cursor) if filters.text else _by_acquisition(rows, cursor):
        if len(found) <= limit:
            found += part[: limit + 1 - len(found)]
    last = found[limit - 1] if len(found) > limit else None
    return ContactRows(found[:limit], Place(last.acquired_at, last.pk) if last else None)


def _by_newest_id(rows: Contacts, cursor: Place | None) -> list[Contacts]:
    rows = rows.order_by("-id")
    return [rows if cursor is None else rows.filter(pk__lt=cursor.id)]


def _by_acquisition(rows: Contacts, cursor: Place | None) -> list[Contacts]:
    """Two parts, each in the order of an index."""
    acquired = rows.filter(acquired_at__isnull=False).order_by("-acquired_at", "-id")
    never = rows.filter(acquired_at__isnull=True).order_by("-id")
    if cursor is None:
        return [acquired, never]
    if cursor.acquired_at is None:
        return [never.filter(pk__lt=cursor.id)]
    earlier = Q(acquired_at__lt=cursor.acquired_at) | Q(pk__lt=cursor.id)
    return [acquired.filter(Q(acquired_at__lte=cursor.acquired_at) & earlier), never]


def search_contacts(*, tenant: Tenant, text: str) -> Contacts:
    """Contacts with this text in their name, four or more of these digits in a phone, or just this identity.

    Names are compared without case. Unordered; take the newest ids first, so that common texts stop early.
    """
    folded = tokens.fold(text.strip())[: tokens.MAX_TEXT]
    if not folded:
        return _all(tenant).none()
    paths = [
        path
        for path in (_by_name(tenant, folded), _by_phone(tenant, folded), _by_identity(tenant, text.strip()))
        if path is not None and path.exists()
    ]
    if len(paths) == 1:
        return paths[0]
    ids = [path.values("pk") for path in paths]
    return _all(tenant).filter(pk__in=ids[0].union(*ids[1:])) if ids else _all(tenant).none()


def contact(*, tenant: Tenant, contact_id: int) -> Contact | None:
    """One contact with its channel."""
    return _all(tenant).select_related("channel").filter(pk=contact_id).first()


def identities(*, tenant: Tenant, contact_id: int) -> QuerySet[Identity]:
    """What systems know a contact by, oldest first."""
    rows: QuerySet[Identity] = Identity.objects.for_tenant(tenant).filter(contact_id=contact_id)
    return rows.order_by("created_at", "pk")


def known_as(*, tenant: Tenant, contact_ids: Collection[int]) -> dict[int, str]:
    """What to call contacts without a name: the oldest identity of each that is no phone or e-mail."""
    rows = Identity.objects.for_tenant(tenant).filter(contact_id__in=contact_ids).exclude(kind__in=("phone", "email"))
    oldest = rows.order_by("contact_id", "pk").distinct("contact_id")
    return dict(oldest.values_list("contact_id", "value"))


def contact_tags(*, tenant: Tenant, contact_ids: Collection[int]) -> QuerySet[ContactTag]:
    """The tags of these contacts with their groups, by group and name."""
    rows: QuerySet[ContactTag] = ContactTag.objects.for_tenant(tenant).filter(contact_id__in=contact_ids)
    return rows.select_related("tag__group").order_by("tag__group__name", "tag__name")


def tags_of(*, tenant: Tenant, contact_ids: Collection[int]) -> dict[int, list[str]]:
    """The tags of these contacts as people write them, by contact; who has none is left out."""
    rows = ContactTag.objects.for_tenant(tenant).filter(contact_id__in=contact_ids)
    found: dict[int, list[str]] = {}
    named = rows.order_by("tag__group__name", "tag__name").values_list("contact_id", "tag__group__name", "tag__name")
    for contact_id, group, name in named:
        found.setdefault(contact_id, []).append(str(TagName(group, name)))
    return found


def known_ids(*, tenant: Tenant, contact_ids: Iterable[int]) -> set[int]:
    """Those of some ids that are contacts of the tenant."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"tenant": tenant.pk, "ids": sorted(set(contact_ids))})
        return {contact_id for (contact_id,) in cursor.fetchall()}


def _all(tenant: Tenant) -> Contacts:
    rows: Contacts = Contact.objects.for_tenant(tenant)
    return rows


def _in_channel(tenant: Tenant, slug: str) -> Q:
    """By the channel's id, asked for first: only equality with a value keeps the list's index in order."""
    if slug == NO_CHANNEL:
        return Q(channel__isnull=True)
    channel: Any = Contact._meta.get_field("channel").related_model  # of the app above
    channel_id = channel.objects.for_tenant(tenant).filter(slug=slug).values_list("pk", flat=True).first()
    return Q(pk__in=[]) if channel_id is None else Q(channel_id=channel_id)


def _tag_id(tenant: Tenant, name: TagName) -> int | None:
    found = Tag.objects.for_tenant(tenant).filter(group__name=name.group, name=name.name)
    tag_id: int | None = found.values_list("pk", flat=True).first()
    return tag_id


def _by_name(tenant: Tenant, folded: str) -> Contacts | None:
    found = _having(tenant, tokens.name_probe(folded))
    if len(folded) <= 2:
        return found
    name: Any = F("name") if tokens.is_caseless(folded) else Folded("name")
    return found.annotate(found_at=StrIndex(name, Value(folded))).filter(found_at__gt=0)


def _by_phone(tenant: Tenant, folded: str) -> Contacts | None:
    digits = tokens.phone_digits(folded)
    if len(digits) < tokens.PHONE_GRAM:
        return None
    found = _having(tenant, tokens.phone_probe(digits))
    if len(digits) == tokens.PHONE_GRAM:
        return found
    phones = Identity.objects.for_tenant(tenant).filter(contact_id=OuterRef("pk"), kind="phone")
    return found.filter(Exists(phones.filter(value__contains=digits)))


def _by_identity(tenant: Tenant, text: str) -> Contacts:
    values = {text, text.lower(), *_as_phone(tenant, text)}
    found = Identity.objects.for_tenant(tenant).filter(value__in=values)
    return _all(tenant).filter(pk__in=found.values("contact_id"))


def _as_phone(tenant: Tenant, text: str) -> Sequence[str]:
    try:
        region = phone_region(timezone=tenant.timezone, currency=tenant.currency)
        return [normalise("phone", text, region=region)]
    except InvalidIdentity:
        return []


def _having(tenant: Tenant, wanted: Sequence[str]) -> Contacts:
    found = _all(tenant)
    for token in wanted:
        carriers = ContactToken.objects.for_tenant(tenant).filter(token=token)
        found = found.filter(pk__in=carriers.values("contact_id"))
    return found


class Folded(Func):
    """A column as `tokens.fold` would have it."""

    function = "translate"
    output_field = CharField()

    def __init__(self, column: str) -> None:
        super().__init__(F(column), Value(tokens.FOLDED_FROM), Value(tokens.FOLDED_TO))
