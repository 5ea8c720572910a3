"""`{% load messages %}`: texts of messages as people read them."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sop.templates import ATTRIBUTE, BRAND_NAME, CONTACT_NAME

register = template.Library()


@register.filter
def variables_as_chips(compiled: Sequence[str | Sequence[str]]) -> SafeString:
    """A compiled text, each variable by its label; its fallback is told on hover."""
    return format_html_join("", "{}", ((part if isinstance(part, str) else _chip(*part),) for part in compiled))


def _chip(name: str, fallback: str) -> SafeString:
    labels = {CONTACT_NAME: pgettext("person", "Name"), BRAND_NAME: _("Brand")}
    label = labels.get(name, name.removeprefix(ATTRIBUTE))
    told = _("Where there is none: %(fallback)s") % {"fallback": fallback or _("nothing")}
    return format_html(
        '<span class="c-chip" title="{}">{}</span>', told, pgettext("variable", "“%(name)s”") % {"name": label}
    )
