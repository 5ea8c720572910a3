"""`/tag-groups` and `/tags`: which there are, who carries them, and putting them on contacts in bulk."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import incoming, selectors
from contacts.api import rows as shown
from contacts.api.refusals import refusals
from contacts.models import Tag
from contacts.services import tag_catalogue
from contacts.services.tag_rows import assign_tag_rows, remove_tag_rows
from contacts.services.tags import Occasion
from tenants.api.bulk import BulkView
from tenants.api.queries import PageQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import Id, Row, given
from tenants.models import Tenant
from tenants.results import RowResult


class TagQuery(PageQuery, kw_only=True, frozen=True):
    """Filters of the list of tags."""

    group: Id | None = None


class TagGroupListView(ListView):
    """Tag groups by name."""

    scopes = {"GET": "contacts:read", "POST": "contacts:write"}
    row = shown.TagGroupRow
    body = incoming.TagGroupNew
    answer = shown.TagGroupRow
    ordering = ("name", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return selectors.tag_groups(tenant=tenant)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [shown.tag_group_row(group, tags=group.tag_count) for group in found]

    def post(self, request: Request) -> HttpResponse:
        """Make a tag group."""
        new = self.read(request, incoming.TagGroupNew)
        with refusals():
            group = tag_catalogue.create_tag_group(**self.by, name=new.name)
        return StructResponse(shown.tag_group_row(group, tags=0))


class TagGroupView(TenantAPIView):
    """One tag group."""

    scopes = {"GET": "contacts:read", "PATCH": "contacts:write", "DELETE": "contacts:write"}
    body = incoming.TagGroupEdit
    answer = shown.TagGroupRow

    def get(self, request: Request, group_id: int) -> HttpResponse:
        """Read a tag group."""
        return StructResponse(_group(self.tenant, group_id))

    def patch(self, request: Request, group_id: int) -> HttpResponse:
        """Rename a tag group."""
        edit = self.read(request, incoming.TagGroupEdit)
        with refusals():
            tag_catalogue.rename_tag_group(**self.by, group_id=group_id, name=edit.name)
        return StructResponse(_group(self.tenant, group_id))

    def delete(self, request: Request, group_id: int) -> HttpResponse:
        """Delete a tag group that is empty. It is answered as it was."""
        was = _group(self.tenant, group_id)
        with refusals():
            tag_catalogue.delete_tag_group(**self.by, group_id=group_id)
        return StructResponse(was)


class TagListView(ListView):
    """Tags by group, and how many carry each."""

    scopes = {"GET": "contacts:read", "POST": "contacts:write"}
    row = shown.TagRow
    query = TagQuery
    body = incoming.TagNew
    answer = shown.TagRow
    ordering = ("group_id", "name", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        found = selectors.tags(tenant=tenant)
        return found if query.group is None else found.filter(group_id=query.group)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        people = selectors.tag_people(tenant=self.tenant, tag_ids=[tag.pk for tag in found])
        return [shown.tag_row(tag, people=people.get(tag.pk, 0)) for tag in found]

    def post(self, request: Request) -> HttpResponse:
        """Make a tag."""
        new = self.read(request, incoming.TagNew)
        with refusals():
            tag = tag_catalogue.create_tag(**self.by, group_id=new.group_id, name=new.name)
        return StructResponse(shown.tag_row(tag, people=0))


class TagView(TenantAPIView):
    """One tag."""

    scopes = {"GET": "contacts:read", "PATCH": "contacts:write", "DELETE": "contacts:write"}
    body = incoming.TagEdit
    answer = shown.TagRow

    def get(self, request: Request, tag_id: int) -> HttpResponse:
        """Read a tag."""
        return StructResponse(_tag(self.tenant, tag_id))

    def patch(self, request: Request, tag_id: int) -> HttpResponse:
        """Rename a tag, or move it to another group."""
        edit = self.read(request, incoming.TagEdit)
        told = given(edit)
        with refusals():
            tag_catalogue.edit_tag(**self.by, tag_id=tag_id, **told)
        return StructResponse(_tag(self.tenant, tag_id))

    def delete(self, request: Request, tag_id: int) -> HttpResponse:
        """Delete a tag: it is taken off everybody who carries it. It is answered as it was."""
        was = _tag(self.tenant, tag_id)
        with refusals():
            tag_catalogue.delete_tag(**self.by, tag_id=tag_id)
        return StructResponse(was)


class _TagBulkView(BulkView):
    """Moves tags of up to 1,000 contacts, each with its verdict."""

    scopes = {"POST": "contacts:write"}
    envelope = incoming.TagsBody
    items = "contacts"
    move: ClassVar[Callable[..., list[RowResult]]]

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        occasion = Occasion(source=envelope.source, evidence=envelope.evidence, actor=self.caller.name, at=at)
        return type(self).move(tenant=tenant, rows=rows, occasion=occasion)


class AssignTagsView(_TagBulkView):
    """Put tags on up to 1,000 contacts; tags and groups are made on first use, contacts are not."""

    move = staticmethod(assign_tag_rows)


class RemoveTagsView(_TagBulkView):
    """Take tags off up to 1,000 contacts."""

    move = staticmethod(remove_tag_rows)


def _group(tenant: Tenant, group_id: int) -> shown.TagGroupRow:
    group = selectors.tag_groups(tenant=tenant).filter(pk=group_id).first()
    if group is None:
        raise Http404
    return shown.tag_group_row(group, tags=group.tag_count)


def _tag(tenant: Tenant, tag_id: int) -> shown.TagRow:
    tag: Tag | None = selectors.tags(tenant=tenant).filter(pk=tag_id).first()
    if tag is None:
        raise Http404
    people = selectors.tag_people(tenant=tenant, tag_ids=[tag_id])
    return shown.tag_row(tag, people=people.get(tag_id, 0))
