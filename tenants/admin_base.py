"""The hardened bases of every form and list that the admin engine makes: nothing of another tenant gets in or out.

The engine asks default managers for choices, skips constraints whose fields the form lacks, and keeps its log and its
permissions without a tenant. Each override below closes one of these.
"""

from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from tenants.access import EDITORS
from tenants.addresses import client_address
from tenants.context import lock_tenant_writes
from tenants.scoping import TenantModel
from tenants.services.audit import record_act
from tenants.slugs import SLUG_HELP, is_slug


class TenantForm(ModelForm):  # type: ignore[type-arg]
    """A form whose instance knows its tenant before it is validated, so that unique constraints are checked."""

    tenant_id: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.tenant_id = self.tenant_id

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"tenant"}  # type: ignore[misc,no-any-return]


class SlugForm(TenantForm):
    """A form of a row with a `slug`, which is given once."""

    class Meta:
        help_texts = {"slug": SLUG_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].validators = [is_slug]


class TenantRelatedFilter(RelatedFieldListFilter):
    """A filter by related row that offers this tenant's rows alone."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        """Only rows that the request's tenant owns."""
        rows = field.remote_field.model._default_manager.for_tenant(request.tenant)  # type: ignore[attr-defined]
        return [(row.pk, str(row)) for row in rows.order_by("pk")[:200]]


class ScopedOptions:
    """What lists and inlines share: rows, choices and rights of the request's membership."""

    raw_id_fields: Any = ()
    model: type[Model]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The tenant's own rows."""
        rows: QuerySet[Any] = self.model._default_manager.for_tenant(request.tenant)  # type: ignore[attr-defined]
        ordering = self.get_ordering(request)  # type: ignore[attr-defined]
        return rows.order_by(*ordering) if ordering else rows

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """What a drop-down offers and its form field accepts."""
        target = db_field.remote_field.model
        if not issubclass(target, TenantModel):
            raise TypeError(f"{db_field} leads out of the tenant")
        return target.objects.for_tenant(request.tenant)  # type: ignore[attr-defined,no-any-return]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who edits also sees."""
        return _may_edit(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners and operators."""
        return _may_edit(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners and operators."""
        return _may_edit(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the engine's confirmation page walks every related row, and history would be lost."""
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Owners and operators."""
        return _may_edit(request)


def _may_edit(request: HttpRequest) -> bool:
    membership = getattr(request, "membership", None)
    return membership is not None and membership.role in EDITORS


class TenantAdmin(ScopedOptions, ModelAdmin):  # type: ignore[misc]
    """The base of every model shown in the console's engine."""

    form = TenantForm
    actions = None
    view_on_site = False
    show_facets = "NEVER"
    show_full_result_count = False
    list_disable_select_all = True
    list_fullwidth = True
    list_per_page = 50
    save_as_continue = False
    warn_unsaved_form = True
    change_form_template = "console/engine_form.html"
    empty_text: Any = ""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class of this request, bound to its tenant."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"tenant_id": request.tenant.pk})  # type: ignore[attr-defined]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A drop-down alone, without the engine's menu of acts on what it offers."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """Only what an index serves."""
        return tuple(self.sortable_by or ())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Filters are texts, and PostgreSQL keeps none with U+0000."""
        if any("\0" in text for text in request.GET.values()):
            raise BadRequest
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Write in the tenant's turn, taken before validation: what is checked to be free stays free until saved."""
        if request.method == "POST":
            lock_tenant_writes(tenant_id=request.tenant.pk)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write only what was changed."""
        if not change:
            obj.save()
        elif form.changed_data:
            obj.save(update_fields=self.written_fields(obj, form))

    def written_fields(self, obj: Any, form: Any) -> list[str]:
        """Name the columns that a change writes."""
        clocks = [field.name for field in obj._meta.local_fields if getattr(field, "auto_now", False)]
        return [name for name in form.changed_data if _is_column(obj, name)] + clocks

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Give rows made in an inline their tenant."""
        for instance in formset.save(commit=False):
            instance.tenant_id = request.tenant.pk  # type: ignore[attr-defined]
            instance.save()
        for instance in formset.deleted_objects:
            instance.delete()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Into the tenant's audit log, not the engine's."""
        self._record(request, obj, "created", {})

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Into the tenant's audit log, with the names of the fields."""
        changed = [name for part in message for name in part.get("changed", {}).get("fields", [])]
        self._record(request, obj, "changed", {"fields": [str(name) for name in changed]})

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Into the tenant's audit log, a row each."""
        for obj in queryset:
            self._record(request, obj, "deleted", {})

    def audit_target(self, obj: Any) -> str:
        """What the audit log calls the object, whoever reads it."""
        return str(obj)[:200]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """The audit log, about this object."""
        from django.shortcuts import redirect
        from django.urls import reverse
        from django.utils.http import urlencode

        found = self.get_object(request, object_id)
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect(f"{reverse('audit')}?{urlencode({'target': self.audit_target(found)})}")

    def _record(self, request: HttpRequest, obj: Any, verb: str, detail: dict[str, Any]) -> None:
        record_act(
            tenant=request.tenant,  # type: ignore[attr-defined]
            at=timezone.now(),
            actor=str(request.user),
            act=f"{obj._meta.model_name}.{verb}",
            target=self.audit_target(obj),
            address=client_address(request),
            **detail,
        )


class TenantTabularInline(ScopedOptions, TabularInline):  # type: ignore[misc]
    """The base of every table inside a form."""

    form = TenantForm
    extra = 0
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The formset of this request, its forms bound to its tenant."""
        form = type(self.form.__name__, (self.form,), {"tenant_id": request.tenant.pk})  # type: ignore[attr-defined]
        return super().get_formset(request, obj, **{**kwargs, "form": form})


def _is_column(obj: Any, name: str) -> bool:
    return any(field.name == name for field in obj._meta.local_fields)
