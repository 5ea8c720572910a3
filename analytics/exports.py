"""Tables as files: CSV and XLSX, in which no cell can be taken for a formula."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import IO, Any, Literal

from analytics.channels import ChannelBoard, ChannelRow
from analytics.cohorts import CellContact, CellQuery, CohortRow, CohortTable, Payback, SliceCell, SliceName
from analytics.repurchase import RepurchaseBoard, Share
from analytics.selectors.people import each_contact_of_cell
from tenants.models import Tenant
from tenants.money import to_decimal

FileFormat = Literal["csv", "xlsx"]
CONTENT_TYPES: Mapping[FileFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A file of contacts ends here; one that leaves some out says so in its name.
MAX_CONTACTS = 100_000
_CONTACT_HEADS = (
    "contact", "name", "channel", "acquired_at", "purchases", "revenue_net", "revenue_gross", "mature",
)  # fmt: skip
_FORMULA = re.compile(r"^\s*[=+\-@|%\t\r\n＝＋－＠｜％]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def cohort_lines(table: CohortTable) -> list[dict[str, Any]]:
    """One line a cohort: its figures, then those of each slice."""
    return [_cohort_line(row, table.currency) for row in table.rows]


def channel_lines(board: ChannelBoard) -> list[dict[str, Any]]:
    """One line a channel in the board's order, then all channels and the paid ones together."""
    lines = [_channel_line(row, row.channel or "", board) for row in board.rows]
    return [*lines, _channel_line(board.blended, "all", board), _channel_line(board.paid, "all_paid", board)]


def repurchase_lines(board: RepurchaseBoard) -> list[dict[str, Any]]:
    """One line a figure: the part of the board, what of it, then people, count, share and its interval.

    The curve has a line a day, of those at risk and who bought again on it; its share is to date, without an interval.
    """
    exposure, demand = board.exposure, board.demand
    lines = [
        _share_line("exposure", "private_chat", exposure.reached),
        _share_line("trust", "refused", exposure.refused),
        _share_line("trust", "opted_out", exposure.opted_out),
        _share_line("demand", "due", demand.due),
        _share_line("demand", "overdue", demand.overdue),
    ]
    for row in board.touches:
        lines.append(_share_line("touches_repurchased", str(row.touches), row.repurchased))
        lines.append(_share_line("touches_opted_out", str(row.touches), row.opted_out))
    for point in board.curve:
        held = {"people": point.at_risk, "count": point.repurchased, "share": point.share, "low": None, "high": None}
        lines.append({"part": "curve", "of": str(point.day), **held, "complete": True})
    for month in board.months:
        lines.append(_share_line("month_to_date", month.month.isoformat(), month.to_date, is_complete=False))
        lines += [
            _share_line(f"month_{days}d", month.month.isoformat(), share, is_complete=month.is_complete(days))
            for days, share in month.within.items()
        ]
    return lines


