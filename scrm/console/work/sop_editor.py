"""The SOP editor: for whom, when, what, until when; kept as a draft, then published with what that does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contacts import selectors as contact_selectors
from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.console.work.sop_editor_words import editor_words
from scrm.console.work.sop_page import sop_or_404, step_lines
from scrm.console.work.sops_starters import STARTERS, SopStarter
from segments.models import Segment
from sop.drafts import DraftIsInvalid
from sop.incoming import VersionBody
from sop.models import Sop, SopVersion
from sop.selectors import sops as selectors
from sop.selectors.outlook import per_day, publish_outlook
from sop.services.editing import create_sop, edit_sop, save_draft
from sop.services.living import SopIsArchived
from sop.services.publishing import CannotPublish, publish_sop
from sop.templates import ATTRIBUTE, BRAND_NAME, CONTACT_NAME, variable_text
from tenants.access import EDITORS
from tenants.incoming import decode_one
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.strict_json import BodyIsInvalid

# 100 steps of 4,000 characters, each of which JSON may write as six
MAX_DRAFT_TEXT = 2_500_000


class SopForm(forms.Form):
    """An SOP's name, what it is for, and its draft as the editor wrote it. `errors_at` point into the draft."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=300, required=False)
    draft = forms.CharField(max_length=MAX_DRAFT_TEXT, widget=forms.HiddenInput, strip=False)
    errors_at: tuple[FieldError, ...] = ()

    def body(self) -> VersionBody | None:
        """The draft; None where it is in error, which then stands beside its field."""
        try:
            return decode_one(self.cleaned_data["draft"].encode(), VersionBody)
        except BodyIsInvalid as invalid:
            self.refuse(invalid.errors)
            return None

    def refuse(self, errors: Sequence[FieldError]) -> None:
        """Put what a service refuses beside the field that it is about."""
        for error in errors:
            if error.pointer == "/name":
                self.add_error("name", error.detail)
        self.errors_at = tuple(error for error in errors if error.pointer != "/name")
        if self.errors_at:
            self.add_error(None, _("Some of it cannot be kept; see beside it."))


@dataclass(frozen=True)
class Shown:
    """What the editor begins with; `kept`: what the newest version says, to which nothing is added when it is alike."""

    sop: Sop | None = None
    kept: VersionBody | None = None
    begins: Any = None
    name: str = ""
    starter: SopStarter | None = None


@console_view(roles=EDITORS)
def sop_new(request: ConsoleRequest) -> HttpResponse:
    """A new SOP: empty, from a starter, or as a copy of another."""
    starter = STARTERS.get(request.GET.get("from", ""))
    if starter is not None:
        return _editor(request, Shown(begins=_starter_values(starter), name=str(starter.name), starter=starter))
    copied = request.GET.get("copy", "")
    if copied.isdecimal() and len(copied) < 19:
        other = sop_or_404(request.tenant, int(copied))
        version = selectors.shown_versions(tenant=request.tenant, sops=[other]).get(other.pk)
        name = _("%(name)s (copy)") % {"name": other.name[:90]}
        return _editor(request, Shown(begins=version and _values(version), name=name))
    return _editor(request, Shown())


@console_view(roles=EDITORS)
def sop_edit(request: ConsoleRequest, sop_id: int) -> HttpResponse:
    """The draft of an SOP; where there is none, another version that begins with the newest."""
    found = sop_or_404(request.tenant, sop_id)
    if found.state == Sop.State.ARCHIVED:
        messages.error(request, _("This SOP was stopped for good. Copy it to run it again."))
        return redirect("sop", sop_id)
    newest = selectors.versions_of(tenant=request.tenant, sop_id=sop_id).order_by("-number").first()
    if newest is None:
        return _editor(request, Shown(found, name=found.name))
    return _editor(request, Shown(found, selectors.version_body(newest), _values(newest), found.name))


@console_view(roles=EDITORS)
def sop_publish(request: ConsoleRequest, sop_id: int) -> HttpResponse:
    """What publishing the draft would do; and to do it."""
    found = sop_or_404(request.tenant, sop_id)
    outlook = publish_outlook(tenant=request.tenant, sop_id=sop_id, at=timezone.now())
    if outlook is None or found.state == Sop.State.ARCHIVED:
        messages.error(request, _("There is no draft to publish."))
        return redirect("sop", sop_id)
    if request.method == "POST" and _publish(request, found):
        return redirect("sop", sop_id)
    return page(
        request, "console/sop_publish.html", title=_("Publish"), parent_title=found.name,
        parent_link=reverse("sop", args=[sop_id]), sop=found, outlook=outlook,
        days=step_lines(list(outlook.version.steps.all()), {}),
        changes=_changes(request.tenant, found, outlook.version),
        needs_segment=outlook.version.segment.state != Segment.State.PUBLISHED,
    )  # fmt: skip


