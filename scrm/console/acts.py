"""The audit log's acts and their details in words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrOrPromise

from scrm.contact_lists.titles import TITLES
from scrm.figures import day, moment, number, percent, zone
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
    "demo.begun": gettext_lazy("loading the demo begun"),
    "demo.loaded": gettext_lazy("demo loaded"),
    "sop.published": gettext_lazy("SOP published"),
    "sop.paused": gettext_lazy("SOP paused"),
    "sop.resumed": gettext_lazy("SOP resumed"),
    "sop.stopped": gettext_lazy("SOP stopped"),
    "touch_budget.changed": gettext_lazy("daily limit changed"),
}
ACTORS: Mapping[str, StrOrPromise] = {
    "command line": gettext_lazy("command line"),
    "demo": pgettext_lazy("actor", "demo"),
}
DETAILS: Mapping[str, StrOrPromise] = {
    "author": gettext_lazy("author"),
    "columns": gettext_lazy("columns"),
    "contact": gettext_lazy("contact"),
    "filters": gettext_lazy("filters"),
    "fields": gettext_lazy("fields"),
    "key": gettext_lazy("key"),
    "last_date": gettext_lazy("last day"),
    "margin": gettext_lazy("margin"),
    "name": gettext_lazy("name"),
    "owner": gettext_lazy("owner"),
    "people": gettext_lazy("people"),
    "per_day": gettext_lazy("messages per contact and day"),
    "role": gettext_lazy("role"),
    "rows": gettext_lazy("rows"),
    "scopes": gettext_lazy("scopes"),
    "timezone": gettext_lazy("time zone"),
    "version": gettext_lazy("version"),
    "written_at": gettext_lazy("written at"),
}
SCOPES: Mapping[str, StrOrPromise] = {
    "contacts:read": gettext_lazy("read contacts and tags"),
    "contacts:write": gettext_lazy("write contacts and tags"),
    "orders:read": gettext_lazy("read orders"),
    "orders:write": gettext_lazy("write orders"),
    "acquisition:read": gettext_lazy("read channels and spend"),
    "acquisition:write": gettext_lazy("write channels and spend"),
    "sops:read": gettext_lazy("read SOPs and touchpoints"),
    "sops:write": gettext_lazy("make and run SOPs"),
    "segments:read": gettext_lazy("read segments"),
    "segments:write": gettext_lazy("make segments"),
    "analytics:read": gettext_lazy("read boards"),
}
# what services name among the columns, filters and fields of an act; the engine names a form's labels
NAMES: Mapping[str, StrOrPromise] = {
    "acquired_from": gettext_lazy("Acquired from"),
    "acquired_to": gettext_lazy("Acquired to"),
    "channel": gettext_lazy("channel"),
    "choices": gettext_lazy("choices"),
    "contact_ids": gettext_lazy("chosen contacts"),
    "group": gettext_lazy("group"),
    "label": gettext_lazy("label"),
    "name": gettext_lazy("name"),
    "position": gettext_lazy("position"),
    "segment": gettext_lazy("segment"),
    "tag": gettext_lazy("tag"),
    "text": gettext_lazy("search text"),
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


def actor_in_words(actor: str) -> str:
    """Who acted: a person or a key by name, what is neither in words."""
    return str(ACTORS.get(actor, actor))


def scope_in_words(scope: str) -> str:
    """`orders:read` → `read orders`."""
    return str(SCOPES.get(scope, scope))


def detail_in_words(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was said of an act: names and values; a list is told one after another, a change as `before → after`."""
    told = [(name, _value(name, value)) for name, value in detail.items() if name != "before"]
    if "before" in detail and told:
        told[0] = (told[0][0], f"{_value(told[0][0], detail['before'])} → {told[0][1]}")
    return [(str(DETAILS.get(name, name)), value) for name, value in told]


def _value(name: str, value: Any) -> str:
    if isinstance(value, list):
        known: Mapping[Any, StrOrPromise] = TITLES if name == "columns" else {**NAMES, **SCOPES}
        return _(", ").join(str(known.get(each) or _label(each)) for each in map(str, value))
    return WRITERS.get(name, _plain)(value)


def _label(text: str) -> str:
    """A form's label in the reader's language: the engine kept it in English, with a capital."""
    small = text[:1].lower() + text[1:]
    return next((told for each in (small, text) if each and (told := _(each)) != each), text)


def _plain(value: Any) -> str:
    return number(value) if value is None or isinstance(value, int) else str(value)


def _role(value: str) -> str:
    return str(Membership.Role(value).label) if value in Membership.Role.values else value


WRITERS: Mapping[str, Callable[[Any], str]] = {
    "contact": lambda pk: f"#{pk}",
    "last_date": lambda text: day(date.fromisoformat(text)),
    "margin": percent,
    "role": _role,
    "timezone": zone,
    "version": str,
    "written_at": lambda text: moment(datetime.fromisoformat(text)),
}