def contact_file(*, tenant: Tenant, query: CellQuery, form: FileFormat) -> tuple[IO[bytes], str]:
    """Write the contacts of a cell, the dearest first, into a temporary file: all of it within this transaction, but
    never all of them in memory.

    Shape: the file, at its start, and its name. A line a contact, at most `MAX_CONTACTS`; where that leaves some
    out, the name says that these are the first. Units: major units of the tenant's currency.
    Raises: UnknownChannel
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    with closing(each_contact_of_cell(tenant=tenant, query=query, limit=MAX_CONTACTS + 1)) as people:
        _WRITERS[form](file, (_contact_cells(person, tenant.currency) for person in islice(people, MAX_CONTACTS)))
        mark = "" if next(people, None) is None else f"-first-{MAX_CONTACTS}"
    file.seek(0)
    return file, f"contacts{mark}.{form}"


def _contact_cells(person: CellContact, currency: str) -> list[Any]:
    return [
        person.contact_id,
        safe_cell(person.name),
        safe_cell(person.channel),
        person.acquired_at.isoformat(),
        person.purchases,
        to_decimal(person.net_minor, currency),
        to_decimal(person.gross_minor, currency),
        person.is_mature,
    ]


def _write_csv(file: IO[bytes], lines: Iterable[list[Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # spreadsheets read UTF-8 only with its mark
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CONTACT_HEADS)
    writer.writerows(lines)
    text.detach()


def _write_xlsx(file: IO[bytes], lines: Iterable[list[Any]]) -> None:
    from openpyxl import Workbook  # slow to import: only where it is needed

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(_CONTACT_HEADS)
    for line in lines:
        sheet.append(line)
    book.save(file)


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx}


def to_file(lines: Sequence[Mapping[str, Any]], form: FileFormat) -> bytes:
    """The lines as the bytes of a file; the first line's keys are the heads."""
    import pandas as pd  # slow to import: only where it is needed

    frame = pd.DataFrame([{name: safe_cell(value) for name, value in line.items()} for line in lines], dtype=object)
    buffer = io.BytesIO()
    if form == "csv":
        buffer.write("\ufeff".encode())  # spreadsheets read UTF-8 only with it
        frame.to_csv(buffer, index=False)
    else:
        frame.to_excel(buffer, index=False, engine="openpyxl")
    return buffer.getvalue()


def safe_cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: a text that looks like one begins with a quote mark.

    Source: OWASP, "CSV Injection"
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    plain = _CONTROL.sub("", value)
    return f"'{plain}" if _FORMULA.match(plain) else plain


def _share_line(part: str, of: str, share: Share, *, is_complete: bool = True) -> dict[str, Any]:
    low, high = share.interval or (None, None)
    figures = {"people": share.people, "count": share.count, "share": share.value, "low": low, "high": high}
    return {"part": part, "of": of, **figures, "complete": is_complete}


def _cohort_line(row: CohortRow, currency: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        "cohort": row.cohort_date.isoformat(),
        "channel": row.channel or "",
        "contacts": row.contacts,
        "buyers": row.buyers,
        "cost": to_decimal(row.cost_minor, currency),
        "cac": row.cac,
        "left_truncated": row.is_left_truncated,
    }
    return line | _slice_figures(row.slices, currency) | _payback_figures(row.payback)


def _channel_line(row: ChannelRow, channel: str, board: ChannelBoard) -> dict[str, Any]:
    currency = board.currency
    line: dict[str, Any] = {
        "rank": row.rank,
        "standing": row.standing,
        "channel": channel,
        "paid": row.is_paid,
        "contacts": row.contacts,
        "buyers": row.buyers,
        "cost": to_decimal(row.cost_minor, currency),
        "cac": row.cac,
        "cost_share": row.cost_share,
        "value_share": row.value_share,
        "left_truncated": row.is_left_truncated,
    }
    own = {
        f"{what}_{name}": value
        for name, cell in row.slices.items()
        for what, value in (
            ("to", board.last_date(name, cell)),
            ("contacts", cell.contacts),
            ("cost", to_decimal(cell.cost_minor, currency)),
        )
    }
    return line | own | _slice_figures(row.slices, currency) | _payback_figures(row.payback)


def _slice_figures(slices: Mapping[SliceName, SliceCell], currency: str) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, cell in slices.items():
        figures |= {
            f"revenue_net_{name}": to_decimal(cell.net_minor, currency),
            f"revenue_gross_{name}": to_decimal(cell.gross_minor, currency),
            f"clv_net_{name}": cell.clv_net,
            f"clv_gross_{name}": cell.clv_gross,
            f"roi_{name}": cell.roi,
            f"complete_{name}": cell.is_complete,
            f"mature_contacts_{name}": cell.mature_contacts,
            f"clv_net_mature_{name}": cell.clv_net_mature,
        }
    return figures


def _payback_figures(payback: Payback) -> dict[str, Any]:
    return {
        "payback_status": payback.status,
        "payback_days": payback.days,
        "payback_sustained_days": payback.sustained_days,
        "payback_observed_days": payback.observed_days,
    }
