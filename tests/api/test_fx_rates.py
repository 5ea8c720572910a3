"""`/fx-rates`, the smallest whole use of the API framework."""

import pytest

pytestmark = pytest.mark.django_db

RATES = [{"date": f"2026-01-0{day}", "currency": "USD", "rate": "0.75"} for day in range(1, 6)]


def test_rates_are_created_then_unchanged_then_updated(api):
    first = api.post("/fx-rates/bulk", {"rates": RATES[:2]}).json()
    again = api.post("/fx-rates/bulk", {"rates": [RATES[0], {**RATES[1], "rate": "0.80"}]}).json()

    assert [row["status"] for row in first["results"]] == ["created", "created"]
    assert [row["status"] for row in again["results"]] == ["unchanged", "updated"]
    assert [row["id"] for row in again["results"]] == [row["id"] for row in first["results"]]
    assert again["summary"] == {"unchanged": 1, "updated": 1}


def test_the_last_of_two_rates_for_a_day_wins(api):
    answer = api.post("/fx-rates/bulk", {"rates": [RATES[0], {**RATES[0], "rate": "0.9"}]}).json()
    rows = api.get("/fx-rates").json()["results"]

    assert [row["status"] for row in answer["results"]] == ["stale", "created"]
    assert [row["rate"] for row in rows] == ["0.90000000"]


def test_the_tenants_own_currency_is_that_rows_error(api):
    answer = api.post("/fx-rates/bulk", {"rates": [{**RATES[0], "currency": "GBP"}, RATES[1]]}).json()

    assert [row["status"] for row in answer["results"]] == ["error", "created"]
    assert [error["pointer"] for error in answer["results"][0]["errors"]] == ["/rates/0/currency"]


def test_a_bad_row_stops_no_good_one(api):
    answer = api.post("/fx-rates/bulk", {"rates": [{**RATES[0], "rate": 0.75}, RATES[1]]}).json()

    assert answer["results"][0] == {
        "index": 0,
        "external_id": None,
        "status": "error",
        "id": None,
        "errors": [
            {
                "pointer": "/rates/0/rate",
                "code": "invalid_decimal",
                "detail": 'Send a decimal string of more than 0 such as "7.1234", at most 9 digits before the point'
                " and 8 after it.",
            }
        ],
    }
    assert answer["results"][1]["status"] == "created"
    assert answer["summary"] == {"created": 1, "error": 1}


def test_rates_are_filtered(api):
    api.post("/fx-rates/bulk", {"rates": [*RATES, {**RATES[0], "currency": "JPY"}]})

    found = api.get("/fx-rates", {"currency": "USD", "date_from": "2026-01-02", "date_to": "2026-01-03"}).json()

    assert [row["date"] for row in found["results"]] == ["2026-01-03", "2026-01-02"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_one_number_of_queries(api, count, django_assert_num_queries):
    api.post("/fx-rates/bulk", {"rates": RATES[:count]})

    # BEGIN, SET LOCAL, the key with its tenant, the rates, COMMIT
    with django_assert_num_queries(5):
        found = api.get("/fx-rates").json()

    assert len(found["results"]) == count
