"""The API describes itself: OpenAPI 3.1, every address, every Struct; shown by a page that our CSP allows."""

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from tests.isolation.routes import routes

pytestmark = pytest.mark.django_db


def document():
    return json.loads(Client().get("/api/schema/?format=json").content)


def test_the_schema_is_made_without_a_warning(db):
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO(), stderr=StringIO())


def test_every_address_is_described(transactional_db):
    found = document()
    paths = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route.pattern}") for route in routes("scrm.urls") if route.api_view
    }

    assert found["openapi"].startswith("3.1")
    assert found["paths"].keys() == paths
    assert found["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"


def test_parameters_bodies_answers_and_problems_are_in_the_schema(transactional_db):
    found = document()
    listing, bulk = found["paths"]["/api/v1/fx-rates"]["get"], found["paths"]["/api/v1/fx-rates/bulk"]["post"]

    assert [one["name"] for one in listing["parameters"]] == ["currency", "cursor", "date_from", "date_to", "limit"]
    assert listing["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/FxRateRowPage"
    }
    assert bulk["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/FxRatesIn"}
    assert bulk["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BulkResult"
    }
    assert bulk["responses"]["422"]["content"]["application/problem+json"]["schema"] == {
        "$ref": "#/components/schemas/Problem"
    }
    assert {"FxRateIn", "FxRateRow", "RowResult", "FieldError"} <= found["components"]["schemas"].keys()
    assert found["components"]["schemas"]["FxRateIn"]["additionalProperties"] is False


def test_every_reference_of_the_schema_leads_somewhere(transactional_db):
    text = json.dumps(document())
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))

    assert names <= document()["components"]["schemas"].keys()


def test_every_operation_has_a_summary_and_the_whole_an_introduction(transactional_db):
    found = document()
    operations = [operation for path in found["paths"].values() for operation in path.values()]

    assert [one["operationId"] for one in operations if not one["summary"]] == []
    assert max(len(one["summary"]) for one in operations) <= 140
    assert all(word in found["info"]["description"] for word in ("Bearer", "`next`", "problem+json"))


def test_no_two_operations_of_one_path_share_a_summary(transactional_db):
    paths = document()["paths"]
    summaries = {path: [one["summary"] for one in operations.values()] for path, operations in paths.items()}

    assert {path: said for path, said in summaries.items() if len(set(said)) < len(said)} == {}
    assert max(len(said) for said in summaries.values()) == 3


def test_the_page_leads_back_to_the_console(transactional_db):
    chinese, english = (
        Client().get("/api/docs/", headers={"accept-language": language}).content.decode() for language in ("zh", "en")
    )

    assert '<nav class="d-bar" lang="zh-hans"><a href="/">← 返回控制台</a>' in chinese
    assert '<nav class="d-bar" lang="en"><a href="/">← Back to the console</a>' in english


def test_the_page_runs_no_inline_script(transactional_db):
    page = Client().get("/api/docs/")
    html = page.content.decode()
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    own = Client().get("/api/docs/?script=")

    assert page.status_code == 200
    assert len(scripts) == 3
    assert all("src=" in attributes and not inner.strip() for attributes, inner in scripts)
    assert "<style" not in html
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert own.headers["Content-Type"].startswith("application/javascript")
    assert b"/api/schema/" in own.content
