"""Bulk writes: one verdict per item, in order; a bad item never stops the good ones."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from tenants.api.parsers import read_body
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView
from tenants.incoming import Row, decode_bulk
from tenants.models import Tenant
from tenants.results import BulkResult, RowResult


class BulkView(TenantAPIView):
    """Decodes `envelope` with the list `items`, applies the valid rows, answers all of them."""

    envelope: ClassVar[type[msgspec.Struct]]
    items: ClassVar[str]
    answer = BulkResult

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        """Write the valid rows; one result for each of them."""
        raise NotImplementedError

    def post(self, request: Request) -> HttpResponse:
        bulk = decode_bulk(read_body(request), envelope=self.envelope, items=self.items)
        told: dict[str, Any] = {"tenant": self.tenant, "envelope": bulk.envelope, "rows": bulk.rows, "at": self.at}
        applied = self.apply(**told) if bulk.rows else ()
        results = sorted([*bulk.errors, *applied], key=lambda result: result.index)
        return StructResponse(BulkResult(results, dict(Counter(result.status for result in results))))
