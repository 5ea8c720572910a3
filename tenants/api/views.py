"""The base of every REST view: parse, one call, answer; the tenant's transaction is open already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.api import idempotency, pagination, throttling
from tenants.api.authentication import Caller
from tenants.api.parsers import read_body
from tenants.api.queries import PageQuery, Query, SyncQuery, read_query
from tenants.api.renderers import StructResponse
from tenants.incoming import decode_one
from tenants.models import Tenant

_T = TypeVar("_T", bound=msgspec.Struct)
_METHODS = ("get", "post", "put", "patch", "delete")


class TenantAPIView(APIView):
    """One address of one tenant's API.

    `scopes` says what each method needs; `query`, `body` and `answer` are the Structs of its parameters, its body and
    its answer (sent with `answer_status`), for reading and for the schema. `self.at` is the request's instant.
    """

    http_method_names = [*_METHODS, "head"]
    scopes: ClassVar[dict[str, str]] = {}
    query: ClassVar[type[Query]] = Query
    body: ClassVar[type[msgspec.Struct] | None] = None
    answer: ClassVar[type[msgspec.Struct] | None] = None
    answer_status: ClassVar[int] = 200
    at: datetime
    parameters: Any
    turn: idempotency.Turn | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        bare = [method for method in _METHODS if hasattr(cls, method) and method.upper() not in cls.scopes]
        if cls.scopes and bare:
            raise TypeError(f"{cls.__name__} says no scope for {', '.join(bare)}")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.at = timezone.now()
        self.parameters = read_query(request, self.query if request.method in ("GET", "HEAD") else Query)
        self.turn = idempotency.begin(request, at=self.at)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        self.turn = None
        return exc.response if isinstance(exc, idempotency.Replay) else super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        throttling.put_headers(response, getattr(request._request, "scrm_rate", None))
        if self.turn is not None:
            if isinstance(response, Response):
                response.add_post_render_callback(self.turn.keep)
            else:
                self.turn.keep(response)
        return response

    @property
    def caller(self) -> Caller:
        """Who asks: a key, or a member."""
        caller: Caller = self.request.auth  # type: ignore[assignment]
        return caller

    @property
    def tenant(self) -> Tenant:
        """Whose rows are read and written."""
        tenant: Tenant = self.request.tenant  # type: ignore[attr-defined]
        return tenant

    @property
    def by(self) -> dict[str, Any]:
        """Whose rows are written, by whom and when: what services take."""
        return {"tenant": self.tenant, "actor": self.caller.name, "at": self.at}

    def read(self, request: Request, type_: type[_T]) -> _T:
        """The request's body as this Struct.

        Raises: BodyIsInvalid
        """
        return decode_one(read_body(request), type_)


class ListView(TenantAPIView):
    """A list of one tenant's rows, by keyset. With `updated_after` it is a sync: oldest change first."""

    row: ClassVar[type[msgspec.Struct]]
    query = PageQuery
    ordering: ClassVar[Sequence[str]] = ("-id",)
    sync_ordering: ClassVar[Sequence[str]] = ("updated_at", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        """The filtered rows, unordered; `updated_after` is applied here."""
        raise NotImplementedError

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        """The rows of one page as Structs."""
        raise NotImplementedError

    def get(self, request: Request, **kwargs: Any) -> HttpResponse:
        query, ordering = self.parameters, self.ordering
        queryset = self.rows(tenant=self.tenant, query=query, **kwargs)
        if isinstance(query, SyncQuery) and query.updated_after is not None:
            ordering, queryset = self.sync_ordering, queryset.filter(updated_at__gt=query.updated_after)
        page = pagination.paginate(request, queryset, query=query, ordering=ordering, shape=self.shape, row=self.row)
        return StructResponse(page)
