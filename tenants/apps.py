"""App configuration: the start-up refusal of an unsafe database role."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        from tenants import checks, roles  # noqa: F401  (checks register themselves)

        connection_created.connect(roles.refuse_unsafe_role, dispatch_uid="tenants.refuse_unsafe_role")
