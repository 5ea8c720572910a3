"""The typed fields that a tenant defines for its contacts: defined, edited, deleted."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from contacts.attributes import KINDS, MAX_ATTRIBUTES, InvalidAttribute, clean_choices, clean_key, clean_label
from contacts.models import Attribute, AttributeValue, Change
from contacts.services.attribute_values import rebuild_values
from contacts.services.changes import record_changes
from tenants.context import lock_tenant_writes
from tenants.models import Tenant
from tenants.services.audit import record_act


def define_attribute(
    *,
    tenant: Tenant,
    key: str,
    label: str,
    kind: Attribute.Kind | str,
    choices: Sequence[str] = (),
    position: int | None = None,
    actor: str,
    at: datetime,
) -> Attribute:
    """Define an attribute, and read it from what contacts' attributes say under its key already.

    Without a `position` it is the last. Key and kind stay for ever: rules are written for them.
    Raises: InvalidAttribute
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    defined = Attribute.objects.for_tenant(tenant)
    if kind not in KINDS:
        raise InvalidAttribute("kind", "invalid_kind", _("Send one of %s.") % ", ".join(KINDS))
    key, cleaned = clean_key(key), clean_choices(choices, kind=kind)
    if defined.filter(key=key).exists():
        raise InvalidAttribute("key", "key_taken", _("An attribute of this key exists."))
    if defined.count() >= MAX_ATTRIBUTES:
        said = _("A brand has at most %d attributes; delete one first.")
        raise InvalidAttribute("key", "too_many", said % MAX_ATTRIBUTES)
    attribute: Attribute = Attribute.objects.create(
        tenant=tenant,
        key=key,
        label=clean_label(label),
        kind=kind,
        choices=cleaned,
        position=_after_last(tenant) if position is None else position,
    )
    rebuild_values(tenant=tenant, attribute=attribute)
    record_act(tenant=tenant, at=at, actor=actor, act="attribute.created", target=attribute.label, key=key)
    return attribute


def edit_attribute(
    *,
    tenant: Tenant,
    attribute_id: int,
    label: str | None = None,
    choices: Sequence[str] | None = None,
    position: int | None = None,
    actor: str,
    at: datetime,
) -> Attribute:
    """Change what an attribute is called, which choices it has, and where it stands.

    With other choices, contacts' values are read anew, and those whose value came or went get change rows.
    Raises: Attribute.DoesNotExist, InvalidAttribute
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    attribute: Attribute = Attribute.objects.for_tenant(tenant).get(pk=attribute_id)
    told = {
        "label": attribute.label if label is None else clean_label(label),
        "choices": attribute.choices if choices is None else clean_choices(choices, kind=attribute.kind),
        "position": attribute.position if position is None else position,
    }
    changed = [field for field, value in told.items() if value != getattr(attribute, field)]
    if not changed:
        return attribute
    Attribute.objects.for_tenant(tenant).filter(pk=attribute_id).update(**told)
    for field in changed:
        setattr(attribute, field, told[field])
    if "choices" in changed:
        moved = rebuild_values(tenant=tenant, attribute=attribute)
        record_changes(tenant=tenant, contact_ids=moved, reason=Change.Reason.PROFILE, at=at)
    record_act(tenant=tenant, at=at, actor=actor, act="attribute.changed", target=attribute.label, fields=changed)
    return attribute


def delete_attribute(*, tenant: Tenant, attribute_id: int, actor: str, at: datetime) -> None:
    """Delete an attribute's definition and typed values; what contacts say under its key stays with them.

    Those who had a value get change rows.
    Raises: Attribute.DoesNotExist
    """
    at = max(at, lock_tenant_writes(tenant_id=tenant.pk))
    attribute: Attribute = Attribute.objects.for_tenant(tenant).get(pk=attribute_id)
    values = AttributeValue.objects.for_tenant(tenant).filter(attribute=attribute)
    had = list(values.values_list("contact_id", flat=True))
    Attribute.objects.for_tenant(tenant).filter(pk=attribute_id).delete()  # its values go with it
    record_changes(tenant=tenant, contact_ids=had, reason=Change.Reason.PROFILE, at=at)
    record_act(tenant=tenant, at=at, actor=actor, act="attribute.deleted", target=attribute.label, key=attribute.key)


def _after_last(tenant: Tenant) -> int:
    last: int | None = Attribute.objects.for_tenant(tenant).aggregate(last=Max("position"))["last"]
    return 0 if last is None else min(last + 1, 32_767)
