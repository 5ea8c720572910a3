"""The channel board over REST: the reference's CAC, ranks that compare like with like, cells that open, files."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from analytics.channels import ChannelQuery, ChannelRow, ranked
from analytics.cohorts import Payback, SliceCell
from scrm.demo.online_retail import channel_of
from tests.analytics.datasets import AS_OF, SOURCE, load, post, read_csv
from tests.cast import ApiClient, make_key

EDGES = AS_OF["edge_cases"]


@pytest.fixture
def shop(transactional_db: Any) -> Any:
    from tenants.models import Tenant

    return Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")


@pytest.fixture
def api(shop: Any) -> ApiClient:
    return load(shop, "edge_cases")


@pytest.mark.parametrize("dataset", ["edge_cases", "cdnow_sample"])
def test_contacts_cost_and_cac_equal_the_reference(shop: Any, dataset: str) -> None:
    api = _told_channels(shop, dataset)

    board = api.get("/analytics/channels", {"as_of": AS_OF[dataset]}).json()

    rows = {row["channel"]: row for row in board["rows"]} | {"ALL_blended": board["blended"], "ALL_paid": board["paid"]}
    expected = read_csv("expected", dataset, "cac_channel.csv")
    shown = {
        channel: (row["contacts"], Decimal(row["cost"]), Decimal(row["cac"]).quantize(Decimal("0.000001")))
        for channel, row in rows.items()
    }
    assert shown == {
        row["channel"]: (int(row["M"]), Decimal(row["spend"]), Decimal(row["cac"]).quantize(Decimal("0.000001")))
        for row in expected
    }


def test_sums_of_channels_are_the_reference_cohorts_that_are_complete(shop: Any) -> None:
    api = _told_channels(shop, "cdnow_sample")
    expected = read_csv("expected", "cdnow_sample", "cohort_slices.csv")

    for month in ("1997-01", "1997-02", "1997-03"):
        asked = {"as_of": AS_OF["cdnow_sample"], "from": f"{month}-01", "to": f"{month}-{_last_day(month)}"}
        board = api.get("/analytics/channels", asked).json()
        for row in expected:
            if row["cohort"] == month and row["slice"] != "first":
                name = {"1w": "7d", "1m": "30d", "2m": "60d", "3m": "90d", "6m": "180d"}[row["slice"]]
                cells = [line["slices"][name] for line in board["rows"]]
                assert sum(cell["contacts"] for cell in cells) == int(row["M"])
                assert sum(Decimal(cell["revenue_net"]) for cell in cells) == Decimal(row["revenue_net"])
                assert Decimal(board["blended"]["slices"][name]["revenue_gross"]) == Decimal(row["revenue_gross"])


def test_every_cell_opens_its_contacts(api: ApiClient) -> None:
    for as_of in (EDGES, "2024-02-20T00:00:00Z"):
        board = api.get("/analytics/channels", {"as_of": as_of}).json()
        rows = [*board["rows"], board["blended"]]
        for row in rows:
            for name, cell in row["slices"].items():
                asked = {"cohort": board["from"], "to": cell["to"], "slice": name, "as_of": as_of, "limit": "500"}
                people = api.get("/analytics/cohorts/contacts", asked | {"channel": row["channel"] or ""}).json()[
                    "results"
                ]
                assert len(people) == cell["contacts"]
                assert sum(Decimal(person["revenue_net"]) for person in people) == Decimal(cell["revenue_net"])
                assert sum(Decimal(person["revenue_gross"]) for person in people) == Decimal(cell["revenue_gross"])
                assert not cell["complete"] or all(person["mature"] for person in people)


def test_a_figure_is_of_the_days_complete_at_its_age_with_their_whole_cost(shop: Any) -> None:
    api = ApiClient(make_key(shop))
    contacts = [
        _contact("ann", "2024-03-01", "kol"),
        _contact("ben", "2024-03-31", "kol"),
        _contact("cem", "2024-03-20"),
    ]
    post(api, "/contacts/bulk", {"contacts": contacts})
    post(api, "/orders/bulk", {"source": "shop", "orders": [_order("ann", "20.00"), _order("ben", "50.00")]})
    post(api, "/acquisition/spend/bulk", {"spend": [_spend("kol", "31.00")]})
    _tick()

    board = api.get("/analytics/channels", {"as_of": "2024-04-10T12:00:00Z"}).json()

    kol = board["rows"][0]
    complete = {name: board["complete_to"][name] for name in ("7d", "30d", "60d", "to_date")}
    assert complete == {"7d": "2024-03-31", "30d": "2024-03-10", "60d": None, "to_date": "2024-03-31"}
    shown = ("contacts", "cost", "revenue_net", "clv_net", "roi", "complete", "to")
    # ten of the month's 31 days, on nine of which nobody came
    assert [kol["slices"]["30d"][each] for each in shown] == [
        1, "10.00", "20.00", "20.000000", "2.000000", True, "2024-03-10",
    ]  # fmt: skip
    assert [kol["slices"]["60d"][each] for each in shown] == [
        2, "31.00", "70.00", "35.000000", "2.258065", False, "2024-03-31",
    ]  # fmt: skip
    assert (kol["contacts"], kol["cost"], kol["cac"]) == (2, "31.00", "15.500000")
    assert kol["payback"] == {"status": "reached", "days": "0.50", "sustained_days": "0.50", "observed_days": "30.50"}
    assert [(month["month"], month["contacts"], month["cost"]) for month in kol["months"]] == [
        ("2024-03-01", 2, "31.00")
    ]
    shares = {row["channel"]: (row["cost_share"], row["value_share"]) for row in board["rows"]}
    assert shares == {"kol": ("1.000000", "1.000000"), "unattributed": ("0.000000", "0.000000")}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("from", "x"),
        ("as_of", "2024-06-30"),
        ("margin", "2"),
        ("slice", "8d"),
        ("rank_by", "cac"),
        ("basis", "both"),
        ("format", "pdf"),
        ("colour", "red"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(api: ApiClient, parameter: str, value: str) -> None:
    response = api.get("/analytics/channels", {parameter: value})

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert [error["pointer"] for error in response.json()["errors"]] == [f"?{parameter}"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/analytics/channels", {"from": "2024-02-01", "to": "2024-01-01"}),
        ("/analytics/cohorts/contacts", {"cohort": "2024-02-01", "to": "2024-01-01", "slice": "7d"}),
    ],
)
def test_a_range_that_ends_before_it_begins_is_named(api: ApiClient, path: str, asked: dict[str, str]) -> None:
    response = api.get(path, asked)

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "?to")


def test_a_range_is_exact_and_ends_where_the_data_do(api: ApiClient) -> None:
    board = api.get("/analytics/channels", {"as_of": EDGES, "from": "2024-01-31", "to": "2999-12-31"}).json()
    nothing = api.get("/analytics/channels", {"as_of": EDGES, "from": "2030-01-01"}).json()

    assert (board["from"], board["to"]) == ("2024-01-31", "2024-06-30")
    assert board["blended"]["contacts"] == 6
    assert (nothing["from"], nothing["to"], nothing["rows"], nothing["blended"]["cac"]) == (None, None, [], None)


def test_a_tenant_without_data_has_an_empty_board(shop: Any) -> None:
    board = ApiClient(make_key(shop)).get("/analytics/channels").json()

    assert (board["rows"], board["from"], board["fresh_at"], board["blended"]["contacts"]) == ([], None, None, 0)
    assert set(board["definitions"]) >= {"cac", "blended_cac", "paid_cac", "completeness", "ranking", "ad_platform"}


def test_csv_and_xlsx_hold_the_rows(api: ApiClient) -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    asked = {"as_of": EDGES, "slice": "7d"}
    board = api.get("/analytics/channels", asked).json()
    text = api.get("/analytics/channels", asked | {"format": "csv"})
    book = api.get("/analytics/channels", asked | {"format": "xlsx"})

    lines = list(csv.DictReader(StringIO(text.content.decode("utf-8-sig"))))
    named = [row["channel"] for row in board["rows"]]
    assert [line["channel"] for line in lines] == [*named, "all", "all_paid"]
    rows = [*board["rows"], board["blended"], board["paid"]]
    assert [line["cost_7d"] for line in lines] == [row["slices"]["7d"]["cost"] for row in rows]
    assert [line["standing"] for line in lines] == [row["standing"] for row in rows]
    assert load_workbook(BytesIO(book.content)).active.max_row == 1 + len(lines)
    assert text.headers["Content-Disposition"] == 'attachment; filename="channels.csv"'


def test_another_tenant_and_a_key_without_the_scope_see_nothing(shop: Any, api: ApiClient, globex_key: str) -> None:
    other = ApiClient(globex_key)
    writer = ApiClient(make_key(shop, scopes=["orders:write"], name="writer"))

    assert len(api.get("/analytics/channels", {"as_of": EDGES}).json()["rows"]) == 3
    assert other.get("/analytics/channels", {"as_of": EDGES}).json()["rows"] == []
    assert writer.get("/analytics/channels").status_code == 403


@pytest.mark.parametrize("channels", [1, 3])
def test_a_board_costs_the_same_queries_whatever_it_holds(shop: Any, channels: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from analytics.selectors.channels import channel_board
    from tenants.context import tenant_transaction

    api = ApiClient(make_key(shop))
    slugs = [f"c{number}" for number in range(channels)]
    post(api, "/contacts/bulk", {"contacts": [_contact(slug, "2024-03-01", slug) for slug in slugs]})
    post(api, "/orders/bulk", {"source": "shop", "orders": [_order(slug, "20.00") for slug in slugs]})
    post(api, "/acquisition/spend/bulk", {"spend": [_spend(slug, "15.50") for slug in slugs]})
    _tick()

    with tenant_transaction(shop.pk), CaptureQueriesContext(connection) as seen:
        board = channel_board(tenant=shop, query=ChannelQuery(as_of=datetime(2024, 6, 1, tzinfo=UTC)))

    assert [row.payback.status for row in board.rows] == ["reached"] * channels
    assert len(seen) == 12


def test_no_incomplete_or_thin_figure_outranks_a_complete_one() -> None:
    rows = [
        _row("young", contacts=900, roi="9", is_complete=False),
        _row("few", contacts=29, roi="8"),
        _row("free", contacts=500, roi=None),
        _row("nobody", contacts=0, roi=None, is_complete=False),
        _row("good", contacts=30, roi="0.5"),
        _row("better", contacts=31, roi="0.5"),
        _row("best", contacts=30, roi="0.6"),
    ]

    found = ranked(rows, ChannelQuery(as_of=datetime(2024, 6, 1, tzinfo=UTC)))

    assert [(row.channel, row.rank, row.standing) for row in found] == [
        ("best", 1, "ranked"),
        ("better", 2, "ranked"),
        ("good", 2, "ranked"),
        ("few", None, "few_contacts"),
        ("young", None, "incomplete"),
        ("free", None, "no_cost"),
        ("nobody", None, "no_contacts"),
    ]


def test_channels_are_ranked_by_the_figure_asked_for() -> None:
    rows = [_row("a", contacts=40, roi="1", clv="5"), _row("b", contacts=40, roi="2", clv="3")]
    query = ChannelQuery(as_of=datetime(2024, 6, 1, tzinfo=UTC), ranked_by="clv")

    assert [row.channel for row in ranked(rows, query)] == ["a", "b"]


def _row(channel: str, *, contacts: int, roi: str | None, clv: str = "1", is_complete: bool = True) -> ChannelRow:
    figure = None if roi is None else Decimal(roi)
    cell = SliceCell(
        contacts=contacts,
        cost_minor=0 if roi is None else 100,
        net_minor=0,
        gross_minor=0,
        clv_net=Decimal(clv),
        clv_gross=Decimal(clv),
        roi=figure,
        roi_gross=figure,
        is_complete=is_complete,
        incomplete="" if is_complete else "maturing",
        complete_at=None,
        mature_contacts=contacts,
        mature_net_minor=0,
        mature_gross_minor=0,
        clv_net_mature=None,
        clv_gross_mature=None,
    )
    return ChannelRow(
        channel=channel,
        name=channel,
        is_paid=True,
        contacts=contacts,
        buyers=0,
        cost_minor=100,
        cac=None,
        is_left_truncated=False,
        slices={"30d": cell},
        payback=Payback(status="no_spend"),
        cost_share=None,
        value_share=None,
        months=(),
    )


def _told_channels(shop: Any, dataset: str) -> ApiClient:
    """A data set whose customers have the channels of the reference."""
    api = load(shop, dataset)
    if dataset == "cdnow_sample":
        customers = sorted({row["customer_id"] for row in read_csv(dataset, "transactions_sample.csv")})
        told = [
            {"identities": {f"shop:{SOURCE}": each}, "acquired": {"channel": channel_of(customer_id=each)}}
            for each in customers
        ]
        for start in range(0, len(told), 1000):
            post(api, "/contacts/bulk", {"contacts": told[start : start + 1000]})
        _tick()
    return api


def _tick() -> None:
    from analytics.tasks import tick

    tick()


def _last_day(month: str) -> int:
    from analytics.periods import next_period

    first = date.fromisoformat(f"{month}-01")
    return (next_period(first, "month") - first).days


def _contact(name: str, day: str, channel: str | None = None) -> dict[str, Any]:
    acquired = {"at": f"{day}T00:00:00Z"} | ({"channel": channel} if channel else {})
    return {"identities": {"shop:shop": name}, "acquired": acquired}


def _order(name: str, amount: str) -> dict[str, Any]:
    """Half a day after ann came; ben's comes with him."""
    at = {"ben": "2024-03-31T00:00:00Z"}.get(name, "2024-03-01T12:00:00Z")
    body = {"external_id": name, "status": "paid", "paid_at": at, "updated_at": at, "currency": "USD"}
    return body | {"amount": amount, "buyer": {"shop_buyer_id": name}}


def _spend(channel: str, amount: str) -> dict[str, Any]:
    return {"external_id": channel, "month": "2024-03", "channel": channel, "amount": amount, "currency": "USD"}
