"""The SOP editor: for whom, when, what, until when; kept as a draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contacts import selectors as contact_selectors
from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.console.work.sop_editor_words import editor_words
from scrm.console.work.sop_page import STOPPED, sop_or_404
from scrm.console.work.sops_starters import STARTERS, SopStarter
from scrm.figures import moment
from segments.models import Segment
from sop.drafts import DraftIsInvalid
from sop.incoming import VersionBody
from sop.models import Sop, SopVersion
from sop.selectors import sops as selectors
from sop.services.editing import DraftHasChanged, create_sop, edit_sop, save_draft
from sop.services.living import SopIsArchived
from sop.templates import ATTRIBUTE, BRAND_NAME, CONTACT_NAME, variable_text
from tenants.access import EDITORS
from tenants.incoming import decode_one
from tenants.models import Tenant
from tenants.results import FieldError
from tenants.strict_json import BodyIsInvalid, decode

# 100 steps of 4,000 characters, each of which JSON may write as six
MAX_DRAFT_TEXT = 2_500_000


class SopForm(forms.Form):
    """An SOP's name, what it is for, and its draft as the editor wrote it. `errors_at` point into the draft."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=300, required=False)
    draft = forms.CharField(max_length=MAX_DRAFT_TEXT, widget=forms.HiddenInput, strip=False)
    # the version that the editor began with
    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
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
            elif not error.pointer.startswith(("/steps/", "/segment")):
                self.add_error(None, error.detail)
        self.errors_at = tuple(error for error in errors if error.pointer.startswith(("/steps/", "/segment")))
        if self.errors_at:
            self.add_error(None, _("Some of it cannot be kept; see beside it."))


@dataclass(frozen=True)
class Shown:
    """What the editor begins with; `newest`: the version to which nothing is added when it says the same."""

    sop: Sop | None = None
    newest: SopVersion | None = None
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
        messages.error(request, STOPPED)
        return redirect("sop", sop_id)
    newest = selectors.versions_of(tenant=request.tenant, sop_id=sop_id).order_by("-number").first()
    if newest is None:
        return _editor(request, Shown(found, name=found.name))
    return _editor(request, Shown(found, newest, _values(newest), found.name))


def _editor(request: ConsoleRequest, shown: Shown) -> HttpResponse:
    description = shown.sop.description if shown.sop else str(shown.starter.use) if shown.starter else ""
    after = shown.newest and shown.newest.pk
    form = SopForm(request.POST or None, initial={"name": shown.name, "description": description, "after": after})
    if request.method == "POST" and form.is_valid() and (saved := _save(request, form, shown)):
        return redirect("sop_publish" if "publish" in request.POST else "sop", saved.pk)
    segments = _segments(request.tenant, shown.newest)
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
            saved = _write(request, shown, told, body, after=form.cleaned_data["after"])
    except DraftIsInvalid as invalid:
        form.refuse(
            [msgspec.structs.replace(one, pointer=one.pointer.removeprefix("/version")) for one in invalid.errors]
        )
        return None
    except DraftHasChanged as changed:
        _tell_change(form, changed.newest)
        return None
    except SopIsArchived:
        form.add_error(None, STOPPED)
        return None
    messages.success(request, _("Saved."))
    return saved


def _write(request: ConsoleRequest, shown: Shown, told: dict[str, Any], body: VersionBody, *, after: int | None) -> Sop:
    if shown.sop is None:
        return create_sop(**by(request), **told, draft=body)
    if shown.newest is None or body != selectors.version_body(shown.newest):
        save_draft(**by(request), sop_id=shown.sop.pk, draft=body, after_id=after)
    if told != {"name": shown.sop.name, "description": shown.sop.description}:
        return edit_sop(tenant=request.tenant, sop_id=shown.sop.pk, **told, at=timezone.now())
    return shown.sop


def _tell_change(form: SopForm, newest: SopVersion) -> None:
    """Say who was quicker; what is posted after that was meant to take its place."""
    told = _("%(who)s has saved another draft at %(at)s. Saving again puts yours in its place.")
    form.add_error(None, told % {"who": newest.created_by, "at": moment(newest.created_at)})
    form.data = {**form.data.dict(), "after": str(newest.pk)}  # type: ignore[attr-defined]  # what was posted


def _posted(form: SopForm) -> Any:
    """What was posted, where it can be shown again."""
    try:
        value = decode(str(form.data.get("draft", "")).encode())
    except (BodyIsInvalid, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def _values(version: SopVersion) -> Any:
    return msgspec.to_builtins(selectors.version_body(version))


def _starter_values(starter: SopStarter) -> Any:
    steps = [msgspec.to_builtins(step.body()) for step in starter.steps]
    return {"segment": None, "steps": steps, "exits_on_leaving": False, "exits_on_order": starter.exits_on_order}


def _segments(tenant: Tenant, newest: SopVersion | None) -> list[dict[str, Any]]:
    """What may be an audience, by name, and the one that the newest version has."""
    is_usable = ~Q(state=Segment.State.ARCHIVED) | Q(pk=newest and newest.segment_id)
    usable = Segment.objects.for_tenant(tenant).filter(is_usable).order_by("name")
    return [
        {"id": pk, "name": name, "people": size, "state": state}
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
