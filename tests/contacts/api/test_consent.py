"""`/contacts/{id}/consent` over HTTP."""

from typing import Any

import pytest

from contacts.models import ConsentMove
from tenants.context import tenant_transaction
from tests.cast import ApiClient, make_key
from tests.contacts.crowd import make_people

pytestmark = pytest.mark.django_db

NO = {"touch_kind": "private_chat", "is_granted": False, "evidence": "asked us to stop"}


def test_consent_is_withdrawn_and_given(api: ApiClient, acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    path = f"/contacts/{ann}/consent"

    first, again, given = (api.post(path, body).json() for body in (NO, NO, NO | {"is_granted": True}))

    assert first == {"contact_id": ann, "touch_kind": "private_chat", "is_granted": False} | {
        "changed_at": first["changed_at"]
    }
    assert (again, given["is_granted"]) == (first, True)
    with tenant_transaction(acme.pk):
        said = ConsentMove.objects.for_tenant(acme).order_by("pk").values_list("is_granted", "evidence", "actor")
        assert list(said) == [(value, "asked us to stop", "API key tests") for value in (False, True)]


def test_what_cannot_be_is_refused(api: ApiClient, acme: Any, globex: Any) -> None:
    (ann,) = make_people(acme, "ann")
    (theirs,) = make_people(globex, "wang")
    bad = api.post(f"/contacts/{ann}/consent", NO | {"touch_kind": "pigeon"})

    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/touch_kind")
    assert [api.post(f"/contacts/{pk}/consent", NO).status_code for pk in (theirs, 10**12)] == [404, 404]
    with tenant_transaction(globex.pk):
        assert not ConsentMove.objects.for_tenant(globex).exists()
    reader = ApiClient(make_key(acme, scopes=["contacts:read"]))
    assert reader.post(f"/contacts/{ann}/consent", NO).status_code == 403
