"""Finding the contact behind a set of identities, or making one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from django.db import connection

from contacts.models import Change
from contacts.services.changes import record_changes
from contacts.services.search import add_tokens
from tenants.models import Tenant

WaitReason = Literal["", "no_match", "ambiguous"]
Pair = tuple[str, str]
# the identities that a contact shows, and may lack though it is found by them
_TOLD = {"phone", "email"}

# grain: one known identity; parameters: tenant, rows = [{kind, value}]
_KNOWN = """
SELECT i.kind, i.value, i.contact_id
FROM json_to_recordset(%(rows)s::json) AS r(kind text, value text)
JOIN contacts_identity i ON i.tenant_id = %(tenant)s AND i.kind = r.kind AND i.value = r.value
"""
_NEW_IDS = """
SELECT nextval((SELECT pg_get_serial_sequence('contacts_contact', 'id')::regclass)) FROM generate_series(1, %(count)s)
"""
# parameters: tenant, at, rows = [{id, name, phone, email}]
_MAKE = """
INSERT INTO contacts_contact (id, tenant_id, name, phone, email, attributes, created_at, updated_at)
SELECT r.id, %(tenant)s, r.name, r.phone, r.email, '{}', %(at)s, %(at)s
FROM json_to_recordset(%(rows)s::json) AS r(id bigint, name text, phone text, email text)
"""
# parameters: tenant, at, rows = [{contact, kind, value}]
_ADD = """
INSERT INTO contacts_identity (tenant_id, contact_id, kind, value, created_at)
SELECT %(tenant)s, r.contact, r.kind, r.value, %(at)s
FROM json_to_recordset(%(rows)s::json) AS r(contact bigint, kind text, value text)
"""
# What is empty takes what is offered; `learned` rows are touched anyway, for who syncs by updated_at.
# Parameters: tenant, at, rows = [{id, name, phone, email, learned}]; columns: id, name now
_FILL = """
UPDATE contacts_contact c
SET name = CASE WHEN c.name = '' THEN r.name ELSE c.name END,
    phone = CASE WHEN c.phone = '' THEN r.phone ELSE c.phone END,
    email = CASE WHEN c.email = '' THEN r.email ELSE c.email END,
    updated_at = %(at)s
FROM json_to_recordset(%(rows)s::json) AS r(id bigint, name text, phone text, email text, learned boolean)
WHERE c.tenant_id = %(tenant)s AND c.id = r.id AND (
    r.learned OR (c.name = '' AND r.name <> '')
    OR (c.phone = '' AND r.phone <> '') OR (c.email = '' AND r.email <> '')
)
RETURNING c.id, c.name
"""


class Person(msgspec.Struct, frozen=True):
    """Who a row speaks of: normalised identities by kind, and a clean name."""

    identities: Mapping[str, str]
    name: str = ""


class Match(msgspec.Struct, frozen=True):
    """The contact of one person, or why there is none.

    `is_new`: this row made it. `is_known_better`: this row added identities to one that was there before it.
    """

    contact_id: int | None
    wait_reason: WaitReason = ""
    is_new: bool = False
    is_known_better: bool = False


class _Offer(msgspec.Struct):
    """What rows say of one contact: the first name, phone and e-mail told, and identities that are news."""

    name: str = ""
    phone: str = ""
    email: str = ""
    added: list[Pair] = []

    def hear(self, person: Person) -> None:
        self.name = self.name or person.name
        self.phone = self.phone or person.identities.get("phone", "")
        self.email = self.email or person.identities.get("email", "")

    @property
    def phones(self) -> list[str]:
        return [value for kind, value in self.added if kind == "phone"]


def match_contacts(
    *,
    tenant: Tenant,
    people: Sequence[Person],
    create: Sequence[bool] | bool = True,
    fill_names: bool = True,
    at: datetime,
) -> list[Match]:
    """Find or make each person's contact, as if one by one in this order. Called under `lock_tenant_writes`.

    One contact known by a person's identities: that one, and it learns the others. Several: nobody,
    `ambiguous`. None: a new one where `create` says so, else nobody, `no_match`; so is a person without any.
    Empty names (`fill_names`; else of new contacts alone), phones and e-mails are filled; contacts with new
    identities get change rows.

    Shape: one Match per person, in order.
    """
    allowed = [create] * len(people) if isinstance(create, bool) else create
    known = _known_identities(tenant, people)
    offers: dict[int, _Offer] = {}
    found = [
        _match_one(person, -row if may else 0, known, offers)
        for row, (person, may) in enumerate(zip(people, allowed, strict=True), start=1)
    ]
    ids = _write(tenant, offers, fill_names, at)
    return [_settled(match, ids) for match in found]


def _settled(match: Match, ids: Mapping[int, int]) -> Match:
    """The match with the id that its contact was given, if this call made it."""
    contact_id = ids.get(match.contact_id or 0)
    return match if contact_id is None else msgspec.structs.replace(match, contact_id=contact_id)


def find_contacts(*, tenant: Tenant, people: Sequence[Person]) -> list[Match]:
    """Find each person's contact as it is known; nobody is made, and nobody learns an identity.

    Shape: one Match per person, in order; without a contact its `wait_reason` says why.
    """
    known = _known_identities(tenant, people)
    found = [{known[pair] for pair in person.identities.items() if pair in known} for person in people]
    return [_known_as_one(contacts) for contacts in found]


def _known_as_one(contacts: set[int]) -> Match:
    if len(contacts) == 1:
        return Match(contacts.pop())
    return Match(None, "ambiguous" if contacts else "no_match")


def _match_one(person: Person, draft: int, known: dict[Pair, int], offers: dict[int, _Offer]) -> Match:
    """Decide one person; a contact to be made has its row's negative number `draft` until it is written."""
    pairs = list(person.identities.items())
    contacts = {known[pair] for pair in pairs if pair in known}
    if len(contacts) > 1:
        return Match(None, "ambiguous")
    is_new = not contacts
    if is_new and not (pairs and draft):
        return Match(None, "no_match")
    contact = draft if is_new else contacts.pop()
    added = [pair for pair in pairs if pair not in known]
    if not (added or person.name or _TOLD & person.identities.keys()):
        return Match(contact)  # most buyers: nothing is said that is not known
    offer = offers.setdefault(contact, _Offer())
    offer.hear(person)
    offer.added += added
    known.update(dict.fromkeys(added, contact))
    return Match(contact, is_new=is_new, is_known_better=bool(added) and not is_new)


