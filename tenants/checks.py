"""System checks: no tenant table without the base model, no key that does not start with its tenant."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import models

from tenants.scoping import TenantForeignKey, TenantModel

# Tables of no tenant, each with its reason; the isolation walk asserts this list against the database.
EXEMPT = {
    "tenants_tenant": "names the tenants themselves; holds no customer data",
    "tenants_user": "a person may work in several tenants",
    "tenants_membership": "is read to find out whether a tenant may be opened",
    "sop_due": "is read to find out which tenant has touchpoints due; ids and instants alone",
    "django_session": "is read before a tenant is known",
    "django_content_type": "Django's list of models",
    "django_migrations": "Django's list of migrations",
    "django_admin_log": "unused: the audit log takes its place",
    "auth_permission": "unused: memberships decide",
    "auth_group": "unused: memberships decide",
    "auth_group_permissions": "unused: memberships decide",
}


@register(Tags.models)
def tenant_models_are_scoped(**_: Any) -> list[CheckMessage]:
    """Every model of ours is a tenant model or exempt, and refers to tenant rows by a composite key."""
    return [
        error for model in apps.get_models() if model._meta.db_table not in EXEMPT for error in _model_errors(model)
    ]


def _model_errors(model: type[models.Model]) -> list[CheckMessage]:
    if not issubclass(model, TenantModel):
        return [Error(f"{model.__name__} is neither a TenantModel nor exempt", obj=model, id="tenants.E001")]
    errors: list[CheckMessage] = []
    if model._meta.base_manager_name != "objects":
        errors.append(Error("let Meta derive from TenantModel.Meta", obj=model, id="tenants.E002"))
    for field in model._meta.local_fields:
        target = field.related_model if field.is_relation else None
        if target and issubclass(target, TenantModel) and not isinstance(field, TenantForeignKey):
            errors.append(Error("use TenantForeignKey", obj=field, id="tenants.E003"))
    if model._meta.local_many_to_many:
        errors.append(Error("write the link table out", obj=model, id="tenants.E004"))
    uniques = (one for one in model._meta.constraints if isinstance(one, models.UniqueConstraint))
    return errors + [
        Error(f"{unique.name} must start with tenant", obj=model, id="tenants.E005")
        for unique in uniques
        if tuple(unique.fields)[:1] != ("tenant",)
    ]


@register(Tags.security, deploy=True)
def secret_key_is_set(**_: Any) -> list[CheckMessage]:
    """A process that serves needs a key that outlives it."""
    if settings.SECRET_KEY.startswith("unset-"):
        return [Error("set SECRET_KEY", id="tenants.E006")]
    return []
