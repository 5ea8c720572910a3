"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SOPConfig(AppConfig):
    name = "sop"
    verbose_name = _("SOP")
