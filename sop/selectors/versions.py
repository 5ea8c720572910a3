"""Which versions of a tenant's SOPs watch segments, and from which entry to which."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef

from sop.models import Enrollment, Sop, SopVersion
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class WatchedVersion:
    """A published version of an SOP that goes on; entries after `after` count for it, up to `until` (None: no end)."""

    version: SopVersion
    sop_state: str
    after: int
    until: int | None

    def counts(self, transition_id: int) -> bool:
        """Whether this entry starts a run of this version."""
        return transition_id > self.after and (self.until is None or transition_id <= self.until)


def watched_versions(*, tenant: Tenant) -> list[WatchedVersion]:
    """The published versions of SOPs that are published or paused, by SOP and number, older ones too: people may still
    run through them.
    """
    versions = SopVersion.objects.for_tenant(tenant).filter(
        published_at__isnull=False, sop__state__in=(Sop.State.PUBLISHED, Sop.State.PAUSED)
    )
    rows = versions.select_related("sop").order_by("sop_id", "number")
    return [one for _sop_id, group in groupby(rows, key=lambda row: row.sop_id) for one in _chain(list(group))]


def stopped_sops(*, tenant: Tenant) -> list[Sop]:
    """SOPs that were stopped and that people still run through."""
    active = Enrollment.objects.for_tenant(tenant).filter(sop_id=OuterRef("pk"), state=Enrollment.State.ACTIVE)
    stopped = Sop.objects.for_tenant(tenant).filter(Exists(active), state=Sop.State.ARCHIVED)
    return list(stopped.order_by("pk"))


def _chain(versions: Sequence[SopVersion]) -> list[WatchedVersion]:
    """One SOP's versions, each ending where the next begins."""
    ends: list[int | None] = [version.after_transition_id for version in versions[1:]]
    return [
        WatchedVersion(version, version.sop.state, version.after_transition_id, until)
        for version, until in zip(versions, [*ends, None], strict=True)
    ]