def _editor(request: ConsoleRequest, shown: Shown) -> HttpResponse:
    description = shown.sop.description if shown.sop else str(shown.starter.use) if shown.starter else ""
    form = SopForm(request.POST or None, initial={"name": shown.name, "description": description})
    if request.method == "POST" and form.is_valid() and (saved := _save(request, form, shown)):
        return redirect("sop_publish" if "publish" in request.POST else "sop", saved.pk)
    segments = _segments(request.tenant)
    return page(
        request, "console/sop_editor.html", title=_("Edit the schedule") if shown.sop else _("New SOP"),
        parent_title=shown.sop.name if shown.sop else "SOP",
        parent_link=reverse("sop", args=[shown.sop.pk]) if shown.sop else reverse("sops"),
        form=form, shown=shown, segments=segments, starters=STARTERS,
        config={
            "draft": _posted(form) or shown.begins,
            "segments": segments,
            "variables": _variables(request.tenant),
            "errors": msgspec.to_builtins(form.errors_at),
            "perDay": per_day(tenant=request.tenant),
            "zone": request.tenant.timezone,
            "words": editor_words(),
        },
    )  # fmt: skip


def _save(request: ConsoleRequest, form: SopForm, shown: Shown) -> Sop | None:
    """Keep name and draft, both or neither; None where the form now says what is wrong."""
    body = form.body()
    if body is None:
        return None
    told: dict[str, Any] = {name: form.cleaned_data[name] for name in ("name", "description")}
    try:
        with transaction.atomic():
            saved = _write(request, shown, told, body)
    except DraftIsInvalid as invalid:
        form.refuse(
            [msgspec.structs.replace(one, pointer=one.pointer.removeprefix("/version")) for one in invalid.errors]
        )
        return None
    except SopIsArchived:
        form.add_error(None, _("This SOP was stopped for good. Copy it to run it again."))
        return None
    messages.success(request, _("Saved."))
    return saved


def _write(request: ConsoleRequest, shown: Shown, told: dict[str, Any], body: VersionBody) -> Sop:
    if shown.sop is None:
        return create_sop(**by(request), **told, draft=body)
    if body != shown.kept:
        save_draft(**by(request), sop_id=shown.sop.pk, draft=body)
    return edit_sop(tenant=request.tenant, sop_id=shown.sop.pk, **told, at=timezone.now())


def _publish(request: ConsoleRequest, found: Sop) -> bool:
    include_members = "include_members" in request.POST
    try:
        published = publish_sop(**by(request), sop_id=found.pk, include_members=include_members)
    except CannotPublish as refused:
        for error in refused.errors:
            messages.error(request, error.detail)
        return False
    except SopIsArchived:
        messages.error(request, _("This SOP was stopped for good. Copy it to run it again."))
        return True
    told = _("Version %(number)d is published: who enters the segment from now on starts it.")
    messages.success(request, told % {"number": published.version.number})
    return True


def _posted(form: SopForm) -> Any:
    """What was posted, where it can be shown again."""
    try:
        value = msgspec.json.decode(str(form.data.get("draft", "")))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def _values(version: SopVersion) -> Any:
    return msgspec.to_builtins(selectors.version_body(version))


def _starter_values(starter: SopStarter) -> Any:
    steps = [msgspec.to_builtins(step.body()) for step in starter.steps]
    return {"segment": None, "steps": steps, "exits_on_leaving": False, "exits_on_order": starter.exits_on_order}


def _segments(tenant: Tenant) -> list[dict[str, Any]]:
    """What may be an audience, by name."""
    usable = Segment.objects.for_tenant(tenant).exclude(state=Segment.State.ARCHIVED).order_by("name")
    return [
        {"id": pk, "name": name, "people": size, "isDraft": state == Segment.State.DRAFT}
        for pk, name, size, state in usable.values_list("pk", "name", "size", "state")
    ]


def _variables(tenant: Tenant) -> list[dict[str, str]]:
    """What texts may say of a contact: its label, and the text that says it."""
    attributes = contact_selectors.attributes(tenant=tenant)
    return [
        {"label": pgettext("person", "Name"), "text": variable_text(CONTACT_NAME, fallback=_("friend"))},
        {"label": _("Brand"), "text": variable_text(BRAND_NAME)},
        *({"label": each.label, "text": variable_text(f"{ATTRIBUTE}{each.key}")} for each in attributes),
    ]


def _changes(tenant: Tenant, found: Sop, draft: SopVersion) -> dict[str, int] | None:
    """How many steps the draft has anew, as they were, and no more; None before a first version."""
    live = selectors.shown_versions(tenant=tenant, sops=[found]).get(found.pk)
    if found.live_number is None or live is None:
        return None
    before, after = selectors.version_body(live).steps, selectors.version_body(draft).steps
    kept = [step for step in after if step in before]
    return {"added": len(after) - len(kept), "kept": len(kept), "dropped": sum(step not in after for step in before)}
