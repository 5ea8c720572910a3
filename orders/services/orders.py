"""Taking in orders: the newest version of each wins, in whatever order and however often versions arrive."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from contacts.identities import phone_region
from contacts.models import Change
from contacts.services.changes import record_changes
from contacts.services.identities import Match, Person, match_contacts
from orders.decisions import Decision, Held, decide_orders
from orders.models import Source
from orders.services import orders_sql
from orders.services.derived import derive_refunds_of
from orders.services.rates import Priced, price_rows
from orders.services.sources import ensure_source
from orders.services.stats import refresh_stats
from orders.versions import OrderVersion, Shop, read_order, read_rows
from tenants.arrays import array_of
from tenants.context import lock_tenant_writes
from tenants.incoming import Row
from tenants.models import Tenant
from tenants.results import FieldError, RowResult

Decisions = dict[str, Decision]


def sync_orders(*, tenant: Tenant, source_slug: str, rows: Sequence[Row], at: datetime) -> list[RowResult]:
    """Take in one call's orders, a handful of statements whatever it contains.

    Shape: one result per row, in the rows' order; `rows` hold `IncomingOrder`s. Errors name places in the
    call's body.
    """
    shop = Shop(source_slug, phone_region(timezone=tenant.timezone, currency=tenant.currency))
    versions, errors = read_rows(rows, lambda row: read_order(index=row.index, order=row.item, shop=shop))
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    source = ensure_source(tenant=tenant, slug=source_slug)
    held = _read_held(tenant, source, sorted({row.external_id for row in versions}))
    priced, unpriced = price_rows(tenant=tenant, rows=versions, held=held)
    errors.update({index: [error] for index, error in unpriced.items()})
    decisions = decide_orders(versions=[row for row in versions if row.index in priced], held=held)
    matches = _match(tenant, source, decisions, at)
    ids = _write(tenant, source, decisions, matches, priced, at)
    _tell(tenant, decisions, matches, ids, at)
    return [_result(row, decisions, ids, errors) for row in rows]


def _read_held(tenant: Tenant, source: Source, external_ids: list[str]) -> dict[str, Held]:
    with connection.cursor() as cursor:
        cursor.execute(
            orders_sql.READ_HELD,
            {"tenant_id": tenant.pk, "source_id": source.pk, "external_ids": array_of(external_ids)},
        )
        return {row[0]: _held(row[1:]) for row in cursor.fetchall()}


def _held(row: Sequence[Any]) -> Held:
    id, version_at, content_hash, contact_id, currency, dated_at, rate, buyer, list_at, list_hash = row
    return Held(
        id=id,
        version=(version_at, content_hash),
        contact_id=contact_id,
        currency=currency,
        dated_at=dated_at,
        table_rate=rate,
        buyer=buyer,
        refunds_version=None if list_at is None else (list_at, list_hash),
    )


def _match(tenant: Tenant, source: Source, decisions: Decisions, at: datetime) -> dict[str, Match]:
    """Each new content's contact: the one it has while its buyer stays the same, else who matches."""
    matches: dict[str, Match] = {}
    people: dict[str, Person] = {}
    for key, decision in decisions.items():
        if (content := decision.content) is None:
            continue
        held = decision.held
        if held and held.contact_id is not None and msgspec.json.decode(held.buyer) == content.buyer:
            matches[key] = Match(held.contact_id)
        else:
            people[key] = Person(content.buyer.get("identities", {}), content.buyer.get("name", ""))
    create = source.unknown_buyer == Source.UnknownBuyer.CREATE
    found = match_contacts(tenant=tenant, people=list(people.values()), create=create, at=at)
    return matches | dict(zip(people, found, strict=True))


def _write(
    tenant: Tenant,
    source: Source,
    decisions: Decisions,
    matches: Mapping[str, Match],
    priced: Mapping[int, Priced],
    at: datetime,
) -> dict[str, int]:
    """Write what was decided. Shape: our id by external id, of all that is held or new."""
    scope = {"tenant_id": tenant.pk, "source_id": source.pk, "at": at}
    fresh = {key: decision for key, decision in decisions.items() if decision.content is not None}
    ids = {key: decision.held.id for key, decision in decisions.items() if decision.held}
    orders = [_order_row(key, decision, matches[key], priced) for key, decision in fresh.items()]
    ids |= dict(_execute(orders_sql.WRITE_ORDERS, scope, orders))
    _execute(orders_sql.WRITE_ITEMS, scope, _item_rows(fresh, ids))
    _drop_surplus_items(tenant, fresh)
    _write_refunds(scope, decisions, ids)
    written = {key: ids[key] for key, decision in decisions.items() if decision.content or decision.refunds}
    derive_refunds_of(tenant=tenant, source=source, orders=written, at=at)
    return ids


def _execute(statement: str, scope: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {**scope, "rows": _json(rows)})
        return cursor.fetchall() if cursor.description else []


