"""`/contacts`: people, as systems tell them and as clients read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from acquisition import selectors
from acquisition.api import rows
from acquisition.incoming import ContactEdit, ContactsBody
from acquisition.services.contacts import sync_contacts
from contacts import selectors as people
from contacts.models import Contact
from contacts.profiles import AttributesAreTooLarge
from contacts.services.profiles import edit_contact
from contacts.tags import InvalidTag, parse_tag
from tenants.api.bulk import BulkView
from tenants.api.problems import ApiProblem
from tenants.api.queries import SyncQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import Day, Row, Slug, Text100, Text200, given
from tenants.models import Tenant
from tenants.results import FieldError, RowResult


class ContactQuery(SyncQuery, frozen=True, kw_only=True):
    """Filters of the list."""

    q: (
        Annotated[
            Text100,
            msgspec.Meta(description="Any part of a name, four or more digits of a phone, or an identity."),
        ]
        | None
    ) = None
    tag: Annotated[Text200, msgspec.Meta(description="`group/name`.")] | None = None
    channel: Annotated[Slug, msgspec.Meta(description="A channel's slug, or `unattributed`.")] | None = None
    acquired_from: Annotated[Day, msgspec.Meta(description="The tenant's day, included.")] | None = None
    acquired_to: Annotated[Day, msgspec.Meta(description="The tenant's day, included.")] | None = None


class ContactsBulkView(BulkView):
    """Upsert up to 1,000 contacts by their identities."""

    scopes = {"POST": "contacts:write"}
    envelope = ContactsBody
    items = "contacts"

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        return sync_contacts(tenant=tenant, rows=rows, actor=self.caller.name, at=at)


class ContactListView(ListView):
    """Contacts, newest acquisition first; with `q` the newest contact first. Routed where segments are known."""

    scopes = {"GET": "contacts:read"}
    row = rows.ContactRow
    query = ContactQuery

    @property
    def ordering(self) -> tuple[str, ...]:  # type: ignore[override]
        return people.list_ordering(people.ContactFilters(text=self.parameters.q or ""))

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        filters = _filters(query, among=self.among(tenant=tenant, query=query))
        none: QuerySet[Any] = Contact.objects.none()
        found = none if filters is None else people.contact_list(tenant=tenant, filters=filters)
        return found.select_related("channel")

    def among(self, *, tenant: Tenant, query: Any) -> QuerySet[Any, Any] | None:
        """A query of the ids that the list is narrowed to."""
        return None

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        carried = people.contact_tags(tenant=self.tenant, contact_ids=[contact.pk for contact in found])
        tags = rows.tag_names(carried)
        sees = self.caller.sees_full_phones
        return [rows.contact_row(row, tags=tags.get(row.pk, []), sees_full_phones=sees) for row in found]


class ContactView(TenantAPIView):
    """One contact."""

    scopes = {"GET": "contacts:read", "PATCH": "contacts:write"}
    body = ContactEdit
    answer = rows.ContactDetail

    def get(self, request: Request, contact_id: int) -> HttpResponse:
        """Read a contact: its tags, identities and touches."""
        return StructResponse(_detail(self.tenant, contact_id, sees_full_phones=self.caller.sees_full_phones))

    def patch(self, request: Request, contact_id: int) -> HttpResponse:
        """Change a contact's name or attributes; those are merged key by key."""
        edit = self.read(request, ContactEdit)
        try:
            edit_contact(tenant=self.tenant, contact_id=contact_id, at=self.at, **given(edit))
        except Contact.DoesNotExist:
            raise Http404 from None
        except AttributesAreTooLarge as error:
            fault = FieldError("/attributes", error.code, str(error))
            raise ApiProblem(400, "The body cannot be used; see errors.", errors=[fault]) from None
        return StructResponse(_detail(self.tenant, contact_id, sees_full_phones=self.caller.sees_full_phones))


def _detail(tenant: Tenant, contact_id: int, *, sees_full_phones: bool) -> rows.ContactDetail:
    contact = people.contact(tenant=tenant, contact_id=contact_id)
    if contact is None:
        raise Http404
    return rows.contact_detail(
        contact,
        tags=[str(row.tag) for row in people.contact_tags(tenant=tenant, contact_ids=[contact.pk])],
        identities=people.identities(tenant=tenant, contact_id=contact.pk),
        touches=selectors.touches(tenant=tenant, contact_id=contact.pk),
        sees_full_phones=sees_full_phones,
    )


def _filters(query: ContactQuery, *, among: QuerySet[Any, Any] | None) -> people.ContactFilters | None:
    """The list's filters; None when the tag can be no tag."""
    try:
        tag = parse_tag(query.tag) if query.tag else None
    except InvalidTag:
        return None
    return people.ContactFilters(
        text=query.q or "",
        tag=tag,
        channel=query.channel,
        acquired_from=query.acquired_from,
        acquired_to=query.acquired_to,
        among=among,
    )
