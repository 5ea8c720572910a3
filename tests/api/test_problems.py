"""Every error under the API is `application/problem+json`, whoever raises it."""

import logging

import pytest
from django.test import Client

from tests.cast import ApiClient, log_in, make_key

pytestmark = pytest.mark.django_db

FIELDS = {"type", "title", "status", "detail", "errors"}


def shape(answer):
    body = answer.json()
    assert body.keys() == FIELDS
    assert body["status"] == answer.status_code
    return answer.status_code, answer.headers["Content-Type"]


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda api: api.get("/nothing-here"), 404),
        (lambda api: api.get("/contacts/999999999"), 404),
        (lambda api: api.get("/contacts/" + "9" * 30), 404),
        (lambda api: api.get("/contacts/" + "9" * 5000), 404),
        (lambda api: api.delete("/fx-rates"), 405),
        (lambda api: api.client.options("/api/v1/fx-rates", headers=api.headers), 405),
        (lambda api: api.get("/fx-rates", accept="text/html"), 406),
        (lambda api: api.client.post("/api/v1/fx-rates/bulk", b"x", content_type="text/csv", headers=api.headers), 415),
        (lambda api: api.get("/fx-rates?limit=x"), 400),
        (lambda api: api.get("/fx-rates", host="evil.example"), 400),
        (lambda api: api.client.get("/api/nothing-here"), 404),
    ],
)
def test_an_error_is_a_problem(api, send, status):
    assert shape(send(api)) == (status, "application/problem+json")


@pytest.mark.parametrize("key", [None, "scrm_1_short", "scrm_1_" + "x" * 43, "scrm_999999999999999999_" + "x" * 43])
def test_a_wrong_key_is_401_and_says_bearer(api, key):
    answer = ApiClient(key).get("/fx-rates")

    assert shape(answer) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_or_expired_key_is_refused_at_once(acme, inside):
    from datetime import timedelta

    from django.utils import timezone

    from tenants.models import ApiKey

    client = ApiClient(make_key(acme))
    statuses = [client.get("/fx-rates").status_code]
    for change in ({"revoked_at": timezone.now()}, {"revoked_at": None, "expires_at": timezone.now()}):
        with inside(acme):
            ApiKey.objects.for_tenant(acme).update(**change)
        statuses.append(client.get("/fx-rates").status_code)
    with inside(acme):
        ApiKey.objects.for_tenant(acme).update(expires_at=timezone.now() + timedelta(days=1))
    statuses.append(client.get("/fx-rates").status_code)

    assert statuses == [200, 401, 401, 200]


def test_a_key_is_noted_as_used(acme, api, inside):
    from tenants.models import ApiKey

    api.get("/fx-rates")

    with inside(acme):
        assert ApiKey.objects.for_tenant(acme).get().last_used_at is not None


def test_a_key_of_one_tenant_with_anothers_id_is_none(acme_key, globex):
    _, _, secret = acme_key.split("_", 2)

    assert ApiClient(f"scrm_{globex.pk}_{secret}").get("/fx-rates").status_code == 401


def test_a_missing_scope_is_named(acme):
    answer = ApiClient(make_key(acme, scopes=["orders:read"])).post("/fx-rates/bulk", {"rates": []})

    assert shape(answer) == (403, "application/problem+json")
    assert answer.json()["detail"] == "This needs the scope orders:write."


def test_strangers_at_a_console_api_get_problems(acme, charlie):
    anonymous = Client().get("/t/acme/api/v1/fx-rates")
    outsider = log_in(charlie).get("/t/acme/api/v1/fx-rates")
    nowhere = log_in(charlie).get("/t/nowhere/api/v1/fx-rates")

    assert shape(anonymous) == (401, "application/problem+json")
    assert shape(outsider) == shape(nowhere) == (404, "application/problem+json")
    assert outsider.content == nowhere.content


def test_a_session_needs_its_csrf_token_to_write(alice):
    browser = log_in(alice, enforce_csrf=True)
    send = {"content_type": "application/json"}
    token = browser.get("/t/acme/settings/tenant/").cookies["csrftoken"].value

    bare = browser.post("/t/acme/api/v1/fx-rates/bulk", {"rates": []}, **send)
    form = browser.post("/t/acme/api/v1/fx-rates/bulk", {"csrfmiddlewaretoken": token})
    right = browser.post("/t/acme/api/v1/fx-rates/bulk", {"rates": []}, headers={"X-CSRFToken": token}, **send)

    assert shape(bare) == (403, "application/problem+json")
    assert shape(form) == (415, "application/problem+json")
    assert right.status_code == 200


@pytest.mark.parametrize(("person", "status"), [("alice", 200), ("bob", 200), ("mei", 403)])
def test_a_role_has_its_scopes(request, acme, person, status):
    browser = log_in(request.getfixturevalue(person))

    read = browser.get("/t/acme/api/v1/fx-rates")
    write = browser.post("/t/acme/api/v1/fx-rates/bulk", {"rates": []}, content_type="application/json")

    assert (read.status_code, write.status_code) == (200, status)


def test_an_error_of_ours_is_logged_and_says_nothing(api, monkeypatch, caplog):
    from tenants.api.fx_rates import FxRateListView

    def broken(self, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(FxRateListView, "rows", broken)
    with caplog.at_level(logging.ERROR, logger="django.request"):
        answer = api.get("/fx-rates")

    assert shape(answer) == (500, "application/problem+json")
    assert b"secret" not in answer.content
    assert "secret detail" in caplog.text


def test_a_page_that_is_missing_is_no_problem_document(alice):
    assert log_in(alice).get("/t/acme/nothing-here/").headers["Content-Type"].startswith("text/html")
