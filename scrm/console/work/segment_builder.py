"""The rule builder: a draft is made and saved in sentences, then published with what that changes."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contacts import selectors as contact_selectors
from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.segment_builder_pickers import pickers
from scrm.console.work.segments_starters import STARTERS
from segments.models import Segment, SegmentVersion
from segments.rules import InvalidRule, Rule, RuleError, describe, parse_rule
from segments.selectors import segments as selectors
from segments.selectors.publishing_moves import Diff, publishing_moves
from segments.selectors.rules import known_names, rule_of, used_by
from segments.services.editing import NameIsTaken, create_segment, edit_segment
from segments.services.publishing import SegmentsFormARing, publish_segment
from sop.selectors.audiences import sops_by_segment
from tenants.access import EDITORS
from tenants.models import Tenant
from tenants.strict_json import BodyIsInvalid, decode

MOST_VALUES = 50
MAX_RULE_TEXT = 200_000
EMPTY_RULE: Any = {"type": "all", "of": []}


class SegmentForm(forms.Form):
    """A segment's name and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=300, required=False)


class RuleSegmentForm(SegmentForm):
    """With its rule, as the builder wrote it. `errors_at` are of its conditions, by pointer."""

    rule = forms.CharField(max_length=MAX_RULE_TEXT, widget=forms.HiddenInput)
    errors_at: tuple[RuleError, ...] = ()

    def parsed(self, *, tenant: Tenant) -> Rule | None:
        """The rule; None where it is in error, which then stands beside its condition."""
        try:
            value = decode(self.cleaned_data["rule"].encode())
            return parse_rule(value, known=known_names(tenant=tenant), pointer="")
        except BodyIsInvalid as error:
            self.errors_at = error.errors
            self.add_error(None, _("Some conditions cannot be used; see beside them."))
            return None


@dataclass(frozen=True)
class Draft:
    """What the builder begins with: the rule as JSON values, and of which segment it is."""

    rule: Any = field(default_factory=lambda: EMPTY_RULE)
    name: str = ""
    segment: Segment | None = None


@console_view(roles=EDITORS)
def segment_new(request: ConsoleRequest) -> HttpResponse:
    """A new rule, empty or from a starter."""
    starter = STARTERS.get(request.GET.get("from", ""))
    draft = Draft(starter.rule, str(starter.name)) if starter else Draft()
    return _builder(request, draft)


