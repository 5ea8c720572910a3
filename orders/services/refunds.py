"""Taking in refunds that come alone: the newest version of each wins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from contacts.identities import phone_region
from contacts.models import Change
from contacts.services.changes import record_changes
from contacts.services.identities import Match, Person, match_contacts
from orders.decisions import Held, decide_refunds
from orders.models import Source, WaitReason
from orders.services import refunds_sql
from orders.services.derived import derive_refunds
from orders.services.rates import Priced, price_rows
from orders.services.sources import ensure_source
from orders.services.stats import refresh_stats
from orders.versions import RefundVersion, Shop, read_refund, read_rows
from tenants.arrays import array_of
from tenants.context import lock_tenant_writes
from tenants.incoming import Row
from tenants.models import Tenant
from tenants.results import FieldError, RowResult, Status

Refunds = Mapping[str, RefundVersion]


def sync_refunds(*, tenant: Tenant, source_slug: str, rows: Sequence[Row], at: datetime) -> list[RowResult]:
    """Take in one call's lone refunds; one that names an order waits for it, another belongs to its buyer.

    Shape: one result per row, in the rows' order; `rows` hold `IncomingRefund`s.
    """
    shop = Shop(source_slug, phone_region(timezone=tenant.timezone, currency=tenant.currency))
    versions, errors = read_rows(rows, lambda row: read_refund(index=row.index, refund=row.item, shop=shop))
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    source = ensure_source(tenant=tenant, slug=source_slug)
    held = _read_held(tenant, source, sorted({row.external_id for row in versions}))
    alone = [row for row in versions if not row.order_external_id]
    priced, unpriced = price_rows(tenant=tenant, rows=alone, held=held)
    errors.update({index: [error] for index, error in unpriced.items()})
    usable = [row for row in versions if row.index not in errors]
    newest, statuses = decide_refunds(versions=usable, held=held)
    matches = _match(tenant, source, newest, held, at)
    ids = {key: kept.id for key, kept in held.items()} | _write(tenant, source, newest, matches, priced, at)
    _tell(tenant, source, newest, held, matches, at)
    return [_result(row, statuses, ids, errors) for row in rows]


def _read_held(tenant: Tenant, source: Source, external_ids: list[str]) -> dict[str, Held]:
    with connection.cursor() as cursor:
        cursor.execute(
            refunds_sql.READ_HELD,
            {"tenant_id": tenant.pk, "source_id": source.pk, "external_ids": array_of(external_ids)},
        )
        return {row[0]: _held(row[1:]) for row in cursor.fetchall()}


def _held(row: Sequence[Any]) -> Held:
    id, version_at, content_hash, contact_id, currency, dated_at, rate, buyer, order_external_id, order_id = row
    return Held(
        id=id,
        version=(version_at, content_hash),
        contact_id=contact_id,
        currency=currency,
        dated_at=dated_at,
        table_rate=rate,
        buyer=buyer,
        order_external_id=order_external_id,
        order_id=order_id,
    )


def _match(tenant: Tenant, source: Source, newest: Refunds, held: Mapping[str, Held], at: datetime) -> dict[str, Match]:
    """Whose each refund is that names no order: as for orders."""
    matches: dict[str, Match] = {}
    people: dict[str, Person] = {}
    for key, row in newest.items():
        kept = held.get(key)
        if row.order_external_id:
            matches[key] = Match(None, WaitReason.NO_ORDER)  # type: ignore[arg-type]
        elif kept and kept.contact_id and not kept.order_id and msgspec.json.decode(kept.buyer) == row.buyer:
            matches[key] = Match(kept.contact_id)
        else:
            people[key] = Person(row.buyer.get("identities", {}), row.buyer.get("name", ""))
    create = source.unknown_buyer == Source.UnknownBuyer.CREATE
    found = match_contacts(tenant=tenant, people=list(people.values()), create=create, at=at)
    return matches | dict(zip(people, found, strict=True))


def _write(
    tenant: Tenant,
    source: Source,
    newest: Refunds,
    matches: Mapping[str, Match],
    priced: Mapping[int, Priced],
    at: datetime,
) -> dict[str, int]:
    if not newest:
        return {}
    rows = [_refund_row(row, matches[key], priced.get(row.index)) for key, row in newest.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            refunds_sql.WRITE_REFUNDS,
            {
                "tenant_id": tenant.pk,
                "source_id": source.pk,
                "at": at,
                "rows": msgspec.json.encode(rows).decode(),
            },
        )
        return dict(cursor.fetchall())


def _refund_row(row: RefundVersion, match: Match, price: Priced | None) -> dict[str, Any]:
    return {
        "external_id": row.external_id,
        "order_external_id": row.order_external_id,
        "contact_id": match.contact_id,
        "wait_reason": match.wait_reason,
        "buyer": row.buyer,
        "currency": row.currency,
        "amount_minor": row.amount_minor,
        "base_amount_minor": price and price.base_amount_minor,
        "fx_rate": price and price.fx_rate,
        "refunded_at": row.refunded_at,
        "version_at": row.version[0],
        "content_hash": row.version[1],
    }


def _tell(
    tenant: Tenant,
    source: Source,
    newest: Refunds,
    held: Mapping[str, Held],
    matches: Mapping[str, Match],
    at: datetime,
) -> None:
    """Derive what hangs on the orders named now and before; recompute every contact concerned."""
    before = [held[key] for key in newest if key in held]
    named = {row.order_external_id for row in newest.values()} | {kept.order_external_id for kept in before}
    with connection.cursor() as cursor:
        cursor.execute(
            refunds_sql.READ_NAMED_ORDERS,
            {"tenant_id": tenant.pk, "source_id": source.pk, "external_ids": array_of(sorted(named - {""}))},
        )
        orders = dict(cursor.fetchall())
    derive_refunds(tenant=tenant, order_ids=orders, at=at)
    touched = {kept.contact_id for kept in before} | {match.contact_id for match in matches.values()}
    contact_ids = {contact for contact in touched | set(orders.values()) if contact}
    refresh_stats(tenant=tenant, contact_ids=contact_ids, at=at)
    record_changes(tenant=tenant, contact_ids=contact_ids, reason=Change.Reason.REFUND, at=at)


def _result(
    row: Row, statuses: Mapping[int, Status], ids: Mapping[str, int], errors: Mapping[int, list[FieldError]]
) -> RowResult:
    external_id = row.item.external_id
    if row.index in errors:
        placed = [FieldError(f"/refunds/{row.index}{e.pointer}", e.code, e.detail) for e in errors[row.index]]
        return RowResult(row.index, external_id, "error", errors=tuple(placed))
    return RowResult(row.index, external_id, statuses[row.index], ids[external_id])
