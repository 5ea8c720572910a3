"""Typed attributes: the fields that a tenant defines for its contacts."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from contacts import selectors
from contacts.attributes import MAX_KEY, MAX_LABEL, InvalidAttribute
from contacts.models import Attribute
from contacts.services.attributes import define_attribute, delete_attribute, edit_attribute
from scrm.console.views import ConsoleRequest, by, console_view, page
from scrm.figures import number
from segments.selectors.rules import Named, rules_naming
from tenants.access import EDITORS
from tenants.models import Tenant

MAX_POSITION = 32_767
MAX_CHOICES_TEXT = 50_000


class ChoicesField(forms.CharField):
    """Choices, one a line."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Choices"),
            required=False,
            max_length=MAX_CHOICES_TEXT,
            widget=forms.Textarea({"rows": 4}),
            help_text=gettext_lazy("One a line; for the kind “choice” alone."),
        )

    def clean(self, value: Any) -> list[str]:
        """The lines that say something."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class AttributeEditForm(forms.Form):
    """What may be changed of an attribute."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_LABEL)
    choices = ChoicesField()
    position = forms.IntegerField(
        label=gettext_lazy("Place in the list"), min_value=0, max_value=MAX_POSITION, required=False
    )


class AttributeForm(AttributeEditForm):
    """A new attribute; its key and kind stay for ever."""

    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=MAX_KEY,
        help_text=gettext_lazy("Its name in contacts' attributes over the API, such as city. It stays for ever."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Attribute.Kind.choices, initial=Attribute.Kind.TEXT)
    position = None  # type: ignore[assignment]
    field_order = ["label", "key", "kind", "choices"]


@console_view()
def attributes(request: ConsoleRequest) -> HttpResponse:
    """What is defined, how many contacts have a value, and a form for another."""
    may_edit = request.membership.role in EDITORS
    form = AttributeForm(request.POST or None)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if form.is_valid() and _define(request, form):
            return redirect("attributes")
    return page(
        request, "console/attributes.html", title=_("Attributes"), form=form, may_edit=may_edit,
        lines=_lines(request.tenant),
    )  # fmt: skip


@console_view(roles=EDITORS)
def attribute(request: ConsoleRequest, attribute_id: int) -> HttpResponse:
    """Change what an attribute is called, its choices and its place."""
    found = selectors.attributes(tenant=request.tenant).filter(pk=attribute_id).first()
    if found is None:
        raise Http404
    held = {"label": found.label, "choices": "\n".join(map(str, found.choices)), "position": found.position}
    form = AttributeEditForm(request.POST or None, initial=held)
    if found.kind != Attribute.Kind.CHOICE:
        del form.fields["choices"]
    if request.method == "POST" and form.is_valid() and _edit(request, form, attribute_id):
        messages.success(request, _("Saved."))
        return redirect("attributes")
    people = selectors.attribute_people(tenant=request.tenant, attribute_ids=[attribute_id]).get(attribute_id, 0)
    return page(
        request, "console/attributes_edit.html", title=found.label, parent_title=_("Attributes"),
        parent_link=reverse("attributes"), form=form, attribute=found, people=people,
        used_by=rules_naming(tenant=request.tenant, kind="attribute").get(attribute_id, []),
        question=_delete_question(found.label, people),
    )  # fmt: skip


@require_POST
@console_view(roles=EDITORS)
def attribute_delete(request: ConsoleRequest, attribute_id: int) -> HttpResponse:
    """Delete a definition; what contacts say under its key stays with them."""
    try:
        delete_attribute(**by(request), attribute_id=attribute_id)
    except Attribute.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The attribute is deleted; what contacts say stays with them."))
    return redirect("attributes")


def _lines(tenant: Tenant) -> list[tuple[Attribute, int, list[Named]]]:
    found = list(selectors.attributes(tenant=tenant))
    people = selectors.attribute_people(tenant=tenant, attribute_ids=[each.pk for each in found])
    rules = rules_naming(tenant=tenant, kind="attribute")
    return [(each, people.get(each.pk, 0), rules.get(each.pk, [])) for each in found]


def _define(request: ConsoleRequest, form: AttributeForm) -> bool:
    try:
        define_attribute(**by(request), **form.cleaned_data)
    except InvalidAttribute as error:
        form.add_error(error.field, str(error))
        return False
    messages.success(request, _("The attribute is defined, and read from what contacts say already."))
    return True


def _edit(request: ConsoleRequest, form: AttributeEditForm, attribute_id: int) -> bool:
    told: dict[str, Any] = {name: form.cleaned_data.get(name) for name in ("label", "choices", "position")}
    try:
        edit_attribute(**by(request), attribute_id=attribute_id, **told)
    except InvalidAttribute as error:
        form.add_error(error.field, str(error))
        return False
    except Attribute.DoesNotExist:
        raise Http404 from None
    return True


def _delete_question(label: str, people: int) -> str:
    told = ngettext(
        "Delete “%(label)s”? %(people)s contact has a value; rules that name it match nobody.",
        "Delete “%(label)s”? %(people)s contacts have a value; rules that name it match nobody.",
        people,
    )
    return told % {"label": label, "people": number(people)}
