"""`/contacts/{id}/reach` over HTTP."""

from typing import Any

from django.utils import timezone

from contacts.services.consent import set_consent
from sop.models import CapUse
from tenants.context import tenant_transaction
from tests.cast import AT, ApiClient, make_key
from tests.sop.ledger.floor import lay_sop, make_people


def test_the_limit_consent_and_what_is_next_are_told(api: ApiClient, acme: Any) -> None:
    people = make_people(acme, count=1)
    ann, today = people[0].pk, timezone.now().date()
    lay_sop(acme, people, name="Welcome", due_at=timezone.now())
    with tenant_transaction(acme.pk):
        CapUse.objects.create(tenant=acme, contact_id=ann, date=today, used=1)

    told = api.get(f"/contacts/{ann}/reach").json()
    listed = api.get("/touchpoints", {"contact": ann}).json()["results"]

    assert told == {
        "contact_id": ann,
        "date": today.isoformat(),
        "per_day": 2,
        "used": 1,
        "left": 1,
        "consent": [
            {"touch_kind": "private_chat", "is_granted": None, "changed_at": None, "evidence": None, "actor": None}
        ],
        "next": listed[0],
    }


def test_a_refusal_leaves_nothing(api: ApiClient, acme: Any) -> None:
    ann = make_people(acme, count=1)[0].pk
    with tenant_transaction(acme.pk):
        told: dict[str, Any] = {"touch_kind": "private_chat", "evidence": "said so", "actor": "bob", "at": AT}
        set_consent(tenant=acme, contact_ids=[ann], is_granted=False, **told)

    answer = api.get(f"/contacts/{ann}/reach").json()

    assert (answer["left"], answer["next"]) == (0, None)
    said = answer["consent"][0]
    assert (said["is_granted"], said["evidence"], said["actor"]) == (False, "said so", "bob")


def test_other_brands_absent_contacts_and_other_scopes_get_nothing(api: ApiClient, acme: Any, globex: Any) -> None:
    ann, theirs = (make_people(tenant, count=1)[0].pk for tenant in (acme, globex))

    assert [api.get(f"/contacts/{pk}/reach").status_code for pk in (theirs, 10**12)] == [404, 404]
    assert ApiClient(make_key(acme, scopes=["contacts:read"])).get(f"/contacts/{ann}/reach").status_code == 403
