"""Tables as files: CSV and XLSX by pandas, in which no cell can be taken for a formula."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from analytics.cohorts import CellContact, CohortRow, CohortTable
from tenants.money import to_decimal

FileFormat = Literal["csv", "xlsx"]
CONTENT_TYPES: Mapping[FileFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def cohort_lines(table: CohortTable) -> list[dict[str, Any]]:
    """One line a cohort: its figures, then those of each slice."""
    return [_cohort_line(row, table.currency) for row in table.rows]


def contact_lines(people: Sequence[CellContact], currency: str) -> list[dict[str, Any]]:
    """One line a contact of a cell."""
    return [
        {
            "contact": person.contact_id,
            "name": person.name,
            "channel": person.channel,
            "acquired_at": person.acquired_at,
            "purchases": person.purchases,
            "revenue_net": to_decimal(person.net_minor, currency),
            "revenue_gross": to_decimal(person.gross_minor, currency),
            "mature": person.is_mature,
        }
        for person in people
    ]


def to_file(lines: Sequence[Mapping[str, Any]], form: FileFormat) -> bytes:
    """The lines as the bytes of a file; the first line's keys are the heads."""
    import pandas as pd  # slow to import: only where it is needed

    frame = pd.DataFrame([{name: _safe(value) for name, value in line.items()} for line in lines], dtype=object)
    buffer = io.BytesIO()
    if form == "csv":
        buffer.write("\ufeff".encode())  # spreadsheets read UTF-8 only with it
        frame.to_csv(buffer, index=False)
    else:
        frame.to_excel(buffer, index=False, engine="openpyxl")
    return buffer.getvalue()


def _safe(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    plain = _CONTROL.sub("", value)
    return f"'{plain}" if _FORMULA.match(plain) else plain


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
    for name, cell in row.slices.items():
        line |= {
            f"revenue_net_{name}": to_decimal(cell.net_minor, currency),
            f"revenue_gross_{name}": to_decimal(cell.gross_minor, currency),
            f"clv_net_{name}": cell.clv_net,
            f"clv_gross_{name}": cell.clv_gross,
            f"roi_{name}": cell.roi,
            f"complete_{name}": cell.is_complete,
            f"mature_contacts_{name}": cell.mature_contacts,
            f"clv_net_mature_{name}": cell.clv_net_mature,
        }
    paid = row.payback
    return line | {
        "payback_status": paid.status,
        "payback_days": paid.days,
        "payback_sustained_days": paid.sustained_days,
        "payback_observed_days": paid.observed_days,
    }
