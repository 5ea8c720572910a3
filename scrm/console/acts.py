"""The audit log's acts and their details in words."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from tenants.models import Membership

ACTS: Mapping[str, StrOrPromise] = {
    "login.succeeded": gettext_lazy("logged in"),
    "login.failed": gettext_lazy("failed to log in"),
    "tenant.created": gettext_lazy("tenant made"),
    "tenant.changed": gettext_lazy("tenant changed"),
    "member.added": gettext_lazy("member added"),
    "member.role": gettext_lazy("role changed"),
    "member.removed": gettext_lazy("member removed"),
    "api_key.created": gettext_lazy("API key made"),
    "api_key.revoked": gettext_lazy("API key revoked"),
    "contacts.exported": gettext_lazy("contacts exported"),
    "job.fetched": gettext_lazy("file fetched"),
    "demo.loaded": gettext_lazy("demo loaded"),
    "sop.published": gettext_lazy("SOP published"),
    "sop.paused": gettext_lazy("SOP paused"),
    "sop.resumed": gettext_lazy("SOP resumed"),
    "sop.stopped": gettext_lazy("SOP stopped"),
    "touch_budget.changed": gettext_lazy("daily limit changed"),
}
DETAILS: Mapping[str, StrOrPromise] = {
    "author": gettext_lazy("author"),
    "before": gettext_lazy("before"),
    "columns": gettext_lazy("columns"),
    "contact": gettext_lazy("contact"),
    "filters": gettext_lazy("filters"),
    "fields": gettext_lazy("fields"),
    "margin": gettext_lazy("margin"),
    "name": gettext_lazy("name"),
    "owner": gettext_lazy("owner"),
    "per_day": gettext_lazy("messages per contact and day"),
    "role": gettext_lazy("role"),
    "rows": gettext_lazy("rows"),
    "scopes": gettext_lazy("scopes"),
    "timezone": gettext_lazy("time zone"),
    "version": gettext_lazy("version"),
    "written_at": gettext_lazy("written at"),
}
_THINGS = {model._meta.model_name: model._meta for model in apps.get_models()}


def act_in_words(act: str) -> str:
    """`api_key.created` → `API key made`; of a row of the engine, its kind and the verb; else as it is."""
    if act in ACTS:
        return str(ACTS[act])
    thing, _dot, verb = act.partition(".")
    sentences = {
        "created": _("%(thing)s made"),
        "changed": _("%(thing)s changed"),
        "deleted": _("%(thing)s deleted"),
    }
    if thing not in _THINGS or verb not in sentences:
        return act
    return sentences[verb] % {"thing": _THINGS[thing].verbose_name}


def detail_in_words(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was said of an act: names and values; a list is told one after another."""
    return [(str(DETAILS.get(name, name)), _value(name, value)) for name, value in detail.items()]


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name == "role" and value in Membership.Role.values:
        return str(Membership.Role(value).label)
    return str(value)
