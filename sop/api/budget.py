"""`/touch-budget`: how often one contact may be reached."""

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from sop.incoming import TouchBudgetBody
from sop.selectors.budget import messages_per_day
from sop.services.budget import set_messages_per_day
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView
from tenants.models import Tenant


class TouchBudgetAnswer(msgspec.Struct, frozen=True):
    """The tenant's touch budget."""

    per_day: int


class TouchBudgetView(TenantAPIView):
    """How many messages one contact gets on one day of the tenant's zone at most, from all SOPs together."""

    scopes = {"GET": "sops:read", "PUT": "sops:write"}
    body = TouchBudgetBody
    answer = TouchBudgetAnswer

    def get(self, request: Request) -> HttpResponse:
        """Read how many messages one contact gets on one day of the tenant's zone at most, from all SOPs together.

        What is above it is skipped with the reason `cap`.
        """
        return StructResponse(_answer(self.tenant))

    def put(self, request: Request) -> HttpResponse:
        """Set how many messages one contact gets on one day at most; more are skipped with the reason `cap`."""
        wanted = self.read(request, TouchBudgetBody)
        set_messages_per_day(**self.by, per_day=wanted.per_day)
        return StructResponse(_answer(self.tenant))


def _answer(tenant: Tenant) -> TouchBudgetAnswer:
    return TouchBudgetAnswer(messages_per_day(tenant=tenant))
