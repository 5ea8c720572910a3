"""`/contacts/{id}/consent`: whether a contact may be reached, one way at a time."""

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from contacts import incoming, selectors
from contacts.api import rows as shown
from contacts.services.consent import set_consent
from tenants.api.renderers import StructResponse
from tenants.api.views import TenantAPIView


class ConsentView(TenantAPIView):
    """Keep what a contact says of being reached one way; what was said before stays in its timeline."""

    scopes = {"POST": "contacts:write"}
    body = incoming.ConsentBody
    answer = shown.ConsentRow

    def post(self, request: Request, contact_id: int) -> HttpResponse:
        said = self.read(request, incoming.ConsentBody)
        set_consent(
            **self.by,
            contact_ids=[contact_id],
            touch_kind=said.touch_kind,
            is_granted=said.is_granted,
            evidence=said.evidence,
        )
        held = selectors.consents(tenant=self.tenant, contact_id=contact_id).filter(touch_kind=said.touch_kind).first()
        if held is None:
            raise Http404
        return StructResponse(shown.consent_row(held))
