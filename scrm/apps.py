"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SCRMConfig(AppConfig):
    name = "scrm"
    verbose_name = _("SCRM")

    def ready(self) -> None:
        """Register the console's system checks."""
        from scrm.console import checks  # noqa: F401
