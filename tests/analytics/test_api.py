"""The cohort addresses: parameters, files, scopes, and nothing of another tenant."""

import csv
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

import pytest

from analytics import exports
from tests.analytics.datasets import load, post
from tests.cast import ApiClient, make_key

pytestmark = pytest.mark.django_db

AS_OF = "2024-06-30T00:00:00Z"


@pytest.fixture
def shop(transactional_db: Any) -> Any:
    from tenants.models import Tenant

    return Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")


@pytest.fixture
def api(shop: Any) -> ApiClient:
    return load(shop, "edge_cases")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("period", "year"),
        ("from", "2024-13-01"),
        ("to", "x"),
        ("as_of", "2024-06-30T00:00:00"),
        ("as_of", "9999-06-30T00:00:00Z"),
        ("margin", "1.5"),
        ("margin", "NaN"),
        ("margin", "0.12345"),
        ("channel", "nobody"),
        ("live_code", "poster"),
        ("split", "shop"),
        ("format", "pdf"),
        ("colour", "red"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(api: ApiClient, parameter: str, value: str) -> None:
    response = api.get("/analytics/cohorts", {parameter: value})

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [f"?{parameter}"]


def test_parameters_may_be_empty_and_ranges_snap_outward(api: ApiClient) -> None:
    asked = {"from": "2024-02-10", "to": "2024-03-02", "as_of": AS_OF, "channel": "", "live_code": ""}

    table = api.get("/analytics/cohorts", asked).json()

    assert (table["from"], table["to"]) == ("2024-02-01", "2024-03-31")
    assert [row["cohort"] for row in table["rows"]] == ["2024-02-01", "2024-03-01"]
    assert table["margin"] == "1.00"
    assert set(table["definitions"]) >= {"cac", "clv", "roi", "slices", "completeness", "payback"}


@pytest.mark.parametrize("board", ["cohorts", "channels", "sops", "repurchase"])
def test_what_lies_ahead_is_not_observed(api: ApiClient, board: str) -> None:
    before = datetime.now(UTC)

    told = api.get(f"/analytics/{board}", {"as_of": "2999-06-30T00:00:00Z"}).json()

    assert before <= datetime.fromisoformat(told["as_of"]) <= datetime.now(UTC)


@pytest.mark.parametrize("asked", [{"from": "2024-03-20"}, {"to": "2024-03-05"}])
def test_an_open_range_snaps_outward_past_the_data_of_its_period(shop: Any, asked: dict[str, str]) -> None:
    from analytics.tasks import tick

    api = ApiClient(make_key(shop))
    acquired = {"at": "2024-03-10T00:00:00Z", "channel": "kol"}
    post(api, "/contacts/bulk", {"contacts": [{"identities": {"unionid": "ann"}, "acquired": acquired}]})
    tick()

    rows = api.get("/analytics/cohorts", {"as_of": AS_OF} | asked).json()["rows"]

    assert [row["cohort"] for row in rows] == ["2024-03-01"]


def test_a_range_that_ends_before_it_begins_is_named(api: ApiClient) -> None:
    response = api.get("/analytics/cohorts", {"from": "2024-02-01", "to": "2024-01-01"})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "?to")


def test_split_shows_channels_beside_the_whole_and_filter_shows_one(api: ApiClient) -> None:
    split = api.get("/analytics/cohorts", {"as_of": AS_OF, "split": "channel", "to": "2024-01-31"}).json()
    one = api.get("/analytics/cohorts", {"as_of": AS_OF, "channel": "search", "to": "2024-01-31"}).json()

    shown = [(row["channel"], row["contacts"], row["cost"], row["cac"]) for row in split["rows"]]
    assert shown == [
        (None, 2, "100.00", "50.000000"),
        ("search", 1, "80.00", "80.000000"),
        ("social", 1, "20.00", "20.000000"),
    ]
    assert [(row["channel"], row["contacts"], row["cost"]) for row in one["rows"]] == [("search", 1, "80.00")]


def test_a_tenant_without_data_has_an_empty_table(shop: Any) -> None:
    api = ApiClient(make_key(shop))

    table = api.get("/analytics/cohorts").json()

    assert (table["rows"], table["from"], table["fresh_at"], table["totals"]["contacts"]) == ([], None, None, 0)


def test_csv_and_xlsx_hold_the_rows(api: ApiClient) -> None:
    from openpyxl import load_workbook

    text = api.get("/analytics/cohorts", {"as_of": AS_OF, "format": "csv"})
    book = api.get("/analytics/cohorts", {"as_of": AS_OF, "format": "xlsx"})

    lines = list(csv.DictReader(StringIO(text.content.decode("utf-8-sig"))))
    assert [(line["cohort"], line["contacts"], line["clv_net_7d"]) for line in lines][:2] == [
        ("2024-01-01", "2", "40.000000"),
        ("2024-02-01", "2", "27.500000"),
    ]
    sheet = load_workbook(BytesIO(book.content)).active
    assert sheet is not None
    assert [cell.value for cell in next(iter(sheet.rows))][:3] == ["cohort", "channel", "contacts"]
    assert sheet.max_row == 1 + len(lines)


