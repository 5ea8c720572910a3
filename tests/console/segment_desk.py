"""An operator at the desk of segments: gets and posts pages in English, and looks at what was kept."""

from typing import Any

from contacts.models import Contact
from segments.models import Segment, SegmentVersion
from tenants.context import tenant_transaction
from tests.cast import log_in

HTMX = {"HX-Request": "true"}
ENGLISH = {"accept-language": "en"}


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers=ENGLISH)


def post(user: Any, path: str, **fields: Any) -> Any:
    return log_in(user).post(f"/t/acme/{path}", fields, headers=ENGLISH, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def named(tenant: Any, name: str) -> Any:
    with tenant_transaction(tenant.pk):
        return Segment.objects.for_tenant(tenant).get(name=name)


def rules(tenant: Any, segment_id: int) -> list[Any]:
    with tenant_transaction(tenant.pk):
        versions = SegmentVersion.objects.for_tenant(tenant).filter(segment_id=segment_id)
        return list(versions.order_by("number").values_list("rule", flat=True))


def contact_id(tenant: Any, name: str) -> int:
    with tenant_transaction(tenant.pk):
        return int(Contact.objects.for_tenant(tenant).get(name=name).pk)
