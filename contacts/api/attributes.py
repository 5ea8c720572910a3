"""`/attributes`: the typed fields that a tenant defines for its contacts."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import incoming, selectors
from contacts.api import rows as shown
from contacts.api.refusals import refusals
from contacts.models import Attribute
from contacts.services import attributes
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import given
from tenants.models import Tenant


class AttributeListView(ListView):
    """Attributes by position, and how many contacts have a value of each."""

    scopes = {"GET": "contacts:read", "POST": "contacts:write"}
    row = shown.AttributeRow
    body = incoming.AttributeNew
    answer = shown.AttributeRow
    ordering = ("position", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return selectors.attributes(tenant=tenant)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        people = selectors.attribute_people(tenant=self.tenant, attribute_ids=[attribute.pk for attribute in found])
        return [shown.attribute_row(attribute, people=people.get(attribute.pk, 0)) for attribute in found]

    def post(self, request: Request) -> HttpResponse:
        """Make an attribute; it is read at once from what contacts' attributes say under its key."""
        new = self.read(request, incoming.AttributeNew)
        with refusals():
            attribute = attributes.define_attribute(**self.by, **msgspec.structs.asdict(new))
        return StructResponse(_shown(self.tenant, attribute))


class AttributeView(TenantAPIView):
    """One attribute."""

    scopes = {"GET": "contacts:read", "PATCH": "contacts:write", "DELETE": "contacts:write"}
    body = incoming.AttributeEdit
    answer = shown.AttributeRow

    def get(self, request: Request, attribute_id: int) -> HttpResponse:
        """Read an attribute."""
        return StructResponse(_attribute(self.tenant, attribute_id))

    def patch(self, request: Request, attribute_id: int) -> HttpResponse:
        """Change an attribute's label, choices or position."""
        edit = self.read(request, incoming.AttributeEdit)
        told = given(edit)
        with refusals():
            attributes.edit_attribute(**self.by, attribute_id=attribute_id, **told)
        return StructResponse(_attribute(self.tenant, attribute_id))

    def delete(self, request: Request, attribute_id: int) -> HttpResponse:
        """Delete an attribute; contacts' attributes stay as they are. It is answered as it was."""
        was = _attribute(self.tenant, attribute_id)
        with refusals():
            attributes.delete_attribute(**self.by, attribute_id=attribute_id)
        return StructResponse(was)


def _attribute(tenant: Tenant, attribute_id: int) -> shown.AttributeRow:
    attribute = selectors.attributes(tenant=tenant).filter(pk=attribute_id).first()
    if attribute is None:
        raise Http404
    return _shown(tenant, attribute)


def _shown(tenant: Tenant, attribute: Attribute) -> shown.AttributeRow:
    people = selectors.attribute_people(tenant=tenant, attribute_ids=[attribute.pk])
    return shown.attribute_row(attribute, people=people.get(attribute.pk, 0))
