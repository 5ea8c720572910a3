"""Writes that name themselves act once, whatever is retried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants.models import ApiKey, FxRate, IdempotencyRecord
from tenants.services.keys import note_key_use
from tests.cast import ApiClient, log_in, make_key

pytestmark = pytest.mark.django_db

BODY = {"rates": [{"date": "2026-01-01", "currency": "USD", "rate": "0.75"}]}
OTHER = {"rates": [{"date": "2026-01-01", "currency": "USD", "rate": "0.80"}]}


def send(api, body, key):
    return api.post("/fx-rates/bulk", body, Idempotency_Key=key)


def test_a_repeated_call_gets_the_stored_answer(api):
    first, again = send(api, BODY, "one"), send(api, BODY, '"one"')

    assert first.json()["summary"] == {"created": 1}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_call_that_notes_its_key_does_not_hold_up_one_that_keeps_its_answer(api, acme, inside):
    with inside(acme):
        key = ApiKey.objects.for_tenant(acme).get()
        note_key_use(tenant=acme, key=key, at=timezone.now())

        def call():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            answer = send(api, BODY, "one").status_code
            connection.close()
            return answer

        with ThreadPoolExecutor(1) as pool:
            status = pool.submit(call).result()

    assert status == 200


def test_another_body_under_the_same_key_is_422_and_changes_nothing(api, acme, inside):
    send(api, BODY, "one")

    answer = send(api, OTHER, "one")

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    with inside(acme):
        assert str(FxRate.objects.for_tenant(acme).get().rate) == "0.75000000"


def test_other_keys_routes_and_api_keys_are_other_calls(api, acme):
    statuses = [send(api, BODY, name).json()["summary"] for name in ("one", "two")]
    statuses.append(send(ApiClient(make_key(acme)), BODY, "one").json()["summary"])

    assert statuses == [{"created": 1}, {"unchanged": 1}, {"unchanged": 1}]


def test_a_refused_call_is_not_kept(api):
    refused = send(api, {"rates": "none"}, "one")

    assert refused.status_code == 400
    assert send(api, BODY, "one").json()["summary"] == {"created": 1}


def test_an_answer_is_forgotten_after_a_day(api, acme, inside):
    send(api, BODY, "one")
    with inside(acme):
        IdempotencyRecord.objects.for_tenant(acme).update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    again = send(api, BODY, "one")

    assert again.json()["summary"] == {"unchanged": 1}


@pytest.mark.parametrize("key", ["", '""', "x" * 256, '"unclosed', '{"a": 1}' * 0 + "\x7f"])
def test_a_key_that_is_none_is_400(api, key):
    assert send(api, BODY, key).status_code == 400


def test_a_session_cannot_name_its_calls(alice):
    answer = log_in(alice).post(
        "/t/acme/api/v1/fx-rates/bulk", BODY, content_type="application/json", headers={"Idempotency-Key": "one"}
    )

    assert answer.status_code == 400


def test_a_read_ignores_the_key(api):
    assert api.get("/fx-rates", Idempotency_Key="one").status_code == 200


def test_fifty_calls_at_once_act_once(acme, acme_key, inside):
    def call(number):
        try:
            return send(ApiClient(acme_key), BODY, "race")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(50)))

    statuses = {answer.status_code for answer in answers}
    good = {answer.content for answer in answers if answer.status_code == 200}
    assert statuses <= {200, 409}
    assert len(good) == 1
    assert send(ApiClient(acme_key), BODY, "race").content in good
    with inside(acme):
        assert FxRate.objects.for_tenant(acme).count() == IdempotencyRecord.objects.for_tenant(acme).count() == 1


def test_a_call_that_is_still_running_is_409(api, acme, acme_key, monkeypatch):
    from tenants.api import fx_rates
    from tenants.services import fx

    inner = []
    save = fx.save_rates

    def slow(**kwargs):
        with ThreadPoolExecutor(1) as pool:
            inner.append(pool.submit(second).result())
        return save(**kwargs)

    def second():
        try:
            return send(ApiClient(acme_key), BODY, "one")
        finally:
            connection.close()

    monkeypatch.setattr(fx_rates, "save_rates", slow)
    first = send(api, BODY, "one")

    assert (first.status_code, inner[0].status_code) == (200, 409)
    assert inner[0].headers["Content-Type"] == "application/problem+json"
