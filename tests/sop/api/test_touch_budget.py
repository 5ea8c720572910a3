"""`/touch-budget` over HTTP."""

from typing import Any

import pytest

from sop.models import TouchBudget
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import ApiClient, log_in, make_key

pytestmark = pytest.mark.django_db


def put(api: ApiClient, body: Any) -> Any:
    return api.send("put", "/touch-budget", body)


def test_it_is_two_until_it_is_set(api: ApiClient, acme: Any) -> None:
    before = api.get("/touch-budget").json()

    answers = [put(api, {"per_day": per_day}) for per_day in (1, 20, 20)]

    assert before == {"per_day": 2}
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"per_day": 1}),
        (200, {"per_day": 20}),
        (200, {"per_day": 20}),
    ]
    assert api.get("/touch-budget").json() == {"per_day": 20}
    with tenant_transaction(acme.pk):
        acts = AuditEntry.objects.for_tenant(acme).filter(act="touch_budget.changed").order_by("pk")
        assert [(act.actor, act.detail["before"], act.detail["per_day"]) for act in acts] == [
            ("API key tests", 2, 1),
            ("API key tests", 1, 20),
        ]


@pytest.mark.parametrize("body", [{"per_day": 0}, {"per_day": 21}, {"per_day": "2"}, {"per_day": 1.5}, {}, {"a": 1}])
def test_what_cannot_be_is_refused(api: ApiClient, acme: Any, body: Any) -> None:
    answer = put(api, body)

    assert answer.status_code == 400
    assert answer.json()["errors"]
    with tenant_transaction(acme.pk):
        assert not TouchBudget.objects.for_tenant(acme).exists()


def test_each_tenant_has_its_own(api: ApiClient, globex_key: str) -> None:
    theirs = ApiClient(globex_key)
    put(api, {"per_day": 7})

    assert theirs.get("/touch-budget").json() == {"per_day": 2}
    assert put(theirs, {"per_day": 3}).json() == {"per_day": 3}
    assert api.get("/touch-budget").json() == {"per_day": 7}


def test_reading_and_setting_need_their_scopes(acme: Any, mei: Any) -> None:
    reader = ApiClient(make_key(acme, scopes=["sops:read"]))
    stranger = ApiClient(make_key(acme, scopes=["contacts:read"], name="stranger"))

    assert [reader.get("/touch-budget").status_code, put(reader, {"per_day": 3}).status_code] == [200, 403]
    assert stranger.get("/touch-budget").status_code == 403
    assert log_in(mei).get("/t/acme/api/v1/touch-budget").json() == {"per_day": 2}
