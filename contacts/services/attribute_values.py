"""Keeping typed attribute values in step with what contacts' attributes say."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from contacts.attributes import typed_value
from contacts.models import Attribute
from tenants.models import Tenant

# What some contacts say now replaces what they said. Parameters: tenant, ids (the contacts); and the wanted values,
# one per place: attributes, contacts, texts, numbers, dates.
_REPLACE = """
WITH wanted AS (
    SELECT * FROM unnest(%(attributes)s::bigint[], %(contacts)s::bigint[], %(texts)s::text[],
                         %(numbers)s::float8[], %(dates)s::date[]) AS w(attribute, contact, text, number, date)
), gone AS (
    DELETE FROM contacts_attributevalue v
    WHERE v.tenant_id = (SELECT %(tenant)s::bigint) AND v.ctid = ANY(ARRAY(
        SELECT h.ctid FROM unnest(%(ids)s::bigint[]) AS k(id)
        CROSS JOIN LATERAL (
            SELECT h.ctid, h.attribute_id, h.contact_id FROM contacts_attributevalue h
            WHERE h.tenant_id = (SELECT %(tenant)s::bigint) AND h.contact_id = k.id OFFSET 0) h
        WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.attribute = h.attribute_id AND w.contact = h.contact_id)))
)
INSERT INTO contacts_attributevalue AS v (tenant_id, attribute_id, contact_id, text, number, date)
SELECT %(tenant)s, attribute, contact, text, number, date FROM wanted
ON CONFLICT (tenant_id, attribute_id, contact_id) DO UPDATE
SET text = excluded.text, number = excluded.number, date = excluded.date
WHERE (v.text, v.number, v.date) IS DISTINCT FROM (excluded.text, excluded.number, excluded.date)
"""
# Every different value that the tenant's contacts have under a key. Parameters: tenant, key.
_TOLD = """
SELECT told::text FROM (
    SELECT DISTINCT attributes -> %(key)s AS told FROM contacts_contact
    WHERE tenant_id = (SELECT %(tenant)s::bigint)
      AND jsonb_typeof(attributes -> %(key)s) IN ('string', 'number', 'boolean')
) t
"""
# What the whole tenant says of one attribute replaces what it said. The full join is hashed or merged whatever the
# planner believes of the table's size. Parameters: tenant, attribute, key; and what each value means, one per place:
# told (JSON), texts, numbers, dates. Grain: a contact whose value changed.
_REBUILD = """
WITH meaning AS MATERIALIZED (
    SELECT * FROM unnest(%(told)s::jsonb[], %(texts)s::text[], %(numbers)s::float8[], %(dates)s::date[])
        AS m(told, text, number, date)
), wanted AS MATERIALIZED (
    SELECT c.id, m.text, m.number, m.date
    FROM contacts_contact c JOIN meaning m ON m.told = c.attributes -> %(key)s
    WHERE c.tenant_id = (SELECT %(tenant)s::bigint)
), held AS MATERIALIZED (
    SELECT ctid AS place, contact_id, text, number, date FROM contacts_attributevalue
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND attribute_id = %(attribute)s
), news AS MATERIALIZED (
    SELECT h.place, h.contact_id, w.* FROM held h FULL JOIN wanted w ON w.id = h.contact_id
    WHERE h.contact_id IS NULL OR w.id IS NULL
       OR (w.text, w.number, w.date) IS DISTINCT FROM (h.text, h.number, h.date)
), gone AS (
    DELETE FROM contacts_attributevalue
    WHERE tenant_id = (SELECT %(tenant)s::bigint) AND ctid = ANY(ARRAY(SELECT place FROM news WHERE id IS NULL))
), written AS (
    INSERT INTO contacts_attributevalue AS v (tenant_id, attribute_id, contact_id, text, number, date)
    SELECT %(tenant)s, %(attribute)s, id, text, number, date FROM news WHERE id IS NOT NULL ORDER BY id
    ON CONFLICT (tenant_id, attribute_id, contact_id) DO UPDATE
    SET text = excluded.text, number = excluded.number, date = excluded.date
)
SELECT coalesce(id, contact_id) FROM news
"""


def refresh_values(*, tenant: Tenant, told: Mapping[int, Mapping[str, Any]]) -> None:
    """Replace these contacts' values by what their attributes (`told`, by contact) say now.

    Called under `lock_tenant_writes`, wherever `Contact.attributes` change.
    """
    defined = list(Attribute.objects.for_tenant(tenant)) if told else []
    if not defined:
        return
    wanted = [
        (attribute.pk, contact_id, *value)
        for attribute in sorted(defined, key=lambda attribute: attribute.pk)
        for contact_id, attributes in sorted(told.items())
        if (value := typed_value(attributes.get(attribute.key), kind=attribute.kind, choices=attribute.choices))
    ]
    columns = ("attributes", "contacts", "texts", "numbers", "dates")
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE, {"tenant": tenant.pk, "ids": sorted(told), **_arrays(columns, wanted)})


def rebuild_values(*, tenant: Tenant, attribute: Attribute) -> set[int]:
    """Derive one attribute's values from what all contacts say; the contacts whose value changed.

    Called under `lock_tenant_writes`. Each different value is read once, whatever the number of contacts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"tenant": tenant.pk, "key": attribute.key})
        meanings = list(_meanings(attribute, (row[0] for row in cursor.fetchall())))
        columns = ("told", "texts", "numbers", "dates")
        keys: dict[str, Any] = {"tenant": tenant.pk, "attribute": attribute.pk, "key": attribute.key}
        cursor.execute(_REBUILD, keys | _arrays(columns, meanings))
        return {contact_id for (contact_id,) in cursor.fetchall()}


def _meanings(attribute: Attribute, told: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    for text in told:
        if value := typed_value(json.loads(text), kind=attribute.kind, choices=attribute.choices):
            yield text, *value


def _arrays(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {column: [row[place] for row in rows] for place, column in enumerate(columns)}
