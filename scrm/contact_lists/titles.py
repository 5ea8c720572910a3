"""The columns of a list of contacts as people call them."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from scrm.contact_lists.columns import Column

TITLES: Mapping[Column, StrOrPromise] = {
    "name": pgettext_lazy("person", "Name"),
    "phone": _("Phone"),
    "channel": _("Channel"),
    "tags": _("Tags"),
    "acquired": _("Acquired"),
    "purchases": _("Purchases"),
    "net": _("Net"),
    "last_order": _("Last order"),
    "sops": _("SOPs now"),
}
