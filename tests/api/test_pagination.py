"""Pages by keyset: every row once, there and back."""

from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from tests.cast import ApiClient

pytestmark = pytest.mark.django_db


def _fill(api, count):
    first = date(2026, 1, 1)
    rates = [
        {"date": (first + timedelta(days=day // 2)).isoformat(), "currency": ["USD", "JPY"][day % 2], "rate": "2"}
        for day in range(count)
    ]
    api.post("/fx-rates/bulk", {"rates": rates})


def _follow(api, link):
    parts = urlsplit(link)
    return api.get(f"{parts.path.removeprefix('/api/v1')}?{parts.query}").json()


def test_every_row_is_met_once_there_and_back(api):
    _fill(api, 7)

    page = api.get("/fx-rates", {"limit": 3}).json()
    assert page["previous"] is None
    there = [[row["id"] for row in page["results"]]]
    while page["next"]:
        page = _follow(api, page["next"])
        there.append([row["id"] for row in page["results"]])
    back = [there[-1]]
    while page["previous"]:
        page = _follow(api, page["previous"])
        back.insert(0, [row["id"] for row in page["results"]])

    assert [len(ids) for ids in there] == [3, 3, 1]
    assert len({pk for ids in there for pk in ids}) == 7
    assert back == there
    assert page["previous"] is None


def test_a_row_that_comes_in_between_moves_nothing(api):
    _fill(api, 6)
    page = api.get("/fx-rates", {"limit": 2}).json()
    expected = [row["id"] for row in api.get("/fx-rates").json()["results"]][2:]

    api.post("/fx-rates/bulk", {"rates": [{"date": "2026-12-31", "currency": "USD", "rate": "2"}]})
    rest = _follow(api, page["next"].replace("limit=2", "limit=50"))

    assert [row["id"] for row in rest["results"]] == expected


def test_a_cursor_of_another_tenant_or_another_list_is_none_at_all(api, globex_key):
    _fill(api, 4)
    link = urlsplit(api.get("/fx-rates", {"limit": 1}).json()["next"])

    foreign = ApiClient(globex_key).get(f"/fx-rates?{link.query}")
    invented = ApiClient(globex_key).get("/fx-rates", {"limit": 1, "cursor": "abc"})

    assert foreign.status_code == invented.status_code == 400
    assert foreign.content == invented.content
    assert foreign.json()["errors"] == [
        {
            "pointer": "?cursor",
            "code": "invalid_cursor",
            "detail": "Take the cursor from `next` or `previous` as it is.",
        }
    ]


def test_a_wrong_parameter_is_named(api):
    for query, pointer, code in [
        ("limit=0", "?limit", "invalid_limit"),
        ("limit=501", "?limit", "invalid_limit"),
        ("limit=ten", "?limit", "invalid_limit"),
        ("limit=1&limit=2", "?limit", "duplicate"),
        ("page=2", "?page", "unknown_field"),
        ("currency=XXX", "?currency", "invalid_currency"),
        ("currency=%00", "?currency", "invalid_text"),
        ("date_from=yesterday", "?date_from", "invalid_date"),
        ("date_from=0001-01-01", "?date_from", "invalid_date"),
        ("cursor=", "?cursor", "invalid_cursor"),
    ]:
        answer = api.get(f"/fx-rates?{query}")

        assert answer.status_code == 400
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_an_empty_list_is_one_empty_page(api):
    assert api.get("/fx-rates").json() == {"results": [], "next": None, "previous": None}