def _known_identities(tenant: Tenant, people: Sequence[Person]) -> dict[Pair, int]:
    pairs = {pair for person in people for pair in person.identities.items()}
    if not pairs:
        return {}
    rows = [{"kind": kind, "value": value} for kind, value in sorted(pairs)]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"tenant": tenant.pk, "rows": _json(rows)})
        return {(kind, value): contact_id for kind, value, contact_id in cursor.fetchall()}


def _write(tenant: Tenant, offers: dict[int, _Offer], fill_names: bool, at: datetime) -> dict[int, int]:
    """Write what was decided; the ids of new contacts by their provisional numbers."""
    ids = _make(tenant, {number: offer for number, offer in offers.items() if number < 0}, at)
    heard = {ids.get(number, number): offer for number, offer in offers.items()}
    learned = {contact: offer for contact, offer in heard.items() if offer.added}
    new = set(ids.values())
    older = {contact: offer for contact, offer in heard.items() if contact not in new}
    _add_identities(tenant, learned, at)
    texts = {contact: (offer.name if contact in new else "", offer.phones) for contact, offer in learned.items()}
    for contact, name in _fill(tenant, older, fill_names, at):
        texts[contact] = (name, heard[contact].phones)
    add_tokens(tenant=tenant, texts=texts)
    record_changes(tenant=tenant, contact_ids=learned, reason=Change.Reason.IDENTITY, at=at)
    return ids


def _make(tenant: Tenant, offers: dict[int, _Offer], at: datetime) -> dict[int, int]:
    if not offers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_NEW_IDS, {"count": len(offers)})
        ids = dict(zip(offers, sorted(row[0] for row in cursor.fetchall()), strict=True))
        rows = [
            {"id": ids[number], "name": offer.name, "phone": offer.phone, "email": offer.email}
            for number, offer in offers.items()
        ]
        cursor.execute(_MAKE, {"tenant": tenant.pk, "at": at, "rows": _json(rows)})
    return ids


def _add_identities(tenant: Tenant, offers: dict[int, _Offer], at: datetime) -> None:
    rows = [
        {"contact": contact, "kind": kind, "value": value}
        for contact, offer in offers.items()
        for kind, value in offer.added
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, {"tenant": tenant.pk, "at": at, "rows": _json(rows)})


def _fill(tenant: Tenant, offers: dict[int, _Offer], fill_names: bool, at: datetime) -> list[tuple[int, str]]:
    """Fill what is empty; the touched contacts with their names."""
    rows = [
        {
            "id": contact,
            "name": offer.name if fill_names else "",
            "phone": offer.phone,
            "email": offer.email,
            "learned": bool(offer.added),
        }
        for contact, offer in offers.items()
        if offer.added or (offer.name and fill_names) or offer.phone or offer.email
    ]
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"tenant": tenant.pk, "at": at, "rows": _json(rows)})
        return [(contact_id, name) for contact_id, name in cursor.fetchall()]


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return msgspec.json.encode(rows).decode()