def test_hostile_names_are_no_formulas(api: ApiClient) -> None:
    from openpyxl import load_workbook

    hostile = '=HYPERLINK("https://example.com")'
    named = {"identities": {"shop:reference": "A"}, "name": hostile, "updated_at": "2026-01-01T00:00:00Z"}
    post(api, "/contacts/bulk", {"contacts": [named]})
    asked = {"cohort": "2024-01-01", "slice": "7d", "as_of": AS_OF}

    text = api.get("/analytics/cohorts/contacts", {**asked, "format": "csv"}).getvalue().decode("utf-8-sig")
    book = api.get("/analytics/cohorts/contacts", {**asked, "format": "xlsx"}).getvalue()

    names = {line["name"] for line in csv.DictReader(StringIO(text))}
    assert f"'{hostile}" in names
    sheet = load_workbook(BytesIO(book)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.rows for cell in row} <= {"s", "n", "b"}


@pytest.mark.parametrize(
    ("most", "lines", "name"), [(1, 1, "contacts-first-1"), (2, 2, "contacts"), (3, 2, "contacts")]
)
def test_a_file_of_contacts_says_in_its_name_that_it_leaves_some_out(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, most: int, lines: int, name: str
) -> None:
    from openpyxl import load_workbook

    monkeypatch.setattr(exports, "MAX_CONTACTS", most)
    asked = {"cohort": "2024-01-01", "slice": "7d", "as_of": AS_OF}

    text = api.get("/analytics/cohorts/contacts", {**asked, "format": "csv"})
    book = api.get("/analytics/cohorts/contacts", {**asked, "format": "xlsx"})

    told = [answer.headers["Content-Disposition"] for answer in (text, book)]
    assert told == [f'attachment; filename="{name}.{form}"' for form in ("csv", "xlsx")]
    rows = list(csv.reader(StringIO(text.getvalue().decode("utf-8-sig"))))
    people = api.get("/analytics/cohorts/contacts", asked).json()["results"]
    assert [row[0] for row in rows] == ["contact", *(str(person["id"]) for person in people[:lines])]
    sheet = load_workbook(BytesIO(book.getvalue())).active
    assert sheet is not None
    assert [[str(cell) for cell in row[:5]] for row in sheet.values] == [row[:5] for row in rows]


def test_contacts_page_both_ways(api: ApiClient) -> None:
    asked = {"cohort": "2024-03-01", "slice": "first", "as_of": AS_OF, "limit": "1"}

    first = api.get("/analytics/cohorts/contacts", asked).json()
    second = api.get(first["next"].split("/api/v1", 1)[1]).json()
    back = api.get(second["previous"].split("/api/v1", 1)[1]).json()

    assert [row["name"] for row in first["results"] + second["results"]] == ["F", "E"]
    assert (first["previous"], second["next"]) == (None, None)
    assert back["results"] == first["results"]


def test_a_cursor_of_another_cell_is_refused(api: ApiClient) -> None:
    asked = {"cohort": "2024-03-01", "slice": "first", "as_of": AS_OF, "limit": "1"}
    cursor = api.get("/analytics/cohorts/contacts", asked).json()["next"].rsplit("cursor=", 1)[1]

    response = api.get("/analytics/cohorts/contacts", {**asked, "slice": "7d", "cursor": cursor})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "?cursor")


def test_another_tenant_sees_nothing_of_it(api: ApiClient, globex_key: str) -> None:
    other = ApiClient(globex_key)

    assert len(api.get("/analytics/cohorts", {"as_of": AS_OF}).json()["rows"]) == 5
    assert other.get("/analytics/cohorts", {"as_of": AS_OF}).json()["rows"] == []
    asked = {"cohort": "2024-03-01", "slice": "first", "as_of": AS_OF}
    assert other.get("/analytics/cohorts/contacts", asked).json()["results"] == []
    assert other.get("/analytics/cohorts", {"channel": "search"}).status_code == 400


def test_a_key_without_the_scope_is_refused(shop: Any, api: ApiClient) -> None:
    writer = ApiClient(make_key(shop, scopes=["orders:write"], name="writer"))

    assert writer.get("/analytics/cohorts").status_code == 403


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"period": "day", "from": "2010-01-01", "to": "2023-09-08"}, None),  # 4,999 days
        ({"period": "day", "from": "2010-01-01", "to": "2023-09-10"}, "?period"),  # 5,001
        ({"period": "week", "from": "1900-01-01", "to": "2024-01-01"}, "?period"),
        ({"from": "1900-01-01", "to": "2999-12-31"}, "?from"),
        ({"to": "2999-12-31"}, "?to"),
        ({"period": "day", "split": "channel", "from": "2012-01-01", "to": "2023-09-09"}, "?split"),
        ({"period": "day", "channel": "unattributed", "from": "2010-01-01", "to": "2023-09-08"}, None),
    ],
)
def test_a_table_that_could_be_too_long_is_refused(
    api: ApiClient, asked: dict[str, str], parameter: str | None
) -> None:
    response = api.get("/analytics/cohorts", asked)

    told = [(error["pointer"], error["code"]) for error in response.json().get("errors", [])]
    assert (response.status_code, told) == ((400, [(parameter, "too_many_rows")]) if parameter else (200, []))
