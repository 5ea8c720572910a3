"""The first lock: a query over tenant rows says its tenant aloud, or does not run.

`TenantModel` is the base of every tenant-owned table. Its queries are refused when their SQL is compiled unless the
top-level WHERE pins `tenant_id` to one value, so that `aggregate`, `exists`, `iterator`, `union` and sub-selects are
caught as well. `across_tenants()` is the one door, for ticks and platform pages; row security still holds behind it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Col, ResolvedOuterRef
from django.db.models.lookups import Exact
from django.db.models.sql import Query
from django.db.models.sql.where import AND, OR, NothingNode, WhereNode

if TYPE_CHECKING:
    from tenants.models import Tenant

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")
_M = TypeVar("_M", bound=models.Model, covariant=True)

__all__ = ["TenantForeignKey", "TenantManager", "TenantModel", "TenantQuerySet", "UnscopedQuery"]

_inherits_scope: ContextVar[bool] = ContextVar("_inherits_scope", default=False)


class UnscopedQuery(Exception):
    """A query over tenant rows without `.for_tenant(tenant)`."""


class TenantQuery(Query):
    """A query that compiles only when it names its tenant."""

    across_tenants = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.across_tenants = _inherits_scope.get()

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        self.refuse_unscoped()
        return super().get_compiler(*args, **kwargs)

    def chain(self, klass: Any = None) -> Any:
        if klass is not None:  # an UPDATE is about to lose this class
            self.refuse_unscoped()
        return super().chain(klass)

    def split_exclude(self, *args: Any, **kwargs: Any) -> Any:
        # The sub-select that Django makes of `exclude(child__…)` is bound to this query's rows.
        token = _inherits_scope.set(True)
        try:
            return super().split_exclude(*args, **kwargs)
        finally:
            _inherits_scope.reset(token)

    def refuse_unscoped(self) -> None:
        if not self.across_tenants and not self.combinator and not self.is_empty() and not _pins(self.where, self):
            raise UnscopedQuery(f"{self.model.__name__}: say .for_tenant(tenant)")  # type: ignore[union-attr]


def _pins(node: Any, query: Query) -> bool:
    """Whether a WHERE tree holds only rows of one tenant."""
    if isinstance(node, NothingNode):
        return True
    if isinstance(node, WhereNode):
        if node.negated or not node.children:
            return False
        if node.connector == AND:
            return any(_pins(child, query) for child in node.children)
        return node.connector == OR and all(_pins(child, query) for child in node.children)
    return isinstance(node, Exact) and _is_tenant_column(node.lhs, query) and _is_one_value(node.rhs, query)


def _is_tenant_column(lhs: Any, query: Query) -> bool:
    return isinstance(lhs, Col) and lhs.target.column == "tenant_id" and lhs.alias == query.base_table


def _is_one_value(rhs: Any, query: Query) -> bool:
    if isinstance(rhs, Col):  # an outer query's column, resolved
        return rhs.alias != query.base_table
    return isinstance(rhs, ResolvedOuterRef) or not hasattr(rhs, "resolve_expression")


class TenantQuerySet(models.QuerySet[_M]):
    """Rows of tenants; a first word names which."""

    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or TenantQuery(model), using, hints)

    def for_tenant(self, tenant: Tenant | int) -> Self:
        """Only rows of this tenant."""
        return self.filter(tenant_id=tenant if isinstance(tenant, int) else tenant.pk)

    def across_tenants(self) -> Self:
        """Lift this lock (not row security): for ticks and platform pages only."""
        clone = self._chain()  # type: ignore[attr-defined]
        clone.query.across_tenants = True
        return clone  # type: ignore[no-any-return]

    def _add_hints(self, **hints: Any) -> None:
        # Prefetching a foreign key names the instances it came from: their tenant is the scope.
        super()._add_hints(**hints)  # type: ignore[misc]
        tenant_id = getattr(hints.get("instance"), "tenant_id", None)
        if tenant_id is not None:
            self.query.add_q(models.Q(tenant_id=tenant_id))

    def _raw_delete(self, using: str | None) -> int:
        self.query.refuse_unscoped()  # type: ignore[attr-defined]
        return super()._raw_delete(using)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Takes the scope from the instance for related managers and foreign keys."""

    def get_queryset(self) -> TenantQuerySet[Any]:
        queryset: TenantQuerySet[Any] = super().get_queryset()
        instance = getattr(self, "instance", None) or self._hints.get("instance")
        tenant_id = getattr(instance, "tenant_id", None)
        return queryset if tenant_id is None else queryset.for_tenant(tenant_id)


class TenantForeignKey(models.ForeignKey[_ST, _GT]):
    """A reference inside one tenant: `(tenant_id, x_id) → (tenant_id, id)`, made by `operations.TenantTable`.

    `db_on_delete` is what the database does: RESTRICT, CASCADE or SET NULL. Indexes are named by the model.
    """

    def __init__(self, to: Any, *, db_on_delete: str = "RESTRICT", **kwargs: Any) -> None:
        self.db_on_delete = db_on_delete
        kwargs.update(on_delete=models.DO_NOTHING, db_constraint=False)
        kwargs.setdefault("db_index", False)
        super().__init__(to, **kwargs)

    def validate(self, value: Any, model_instance: Any) -> None:
        """A form's instance refers to a row of its own tenant."""
        models.Field.validate(self, value, model_instance)
        if value is None:
            return
        target: Any = self.remote_field.model
        if not target.objects.for_tenant(model_instance.tenant_id).filter(pk=value).exists():
            params = {"model": target._meta.verbose_name, "pk": value, "field": "id", "value": value}
            raise ValidationError(self.error_messages["invalid"], code="invalid", params=params)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("on_delete", None)
        kwargs.pop("db_constraint", None)
        return name, path, args, {**kwargs, "db_on_delete": self.db_on_delete}


class TenantModel(models.Model):
    """One row of one tenant. Every tenant-owned table derives from this and is secured by `TenantTable`."""

    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def _do_update(self, base_qs: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._do_update(base_qs.for_tenant(self.tenant_id), *args, **kwargs)
