"""One row in every tenant table, found by walking the models; its texts carry the tenant's canary."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.cast import AT


def tenant_models() -> list[Any]:
    """Every tenant-owned model, those that are referred to first."""
    from django.apps import apps

    from tenants.scoping import TenantModel

    todo = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    done: list[Any] = []
    while todo:
        ready = [model for model in todo if not (_targets(model) - {model}) & set(todo)]
        assert ready, f"these refer to each other in a ring: {todo}"
        done += ready
        todo = [model for model in todo if model not in ready]
    return done


def canary_of(tenant: Any) -> str:
    """The word that stands in every text of a tenant's rows and must never be seen by another."""
    return f"canary-{tenant.slug}"


def fill(tenant: Any, *, number: int = 1) -> dict[Any, Any]:
    """A row of this tenant in every table, by model; `number` tells those of one call from those of others.

    Of what a tenant has once there is none but of the first.
    """
    from tenants.context import tenant_transaction

    rows: dict[Any, Any] = {}
    with tenant_transaction(tenant.pk):
        for model in tenant_models():
            if number > 1 and _is_single(model):
                continue
            values = {f.name: _value(f, tenant, rows, number) for f in model._meta.local_fields if _is_set(f)}
            rows[model] = model.objects.bulk_create([model(tenant=tenant, **values)])[0]
    return rows


def start_ids_at(owner: Any, first: int) -> None:
    """Let the ids of what comes next start far away: the same in every table, and those of no other tenant.

    `owner`: a cursor of the role that owns the tables.
    """
    owner.execute(
        "SELECT setval(oid::regclass, %s, false) FROM pg_class WHERE relkind = 'S' AND relname NOT LIKE 'django%%'",
        [first],
    )
    owner.connection.commit()


def _is_single(model: Any) -> bool:
    uniques = [tuple(one.fields) for one in model._meta.total_unique_constraints]
    return ("tenant",) in uniques or ("tenant_id",) in uniques


def _targets(model: Any) -> set[Any]:
    return {field.related_model for field in model._meta.local_fields if field.is_relation}


def _is_set(field: Any) -> bool:
    automatic = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    # a step has a day and a time, or minutes after entry
    left_out = ("tenant", "revoked_at", "expires_at", "after_minutes")
    return not (field.primary_key or automatic or field.name in left_out)


def _value(field: Any, tenant: Any, rows: dict[Any, Any], number: int) -> Any:
    from tenants.scoping import TenantForeignKey

    if isinstance(field, TenantForeignKey):
        return rows[field.related_model]
    if field.is_relation:
        assert field.null, f"{field} refers to a table of no tenant and must have a value: teach rows.py"
        return None
    if field.choices:
        return field.flatchoices[0][0]
    word = canary_of(tenant) if number == 1 else f"{canary_of(tenant)}-{number}"
    kind = field.get_internal_type()
    if kind in ("CharField", "SlugField", "TextField"):
        return _text(field, tenant, word)
    return _PLAIN[kind](word, number)


def _text(field: Any, tenant: Any, word: str) -> str:
    if "currency" in field.name:
        return str(tenant.currency)
    return word if (field.max_length or 10**6) >= len(word) else word[-field.max_length :]


_PLAIN: dict[str, Any] = {
    "BooleanField": lambda word, number: False,
    "SmallIntegerField": lambda word, number: number,
    "PositiveSmallIntegerField": lambda word, number: number,
    "IntegerField": lambda word, number: number,
    "PositiveIntegerField": lambda word, number: number,
    "BigIntegerField": lambda word, number: number,
    "FloatField": lambda word, number: 1.0,
    "DecimalField": lambda word, number: Decimal(1),
    "DateField": lambda word, number: date(2026, 11, 1 + number),
    "DateTimeField": lambda word, number: AT,
    "TimeField": lambda word, number: AT.time(),
    "JSONField": lambda word, number: {"note": word},
    "ArrayField": lambda word, number: [word],
    "BinaryField": lambda word, number: word.encode(),
    "GenericIPAddressField": lambda word, number: "192.0.2.1",
    "EmailField": lambda word, number: f"{word}@example.com",
}