@console_view(roles=EDITORS)
def segment_edit(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """Another version of a rule: begins with the newest, or with the one that is asked for."""
    segment = segment_or_404(request.tenant, segment_id)
    if segment.kind == Segment.Kind.LIST:
        return _list_form(request, segment)
    version = _version(request, segment)
    return _builder(request, Draft(version.rule if version else EMPTY_RULE, segment.name, segment))


@console_view(roles=EDITORS)
def segment_new_list(request: ConsoleRequest) -> HttpResponse:
    """A new list, which is filled by hand."""
    return _list_form(request, None)


@require_GET
@console_view(roles=EDITORS)
def attribute_values(request: ConsoleRequest, attribute_id: int) -> HttpResponse:
    """The commonest values of an attribute, for the builder."""
    attribute = contact_selectors.attributes(tenant=request.tenant).filter(pk=attribute_id).first()
    if attribute is None:
        raise Http404
    found = contact_selectors.value_people(tenant=request.tenant, attribute=attribute, limit=MOST_VALUES)
    return JsonResponse({"values": [{"value": each.value, "people": each.people} for each in found]})


@console_view(roles=EDITORS)
def segment_publish(request: ConsoleRequest, segment_id: int) -> HttpResponse:
    """What publishing a version would change; and to do it."""
    segment = segment_or_404(request.tenant, segment_id)
    version = _version(request, segment)
    if segment.kind == Segment.Kind.RULE and version is None:
        raise Http404
    if request.method == "POST" and _publish(request, segment, version):
        return redirect("segment", segment_id)
    return page(
        request, "console/segment_publish.html", title=_("Publish"), parent_title=segment.name,
        parent_link=reverse("segment", args=[segment_id]), segment=segment, version=version,
        used_by=used_by(tenant=request.tenant).get(segment_id, []),
        sops=sops_by_segment(tenant=request.tenant, segment_ids=[segment_id]).get(segment_id, []),
        **_outlook(request.tenant, segment, version),
    )  # fmt: skip


def segment_or_404(tenant: Tenant, segment_id: int) -> Segment:
    """One segment of the tenant."""
    found = selectors.segment(tenant=tenant, segment_id=segment_id)
    if found is None:
        raise Http404
    return found


def _version(request: ConsoleRequest, segment: Segment) -> SegmentVersion | None:
    """The version that the address asks for, else the newest."""
    asked = request.GET.get("version", "")
    if asked.isdecimal() and len(asked) < 10:
        found = selectors.versions(tenant=request.tenant, segment_id=segment.pk).filter(number=int(asked)).first()
        if found is not None:
            return found
    return selectors.newest_version(tenant=request.tenant, segment_id=segment.pk)


def _builder(request: ConsoleRequest, draft: Draft) -> HttpResponse:
    description = draft.segment.description if draft.segment else ""
    form = RuleSegmentForm(request.POST or None, initial={"name": draft.name, "description": description})
    if request.method == "POST" and form.is_valid():
        rule = form.parsed(tenant=request.tenant)
        saved = rule and _save(request, form, draft.segment, rule)
        if saved:
            return redirect("segment_publish" if "publish" in request.POST else "segment", saved.pk)
    segment_id = draft.segment.pk if draft.segment else None
    config = {
        **pickers(tenant=request.tenant, without_segment=segment_id),
        "rule": _shown_rule(form, draft),
        "errors": [{"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in form.errors_at],
        "currency": request.tenant.currency,
        "zone": request.tenant.timezone,
    }
    return page(
        request, "console/segment_builder.html", title=_("Edit the rule") if draft.segment else _("New segment"),
        parent_title=draft.segment.name if draft.segment else _("Segments"),
        parent_link=reverse("segment", args=[segment_id]) if segment_id else reverse("segments"),
        form=form, draft=draft, config=config, starters=STARTERS,
    )  # fmt: skip


def _shown_rule(form: RuleSegmentForm, draft: Draft) -> Any:
    """What was posted, where it could be read; else what the draft says."""
    try:
        value = decode(str(form.data.get("rule", "")).encode())
    except BodyIsInvalid:
        return draft.rule
    return value if isinstance(value, dict) else draft.rule


def _save(request: ConsoleRequest, form: SegmentForm, segment: Segment | None, rule: Rule | None) -> Segment | None:
    """Make or change the segment; None where its name is taken."""
    by: dict[str, Any] = {"tenant": request.tenant, "actor": str(request.user), "at": timezone.now(), "rule": rule}
    told = {"name": form.cleaned_data["name"], "description": form.cleaned_data["description"]}
    kind = Segment.Kind.LIST if rule is None else Segment.Kind.RULE
    try:
        saved = (
            edit_segment(segment_id=segment.pk, **told, **by) if segment else create_segment(kind=kind, **told, **by)
        )
    except NameIsTaken:
        form.add_error("name", _("A segment of this name exists."))
        return None
    if segment is None or saved.updated_at != segment.updated_at:
        messages.success(request, _("Saved."))
    return saved


def _list_form(request: ConsoleRequest, segment: Segment | None) -> HttpResponse:
    held = {"name": segment.name, "description": segment.description} if segment else {}
    form = SegmentForm(request.POST or None, initial=held)
    if request.method == "POST" and form.is_valid() and (saved := _save(request, form, segment, None)):
        return redirect("segment", saved.pk)
    return page(
        request, "console/segment_list_form.html", title=_("Name and purpose") if segment else _("New list"),
        parent_title=segment.name if segment else _("Segments"),
        parent_link=reverse("segment", args=[segment.pk]) if segment else reverse("segments"), form=form,
    )  # fmt: skip


def _outlook(tenant: Tenant, segment: Segment, version: SegmentVersion | None) -> dict[str, Any]:
    """What the rule says and whom publishing moves; where it cannot be read any more, what is wrong with it."""
    diff: Diff | None = None
    words, errors = "", tuple[RuleError, ...]()
    if version is not None:
        try:
            known = known_names(tenant=tenant)
            rule = parse_rule(version.rule, known=known, pointer="")
            words = describe(rule, known)
            diff = publishing_moves(tenant=tenant, segment_id=segment.pk, rule=rule, at=timezone.now())
        except InvalidRule as error:
            errors, words = error.errors, _told_all_the_same(tenant, version)
    return {"words": words, "diff": diff, "errors": errors, "is_rule": version is not None}


def _told_all_the_same(tenant: Tenant, version: SegmentVersion) -> str:
    try:
        return describe(rule_of(tenant=tenant, version=version), known_names(tenant=tenant))
    except InvalidRule:
        return ""


def _publish(request: ConsoleRequest, segment: Segment, version: SegmentVersion | None) -> bool:
    number = version.number if version else None
    try:
        publish_segment(tenant=request.tenant, segment_id=segment.pk, number=number, at=timezone.now())
    except SegmentsFormARing as ring:
        messages.error(request, _("These segments would name each other in a ring: %(names)s.") % {"names": ring})
        return False
    except InvalidRule:
        messages.error(request, _("The rule names what has been deleted since; edit it first."))
        return False
    messages.success(request, _("Published.") if version is None else _("Published: its people follow within seconds."))
    return True
