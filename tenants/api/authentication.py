"""Who calls: an API key at `/api/v1/`, a member's session under `/t/<slug>/api/v1/`. Never the other way round."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from tenants import access, selectors
from tenants.api.parsers import refuse_other_media
from tenants.api.problems import ApiProblem
from tenants.keys import parse_key
from tenants.models import ApiKey, Membership
from tenants.services.keys import SCOPES, note_key_use

_READS = frozenset(scope for scope in SCOPES if scope.endswith(":read"))
ROLE_SCOPES = {
    Membership.Role.OWNER: frozenset(SCOPES),
    Membership.Role.OPERATOR: frozenset(SCOPES),
    Membership.Role.BRAND_MANAGER: _READS,
    Membership.Role.STAFF: frozenset({"contacts:read", "orders:read"}),
}


@dataclass(frozen=True)
class Caller:
    """What a request may do and under which name."""

    name: str
    scopes: frozenset[str]
    key: ApiKey | None = None
    membership: Membership | None = None

    @property
    def sees_full_phones(self) -> bool:
        """Whether phone numbers are answered whole: to a key always, to a member as its role sees them."""
        return self.membership is None or access.sees_full_phones(self.membership.role)

    @property
    def throttle_key(self) -> str:
        if self.key is not None:
            return f"key:{self.key.tenant_id}:{self.key.pk}"
        assert self.membership is not None
        return f"user:{self.membership.tenant_id}:{self.membership.user_id}"


class TenantAuthentication(BaseAuthentication):
    """Finds the live key inside its tenant's transaction, or takes the membership that the middleware found."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        header = request.headers.get("Authorization")
        if request.membership is not None:  # type: ignore[attr-defined]
            return self.session(request, header)
        if header is None and request._request.user.is_authenticated:
            raise Http404
        return self.key(request, header or "")

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def session(self, request: Request, header: str | None) -> tuple[Any, Caller]:
        if header is not None:
            raise Http404
        refuse_other_media(request)  # before Django's check looks for a form
        reason = CSRFCheck(lambda _: None).process_view(request._request, None, (), {})  # type: ignore[arg-type]
        if reason:
            raise ApiProblem(403, "Send the CSRF token of your session in X-CSRFToken.")
        membership: Membership = request.membership  # type: ignore[attr-defined]
        scopes = ROLE_SCOPES[Membership.Role(membership.role)]
        return membership.user, Caller(membership.user.email, scopes, membership=membership)

    def key(self, request: Request, header: str) -> tuple[Any, Caller]:
        parsed, at = parse_key(header), timezone.now()
        key = parsed and selectors.live_api_key(tenant_id=parsed.tenant_id, secret=parsed.secret, at=at)
        if not key:
            raise NotAuthenticated
        note_key_use(tenant=key.tenant, key=key, at=at)
        request._request.tenant = key.tenant  # type: ignore[attr-defined]
        request._request.api_key = key  # type: ignore[attr-defined]
        return None, Caller(f"API key {key.name}", frozenset(key.scopes), key=key)
