"""Tags: which there are, who carries them, what came and went; made, renamed and deleted here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from contacts import selectors
from contacts.models import Tag, TagGroup
from contacts.selectors import TagSummary
from contacts.services import tag_catalogue
from contacts.services.tag_catalogue import NameIsTaken, TagGroupHasTags, UnknownTagGroup
from contacts.tags import MAX_PART, InvalidTag
from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.figures import number
from segments.selectors.rules import Named, rules_naming
from tenants.access import EDITORS
from tenants.models import Tenant


@dataclass(frozen=True)
class GroupLines:
    """One group with its tags, each with the segments whose rules name it."""

    group: TagGroup
    tags: list[tuple[TagSummary, list[Named]]]


class NewTagForm(forms.Form):
    """A tag and the group that it goes into; a group is made when it is named for the first time."""

    group = forms.CharField(label=gettext_lazy("Group"), max_length=MAX_PART)
    name = forms.CharField(label=gettext_lazy("Tag"), max_length=MAX_PART)


class TagForm(forms.Form):
    """What may be changed of a tag."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_PART)
    group = forms.ChoiceField(label=gettext_lazy("Group"))

    def __init__(self, data: Any, *, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        groups = selectors.tag_groups(tenant=tenant)
        self.fields["group"].choices = [(str(group.pk), group.name) for group in groups]  # type: ignore[attr-defined]


class TagGroupForm(forms.Form):
    """What may be changed of a group."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_PART)


@console_view()
def tags(request: ConsoleRequest) -> HttpResponse:
    """Every tag by group, and a form for a new one."""
    may_edit = request.membership.role in EDITORS
    form = NewTagForm(request.POST or None)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if form.is_valid() and _make(request, form):
            return redirect("tags")
    text = request.GET.get("q", "").strip()[:100]
    return page(
        request, "console/tags.html", title=_("Tags"), form=form, may_edit=may_edit, text=text,
        groups=_groups(request.tenant, text), group_names=selectors.tag_groups(tenant=request.tenant),
    )  # fmt: skip


@console_view(roles=EDITORS)
def tag(request: ConsoleRequest, tag_id: int) -> HttpResponse:
    """Rename a tag, or move it to another group."""
    found = selectors.tags(tenant=request.tenant).filter(pk=tag_id).first()
    if found is None:
        raise Http404
    held = {"name": found.name, "group": str(found.group_id)}
    form = TagForm(request.POST or None, tenant=request.tenant, initial=held)
    if request.method == "POST" and form.is_valid():
        told = {"name": form.cleaned_data["name"], "group_id": int(form.cleaned_data["group"])}
        with refusals(form):
            tag_catalogue.edit_tag(**by(request), tag_id=tag_id, **told)
            messages.success(request, _("Saved."))
            return redirect("tags")
    people = selectors.tag_people(tenant=request.tenant, tag_ids=[tag_id]).get(tag_id, 0)
    return page(
        request, "console/tags_edit.html", title=found.name, parent_title=_("Tags"), parent_link=reverse("tags"),
        form=form, may_delete=True, delete_link=reverse("tag_delete", args=[tag_id]),
        used_by=rules_naming(tenant=request.tenant, kind="tag").get(tag_id, []),
        question=_delete_question(found.name, people),
    )  # fmt: skip


@require_POST
@console_view(roles=EDITORS)
def tag_delete(request: ConsoleRequest, tag_id: int) -> HttpResponse:
    """Delete a tag and take it off everybody."""
    try:
        tag_catalogue.delete_tag(**by(request), tag_id=tag_id)
    except Tag.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The tag is deleted."))
    return redirect("tags")


@console_view(roles=EDITORS)
def tag_group(request: ConsoleRequest, group_id: int) -> HttpResponse:
    """Rename a group."""
    found = selectors.tag_groups(tenant=request.tenant).filter(pk=group_id).first()
    if found is None:
        raise Http404
    form = TagGroupForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        with refusals(form):
            tag_catalogue.rename_tag_group(**by(request), group_id=group_id, name=form.cleaned_data["name"])
            messages.success(request, _("Saved."))
            return redirect("tags")
    return page(
        request, "console/tags_edit.html", title=found.name, parent_title=_("Tags"), parent_link=reverse("tags"),
        form=form, may_delete=not found.tag_count, delete_link=reverse("tag_group_delete", args=[group_id]),
        question=_("Delete the group “%(name)s”?") % {"name": found.name},
    )  # fmt: skip


@require_POST
@console_view(roles=EDITORS)
def tag_group_delete(request: ConsoleRequest, group_id: int) -> HttpResponse:
    """Delete an empty group."""
    try:
        tag_catalogue.delete_tag_group(**by(request), group_id=group_id)
    except TagGroup.DoesNotExist:
        raise Http404 from None
    except TagGroupHasTags:
        messages.error(request, _("This group has tags; delete or move them first."))
    else:
        messages.success(request, _("The group is deleted."))
    return redirect("tags")


@contextmanager
def refusals(form: forms.Form) -> Iterator[None]:
    """Put what the catalogue refuses beside the field that it is about."""
    try:
        yield
    except InvalidTag:
        said = _("Write 1 to 60 characters without control characters; a group's name has no slash.")
        form.add_error("group" if isinstance(form, NewTagForm) else "name", said)
    except NameIsTaken:
        form.add_error("name", _("This name is taken."))
    except UnknownTagGroup:
        form.add_error("group", _("There is no such tag group."))
    except (Tag.DoesNotExist, TagGroup.DoesNotExist):
        raise Http404 from None


def _make(request: ConsoleRequest, form: NewTagForm) -> bool:
    held = form.cleaned_data
    groups = selectors.tag_groups(tenant=request.tenant).filter(name=held["group"].strip())
    with refusals(form):
        group = groups.first() or tag_catalogue.create_tag_group(**by(request), name=held["group"])
        tag_catalogue.create_tag(**by(request), group_id=group.pk, name=held["name"])
        messages.success(request, _("The tag is made."))
    return form.is_valid()


def _groups(tenant: Tenant, text: str) -> list[GroupLines]:
    """The groups whose name, or some of whose tags' names, have the text."""
    rules = rules_naming(tenant=tenant, kind="tag")
    lines: dict[int, list[tuple[TagSummary, list[Named]]]] = {}
    for each in selectors.tag_summaries(tenant=tenant, at=timezone.now()):
        if text.lower() in f"{each.group}/{each.name}".lower():
            lines.setdefault(each.group_id, []).append((each, rules.get(each.id, [])))
    groups = selectors.tag_groups(tenant=tenant)
    return [GroupLines(group, lines.get(group.pk, [])) for group in groups if not text or group.pk in lines]


def _delete_question(name: str, people: int) -> str:
    told = ngettext(
        "Delete the tag “%(name)s”? It is taken off %(people)s contact.",
        "Delete the tag “%(name)s”? It is taken off %(people)s contacts.",
        people,
    )
    return told % {"name": name, "people": number(people)}
