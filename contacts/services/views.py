"""Named lists of contacts: saved and deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from contacts.models import SavedView
from contacts.selectors.views import views_that_may_be_deleted
from tenants.models import Membership, Tenant


class ViewExists(Exception):
    """The member has a view of this name."""


def save_view(
    *,
    tenant: Tenant,
    membership: Membership,
    name: str,
    filters: Mapping[str, str],
    columns: Sequence[str],
    is_shared: bool,
    at: datetime,
) -> SavedView:
    """Keep a list's filters and columns under a name, for a member or for all members.

    Raises: ViewExists
    """
    try:
        with transaction.atomic():
            view: SavedView = SavedView.objects.create(
                tenant=tenant,
                name=name,
                filters=dict(filters),
                columns=list(columns),
                is_shared=is_shared,
                created_by_id=membership.user_id,
                created_at=at,
            )
    except IntegrityError:
        raise ViewExists(name) from None
    return view


def delete_view(*, tenant: Tenant, membership: Membership, view_id: int) -> bool:
    """Delete a view of the member's own, as an owner any shared one; False where there is none such."""
    views = views_that_may_be_deleted(tenant=tenant, membership=membership)
    deleted, _by_model = views.filter(pk=view_id).delete()
    return bool(deleted)
