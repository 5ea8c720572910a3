"""Keeping search tokens beside names and phones."""

from collections.abc import Mapping

import msgspec
from django.db import connection

from contacts import tokens
from tenants.models import Tenant

# parameters: tenant, rows = [{contact, tokens: […]}]
_ADD = """
INSERT INTO contacts_contacttoken (tenant_id, token, contact_id)
SELECT %(tenant)s, t.token, r.contact
FROM json_to_recordset(%(rows)s::json) AS r(contact bigint, tokens json),
     LATERAL json_array_elements_text(r.tokens) AS t(token)
ON CONFLICT DO NOTHING
"""
_CLEAR = "DELETE FROM contacts_contacttoken WHERE tenant_id = %(tenant)s AND contact_id = ANY(%(ids)s::bigint[])"
# grain: one contact; parameters: tenant, ids; columns: id, name, phones
_SEARCHABLE = """
SELECT c.id, c.name, ARRAY(
    SELECT i.value FROM contacts_identity i
    WHERE i.tenant_id = %(tenant)s AND i.contact_id = c.id AND i.kind = 'phone' ORDER BY i.value
)
FROM contacts_contact c WHERE c.tenant_id = %(tenant)s AND c.id = ANY(%(ids)s::bigint[])
"""


def add_tokens(*, tenant: Tenant, texts: Mapping[int, tuple[str, list[str]]]) -> None:
    """Add the tokens of these contacts' (name, phones) to what they have."""
    rows = [
        {"contact": contact_id, "tokens": found}
        for contact_id, (name, phones) in texts.items()
        if (found := tokens.contact_tokens(name=name, phones=phones))
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"tenant": tenant.pk, "rows": msgspec.json.encode(rows).decode()})


def refresh_tokens(*, tenant: Tenant, contact_ids: list[int]) -> None:
    """Replace the tokens of these contacts by those of their names and phones as they are now."""
    if not contact_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, {"tenant": tenant.pk, "ids": contact_ids})
        cursor.execute(_SEARCHABLE, {"tenant": tenant.pk, "ids": contact_ids})
        texts = {contact_id: (name, phones) for contact_id, name, phones in cursor.fetchall()}
    add_tokens(tenant=tenant, texts=texts)
