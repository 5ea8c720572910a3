"""A list of contacts as a CSV file, made by a job."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from analytics.exports import safe_cell
from scrm.contact_lists.columns import COLUMNS, Column, cells, lines
from scrm.contact_lists.filters import ListFilters, count_found, found_before, read_filters
from tenants.jobs import Slice
from tenants.models import Job, Tenant
from tenants.services.audit import record_act
from tenants.services.jobs import Requester, ask_for_job

KIND = "contacts.export"
SLICE = 2_000


def ask_for_export(
    *,
    tenant: Tenant,
    filters: ListFilters,
    columns: Sequence[str],
    full_phones: bool,
    requester: Requester,
    at: datetime,
    address: str | None = None,
) -> Job:
    """Let a worker write whom the filters find into a file; the audit log tells who asked and for which columns.

    `full_phones`: as the role of whoever asks sees them.
    """
    chosen = [column for column in COLUMNS if column in columns]
    job = ask_for_job(
        tenant=tenant,
        kind=KIND,
        parameters={"filters": msgspec.to_builtins(filters), "columns": chosen, "full_phones": full_phones},
        requester=requester,
        file_name="contacts.csv",
        at=at,
    )
    record_act(
        tenant=tenant, at=at, actor=requester.actor, act="contacts.exported", target=f"#{job.pk}", address=address,
        columns=chosen, filters=filters.named,
    )  # fmt: skip
    return job


class ContactExport:
    """The job: newest contact first; a line a contact, its id and the chosen columns."""

    def total(self, *, tenant: Tenant, job: Job) -> int:
        return count_found(tenant=tenant, filters=read_filters(job.parameters["filters"]))

    def slice(self, *, tenant: Tenant, job: Job, at: datetime) -> Slice:
        columns = cast("list[Column]", job.parameters["columns"])
        filters = read_filters(job.parameters["filters"])
        found = found_before(tenant=tenant, filters=filters, before=job.place)
        people = list(found.select_related("channel")[:SLICE])
        rows: list[list[Any]] = [] if job.place is not None else [["contact", *columns]]
        rows += [
            cells(line, columns=columns, tenant=tenant, full_phones=job.parameters["full_phones"])
            for line in lines(tenant=tenant, people=people, columns=columns)
        ]
        place = people[-1].pk if len(people) == SLICE else None
        return Slice(done=len(people), place=place, content=_csv(rows, is_first=job.place is None))


def _csv(rows: list[list[Any]], *, is_first: bool) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[safe_cell(value) for value in row] for row in rows])
    # spreadsheets read UTF-8 only with its mark
    return text.getvalue().encode("utf-8-sig" if is_first else "utf-8")
