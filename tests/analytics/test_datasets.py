"""The reference data sets, in by REST and out by REST: every cell as expected."""

from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.datasets import AS_OF, SLICES, load, read_csv

pytestmark = pytest.mark.django_db

RATIO = Decimal("0.000001")
STATUS = {"month_open": "period_open"}
CASES = [("edge_cases", False), ("edge_cases", True), ("cdnow_sample", False)]


@pytest.fixture(params=CASES, ids=["edge_cases", "edge_cases_original_currency", "cdnow_sample"])
def case(request: Any, transactional_db: Any) -> Any:
    from tenants.models import Tenant

    dataset, original_currency = request.param
    tenant = Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")
    return dataset, load(tenant, dataset, original_currency=original_currency)


def test_cohorts_equal_the_reference(case: Any) -> None:
    dataset, api = case

    table = api.get("/analytics/cohorts", {"as_of": AS_OF[dataset]}).json()
    half = api.get("/analytics/cohorts", {"as_of": AS_OF[dataset], "margin": "0.5"}).json()

    rows = {row["cohort"][:7]: row for row in table["rows"]}
    halves = {row["cohort"][:7]: row for row in half["rows"]}
    wrong = [*_wrong_slices(dataset, rows), *_wrong_rows(dataset, rows, halves)]
    assert wrong == []
    assert list(rows) == [row["cohort"] for row in read_csv("expected", dataset, "cac_roi_payback.csv")]


def test_totals_equal_the_reference(case: Any) -> None:
    dataset, api = case
    expected = {row["channel"]: row for row in read_csv("expected", dataset, "cac_channel.csv")}

    totals = api.get("/analytics/cohorts", {"as_of": AS_OF[dataset]}).json()["totals"]

    blended = expected["ALL_blended"]
    assert totals["contacts"] == int(blended["M"])
    assert Decimal(totals["cost"]) == Decimal(blended["spend"])
    assert _differs(totals["cac"], blended["cac"]) is False
    if dataset == "edge_cases":
        paid = {row["channel"]: row["cac"] for row in totals["channels"]}
        assert totals["paid"] == {"contacts": 5, "cost": "222.00", "cac": "44.400000"}
        assert paid == {"organic": "0.000000", "search": "50.666667", "social": "35.000000"}


def test_slice_totals_hold_complete_cohorts_only(transactional_db: Any) -> None:
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="USD")
    api = load(tenant, "edge_cases")

    slices = api.get("/analytics/cohorts", {"as_of": AS_OF["edge_cases"]}).json()["totals"]["slices"]

    # January to March: 6 contacts for 160.00; June is open, and nobody has been complete for half a year
    shown = ("contacts", "revenue_net", "clv_net", "roi", "complete")
    assert [slices["7d"][name] for name in shown] == [6, "160.00", "26.666667", "1.000000", True]
    assert [slices["first"][name] for name in shown] == [6, "245.00", "40.833333", "1.531250", True]
    assert [slices["180d"][name] for name in shown] == [0, "0.00", None, None, False]
    assert slices["180d"]["mature_contacts"] == 1


def test_every_cell_opens_its_contacts(case: Any) -> None:
    dataset, api = case

    table = api.get("/analytics/cohorts", {"as_of": AS_OF[dataset], "split": "channel"}).json()

    checked = 0
    for row in table["rows"]:
        for name, cell in row["slices"].items():
            asked = {"cohort": row["cohort"], "slice": name, "as_of": AS_OF[dataset], "channel": row["channel"] or ""}
            people = _all_people(api, asked)
            assert len(people) == cell["contacts"] == row["contacts"]
            assert sum(Decimal(person["revenue_net"]) for person in people) == Decimal(cell["revenue_net"])
            assert sum(Decimal(person["revenue_gross"]) for person in people) == Decimal(cell["revenue_gross"])
            assert sum(person["mature"] for person in people) == cell["mature_contacts"]
            checked += 1
    assert checked == 8 * len(table["rows"])


def _all_people(api: Any, asked: dict[str, str]) -> list[dict[str, Any]]:
    page = api.get("/analytics/cohorts/contacts", {**asked, "limit": "500"}).json()
    people: list[dict[str, Any]] = page["results"]
    while page["next"]:
        page = api.get(page["next"].split("/api/v1", 1)[1]).json()
        people += page["results"]
    assert len({person["id"] for person in people}) == len(people)
    return people


def _wrong_slices(dataset: str, rows: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every figure of `cohort_slices.csv` that is not ours."""
    wrong: list[tuple[str, ...]] = []
    for expected in read_csv("expected", dataset, "cohort_slices.csv"):
        cell = rows[expected["cohort"]]["slices"][SLICES[expected["slice"]]]
        pairs = {
            "clv": (cell["clv_net"], expected["clv"]),
            "clv_gross": (cell["clv_gross"], expected["clv_gross"]),
            "clv_mature": (cell["clv_net_mature"], expected["clv_mature"]),
        }
        exact = {
            "M": (cell["contacts"], int(expected["M"])),
            "net": (Decimal(cell["revenue_net"]), Decimal(expected["revenue_net"])),
            "gross": (Decimal(cell["revenue_gross"]), Decimal(expected["revenue_gross"])),
            "n_mature": (cell["mature_contacts"], int(expected["n_mature"])),
            "complete": (cell["complete"], expected["complete"] == "1"),
        }
        found = [name for name, (ours, theirs) in pairs.items() if _differs(ours, theirs)]
        found += [name for name, (ours, theirs) in exact.items() if ours != theirs]
        wrong += [(expected["cohort"], expected["slice"], name) for name in found]
    return wrong


def _wrong_rows(dataset: str, rows: dict[str, Any], halves: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every figure of `cac_roi_payback.csv` that is not ours."""
    wrong: list[tuple[str, ...]] = []
    for expected in read_csv("expected", dataset, "cac_roi_payback.csv"):
        row, payback = rows[expected["cohort"]], rows[expected["cohort"]]["payback"]
        pairs = {
            "cac": (row["cac"], expected["cac"]),
            "payback": (payback["days"], expected["payback_days"]),
            "sustained": (payback["sustained_days"], expected["payback_days_sustained"]),
            "margin50": (halves[expected["cohort"]]["payback"]["days"], expected["payback_days_margin50"]),
        }
        for ours, theirs in SLICES.items():
            pairs[f"clv_{ours}"] = (row["slices"][theirs]["clv_net"], expected[f"clv_{ours}"])
            pairs[f"roi_{ours}"] = (row["slices"][theirs]["roi"], expected[f"roi_{ours}"])
        exact = {
            "M": (row["contacts"], int(expected["M"])),
            "cost": (Decimal(row["cost"]), Decimal(expected["spend"])),
            "status": (payback["status"], STATUS.get(expected["status"], expected["status"])),
        }
        if payback["observed_days"] is not None:
            exact["observed"] = (Decimal(payback["observed_days"]), Decimal(expected["observed_days_all"]))
        for ours, theirs in SLICES.items():
            complete = row["slices"][theirs]["complete"]
            exact[f"complete_{ours}"] = (complete, expected[f"complete_{ours}"] == "1")
        found = [name for name, (ours, theirs) in pairs.items() if _differs(ours, theirs)]
        found += [name for name, (ours, theirs) in exact.items() if ours != theirs]
        wrong += [(expected["cohort"], name) for name in found]
    return wrong


def _differs(ours: str | None, theirs: str) -> bool:
    if ours is None or theirs == "":
        return (ours is None) != (theirs == "")
    return abs(Decimal(ours) - Decimal(theirs)) > RATIO
