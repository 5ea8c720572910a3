"""System checks: nothing enters the console's engine but through the hardened bases."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from tenants.admin_base import TenantAdmin, TenantForm, TenantTabularInline
from tenants.scoping import TenantModel


@register(Tags.admin)
def admins_are_hardened(**_: Any) -> list[CheckMessage]:
    """Every registered model is a tenant's, and its options and inlines derive from our bases."""
    from scrm.console.site import site

    return [error for model, options in site._registry.items() for error in errors_of(model, options)]


def errors_of(model: Any, options: Any) -> list[CheckMessage]:
    """What is unsafe about one registration."""
    errors: list[CheckMessage] = []
    if not issubclass(model, TenantModel):
        errors.append(Error(f"{model.__name__} has no tenant", obj=options, id="console.E001"))
    if not isinstance(options, TenantAdmin):
        errors.append(Error("derive it from TenantAdmin", obj=options, id="console.E002"))
        return errors
    errors += [
        Error(f"derive {inline.__name__} from TenantTabularInline", obj=options, id="console.E003")
        for inline in options.inlines
        if not issubclass(inline, TenantTabularInline)
    ]
    for part in (options, *options.inlines):
        errors += _errors_of_part(part)
    return errors


def _errors_of_part(part: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if part.raw_id_fields:
        errors.append(Error("raw_id_fields show other tenants' names", obj=part, id="console.E004"))
    if not issubclass(part.form, TenantForm):
        errors.append(Error("derive its form from TenantForm", obj=part, id="console.E005"))
    return errors
