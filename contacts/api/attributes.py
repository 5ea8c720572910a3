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
from tenants.models import Tenant


class AttributeListView(ListView):
    """Attributes by position, and how many contacts have a value of each; or a new one.

    A new attribute is read at once from what contacts' attributes say under its key.
    """

    scopes = {"GET": "contacts:read", "POST": "contacts:write"}
    row = shown.AttributeRow
    body = incoming.AttributeNew
    answer = shown.AttributeRow
    ordering = ("position", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return selectors.attributes(tenant=tenant)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        tenant = self.request.tenant  # type: ignore[attr-defined]
        people = selectors.attribute_people(tenant=tenant, attribute_ids=[attribute.pk for attribute in found])
        return [shown.attribute_row(attribute, people=people.get(attribute.pk, 0)) for attribute in found]

    def post(self, request: Request) -> HttpResponse:
        new = self.read(request, incoming.AttributeNew)
        with refusals():
            attribute = attributes.define_attribute(**_by(request), **msgspec.structs.asdict(new), at=self.at)
        return StructResponse(_shown(request, attribute))


class AttributeView(TenantAPIView):
    """One attribute. Deleting it leaves contacts' attributes as they are; it is answered as it was."""

    scopes = {"GET": "contacts:read", "PATCH": "contacts:write", "DELETE": "contacts:write"}
    body = incoming.AttributeEdit
    answer = shown.AttributeRow

    def get(self, request: Request, attribute_id: int) -> HttpResponse:
        return StructResponse(_attribute(request, attribute_id))

    def patch(self, request: Request, attribute_id: int) -> HttpResponse:
        edit = self.read(request, incoming.AttributeEdit)
        told = {name: value for name, value in msgspec.structs.asdict(edit).items() if value is not msgspec.UNSET}
        with refusals():
            attributes.edit_attribute(**_by(request), attribute_id=attribute_id, **told, at=self.at)
        return StructResponse(_attribute(request, attribute_id))

    def delete(self, request: Request, attribute_id: int) -> HttpResponse:
        was = _attribute(request, attribute_id)
        with refusals():
            attributes.delete_attribute(**_by(request), attribute_id=attribute_id, at=self.at)
        return StructResponse(was)


def _by(request: Request) -> dict[str, Any]:
    """Whose rows are written, and by whom."""
    return {"tenant": request.tenant, "actor": request.auth.name}  # type: ignore[attr-defined,union-attr]


def _attribute(request: Request, attribute_id: int) -> shown.AttributeRow:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    attribute = selectors.attributes(tenant=tenant).filter(pk=attribute_id).first()
    if attribute is None:
        raise Http404
    return _shown(request, attribute)


def _shown(request: Request, attribute: Attribute) -> shown.AttributeRow:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    people = selectors.attribute_people(tenant=tenant, attribute_ids=[attribute.pk])
    return shown.attribute_row(attribute, people=people.get(attribute.pk, 0))
