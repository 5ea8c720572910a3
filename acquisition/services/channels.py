"""Channels: made on first use, named by people."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import UNSET, UnsetType

from acquisition.models import Channel
from contacts.selectors import NO_CHANNEL
from tenants.context import lock_tenant_writes
from tenants.models import Tenant


class ReservedSlug(ValueError):
    """No channel may be called this."""

    code = "reserved_slug"


def refuse_reserved(slug: str) -> None:
    """Refuse the word by which reports and filters mean contacts without a channel.

    Raises: ReservedSlug
    """
    if slug == NO_CHANNEL:
        said = _("`%(slug)s` stands for contacts without a channel, so no channel can be called this.")
        raise ReservedSlug(said % {"slug": slug})


def channel_ids(*, tenant: Tenant, slugs: Collection[str]) -> dict[str, int]:
    """The channels' ids by slug, made on first use. Called under `lock_tenant_writes`."""
    if not slugs:
        return {}
    held: QuerySet[Channel] = Channel.objects.for_tenant(tenant).filter(slug__in=slugs)
    ids: dict[str, int] = dict(held.values_list("slug", "pk"))
    new = [Channel(tenant=tenant, slug=slug, name=slug) for slug in sorted(set(slugs) - set(ids))]
    return ids | {channel.slug: channel.pk for channel in Channel.objects.bulk_create(new)}


def edit_channel(
    *,
    tenant: Tenant,
    channel_id: int,
    name: str | UnsetType = UNSET,
    is_paid: bool | UnsetType | None = UNSET,
) -> None:
    """Rename a channel, or say whether it is paid; None leaves that to its spend.

    Raises: Channel.DoesNotExist
    """
    lock_tenant_writes(tenant_id=tenant.pk)
    told = {"name": name, "is_paid": is_paid}
    fields = {field: value for field, value in told.items() if value is not UNSET}
    row = Channel.objects.for_tenant(tenant).filter(pk=channel_id)
    if not (row.update(**fields) if fields else row.exists()):
        raise Channel.DoesNotExist