def _order_row(key: str, decision: Decision, match: Match, priced: Mapping[int, Priced]) -> dict[str, Any]:
    content = decision.content
    assert content is not None
    price = priced[content.index]
    refunds_version_at, refunds_hash = decision.refunds_version or (None, "")
    return {
        "external_id": key,
        "contact_id": match.contact_id,
        "wait_reason": match.wait_reason,
        "status": content.status,
        "paid_at": content.paid_at,
        "currency": content.currency,
        "amount_minor": content.amount_minor,
        "discount_minor": content.discount_minor,
        "shipping_minor": content.shipping_minor,
        "tax_minor": content.tax_minor,
        "fx_rate": price.fx_rate,
        "fx_given": price.fx_given,
        "base_amount_minor": price.base_amount_minor,
        "buyer": content.buyer,
        "attributes": content.attributes,
        "version_at": content.version[0],
        "content_hash": content.version[1],
        "refunds_version_at": refunds_version_at,
        "refunds_hash": refunds_hash,
    }


def _item_rows(fresh: Decisions, ids: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": ids[key],
            "position": position,
            "sku": sku,
            "name": name,
            "category": category,
            "quantity": quantity,
            "unit_price_minor": unit_price_minor,
            "amount_minor": amount_minor,
        }
        for key, decision in fresh.items()
        for position, (sku, name, category, quantity, unit_price_minor, amount_minor) in enumerate(
            decision.content.items if decision.content else ()
        )
    ]


def _drop_surplus_items(tenant: Tenant, fresh: Decisions) -> None:
    kept = {
        decision.held.id: len(decision.content.items)
        for decision in fresh.values()
        if decision.held and decision.content
    }
    if kept:
        told = {"order_ids": array_of(kept), "kept": array_of(kept.values())}
        with connection.cursor() as cursor:
            cursor.execute(orders_sql.DELETE_SURPLUS_ITEMS, {"tenant_id": tenant.pk, **told})


def _write_refunds(scope: Mapping[str, Any], decisions: Decisions, ids: Mapping[str, int]) -> None:
    """Replace the refunds that came with orders whose list is newer."""
    listed = {key: decision for key, decision in decisions.items() if decision.refunds}
    rows = [
        row for key, decision in listed.items() if decision.refunds for row in _refund_rows(ids[key], decision.refunds)
    ]
    had = [decision.held.id for decision in listed.values() if decision.held and decision.held.refunds_version]
    if had:
        kept = {str(ids[key]): {line.external_id: 1 for line in d.refund_lines} for key, d in listed.items()}
        with connection.cursor() as cursor:
            cursor.execute(orders_sql.DELETE_EMBEDDED_REFUNDS, {**scope, "order_ids": had, "kept": _json(kept)})
    _execute(orders_sql.WRITE_EMBEDDED_REFUNDS, scope, rows)
    marks = {
        str(decision.held.id): {"at": decision.refunds_version[0], "hash": decision.refunds_version[1]}
        for decision in listed.values()
        if decision.held and not decision.content and decision.refunds_version
    }
    if marks:
        order_ids = [int(order_id) for order_id in marks]
        with connection.cursor() as cursor:
            cursor.execute(orders_sql.MARK_REFUNDS_LIST, {**scope, "order_ids": order_ids, "marks": _json(marks)})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _refund_rows(order_id: int, version: OrderVersion) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id,
            "order_external_id": version.external_id,
            "external_id": line.external_id,
            "currency": version.currency,
            "amount_minor": line.amount_minor,
            "refunded_at": line.refunded_at,
            "version_at": version.version[0],
            "content_hash": version.refunds_version[1] if version.refunds_version else "",
        }
        for line in version.refunds or ()
    ]


def _tell(
    tenant: Tenant, decisions: Decisions, matches: Mapping[str, Match], ids: Mapping[str, int], at: datetime
) -> None:
    """Recompute the contacts that an order came to, left or changed at, and leave word for the ticks."""
    touched: set[int] = set()
    for key, decision in decisions.items():
        if decision.content or decision.refunds:
            contacts = (
                decision.held and decision.held.contact_id,
                key in matches and matches[key].contact_id,
            )
            touched.update(contact for contact in contacts if contact)
    refresh_stats(tenant=tenant, contact_ids=touched, at=at)
    record_changes(tenant=tenant, contact_ids=touched, reason=Change.Reason.ORDER, at=at)


def _result(
    row: Row, decisions: Decisions, ids: Mapping[str, int], errors: Mapping[int, list[FieldError]]
) -> RowResult:
    external_id = row.item.external_id
    if row.index in errors:
        placed = [FieldError(f"/orders/{row.index}{e.pointer}", e.code, e.detail) for e in errors[row.index]]
        return RowResult(row.index, external_id, "error", errors=tuple(placed))
    return RowResult(row.index, external_id, decisions[external_id].statuses[row.index], ids[external_id])
