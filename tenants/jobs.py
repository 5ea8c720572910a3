"""What a kind of job is. `settings.JOB_KINDS` names the kinds, so that the apps above bring theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from tenants.models import Job, Tenant


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice did; `place`: where the next one begins, None where nothing is left.

    `content` goes to the end of the job's file; `counts` are added to what the job has counted so far.
    """

    done: int
    place: Any
    content: bytes = b""
    counts: Mapping[str, int] = field(default_factory=dict)


class JobKind(Protocol):
    """One kind of work. A slice is kept with its place in one transaction, so it is done once, whoever dies."""

    def total(self, *, tenant: Tenant, job: Job) -> int:
        """How much there is to do."""

    def slice(self, *, tenant: Tenant, job: Job, at: datetime) -> Slice:
        """Do what comes at `job.place` (None: the beginning), for about a second at most."""


def job_kind(name: str) -> JobKind:
    """The kind of this name.

    Raises: KeyError
    """
    kind: JobKind = import_string(settings.JOB_KINDS[name])()
    return kind
