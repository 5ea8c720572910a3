"""Each model of the admin engine, tried with another tenant's ids: nothing of it is shown, taken or told."""

import re
from typing import Any

import pytest
from django.db import models

from scrm.console.site import site
from tenants.scoping import TenantForeignKey
from tests.cast import log_in

pytestmark = pytest.mark.django_db

SECRET = "机密GLOBEX"
MODELS = sorted(site._registry, key=lambda model: model._meta.label)


@pytest.fixture(params=MODELS, ids=lambda model: model._meta.label)
def model(request: pytest.FixtureRequest) -> Any:
    """Each registered model in turn."""
    return request.param


@pytest.fixture
def rows(model: Any, acme: Any, globex: Any, inside: Any) -> tuple[Any, Any]:
    """A row of ours and one of the neighbour's, which says so in every word it has."""
    with inside(acme):
        ours = make_row(model, acme, "ours")
    with inside(globex):
        theirs = make_row(model, globex, SECRET)
        assert model.objects.for_tenant(globex).filter(pk=theirs.pk).exists()
    return ours, theirs


def make_row(model: Any, tenant: Any, word: str) -> Any:
    """Make a row, with the rows that it refers to."""
    values = {field.name: _value(field, tenant, word) for field in model._meta.local_fields if _is_needed(field)}
    return model.objects.create(tenant=tenant, **values)


def _is_needed(field: Any) -> bool:
    return field.name not in ("id", "tenant") and not field.has_default() and not getattr(field, "auto_now_add", False)


def _value(field: Any, tenant: Any, word: str) -> Any:
    if isinstance(field, TenantForeignKey):
        return make_row(field.related_model, tenant, word)
    if isinstance(field, models.DateTimeField):
        return "2026-11-01T00:00:00Z"
    if isinstance(field, models.DateField):
        return "2026-11-01"
    if isinstance(field, models.SlugField):
        return "secret-globex" if word == SECRET else word
    if isinstance(field, models.CharField):
        return {"currency": "USD", "period": "day", "kind": "ads"}.get(field.name, word)
    return None if field.null else 7


def url(model: Any, page: str) -> str:
    """A page of the engine in acme's console."""
    return f"/t/acme/manage/{model._meta.app_label}/{model._meta.model_name}/{page}"


def without_ids(answer: Any, pk: int) -> str:
    """What a page says, but for the id asked for and the token against forgery."""
    return re.sub(rf'\b{pk}\b|name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


@pytest.mark.parametrize("form", ["{pk}/change/", "{pk}/history/", "{pk}/delete/"])
def test_another_tenants_id_is_as_unknown_as_a_random_one(
    model: Any, rows: tuple[Any, Any], alice: Any, form: str
) -> None:
    ours, theirs = rows
    browser = log_in(alice)

    own = browser.get(url(model, form.format(pk=ours.pk)))
    foreign = browser.get(url(model, form.format(pk=theirs.pk)))
    random = browser.get(url(model, form.format(pk=987654321)))

    assert foreign.status_code == random.status_code
    assert foreign.status_code in (302, 403, 404)
    assert without_ids(foreign, theirs.pk) == without_ids(random, 987654321)
    assert own.status_code == {"{pk}/change/": 200, "{pk}/history/": 302, "{pk}/delete/": 403}[form]


def test_lists_forms_and_search_show_no_word_of_another_tenant(model: Any, rows: tuple[Any, Any], alice: Any) -> None:
    ours, _theirs = rows
    browser = log_in(alice)
    pages = ["", "add/", f"{ours.pk}/change/", f"?q={SECRET}", "?q=ours"]

    answers = [browser.get(url(model, page), follow=True) for page in pages]
    answers.append(browser.get("/t/acme/manage/search/", {"s": "机密"}))
    answers.append(browser.get("/t/acme/manage/search/", {"s": "机密", "extended": "1"}))

    assert [answer.status_code for answer in answers] == [200] * 7
    told = b"".join(answer.content for answer in answers).decode()
    assert SECRET not in told.replace(f'value="{SECRET}"', "")  # the words searched for stay in their box
    assert "secret-globex" not in told


def test_a_post_with_another_tenants_rows_is_refused(model: Any, rows: tuple[Any, Any], alice: Any, acme: Any) -> None:
    ours, theirs = rows
    keys = [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]
    browser = log_in(alice)

    for field in keys:
        form = browser.get(url(model, f"{ours.pk}/change/")).context["adminform"].form
        data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        data[field.name] = getattr(theirs, field.attname)
        changed = browser.post(url(model, f"{ours.pk}/change/"), data)
        added = browser.post(url(model, "add/"), data)

        assert (changed.status_code, added.status_code) == (200, 200)
        assert list(changed.context["adminform"].form.errors) == [field.name]
        assert list(added.context["adminform"].form.errors)[:1] == [field.name]


def test_filters_by_related_row_offer_and_find_nothing_foreign(
    model: Any, rows: tuple[Any, Any], alice: Any, acme: Any
) -> None:
    _ours, theirs = rows
    browser = log_in(alice)

    for field in [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]:
        answer = browser.get(url(model, ""), {f"{field.name}__id__exact": getattr(theirs, field.attname)})

        assert SECRET not in answer.content.decode()
        assert answer.status_code == 200
        assert {row.tenant_id for row in answer.context["cl"].result_list} <= {acme.pk}


def test_actions_and_the_autocomplete_reach_no_foreign_row(
    model: Any, rows: tuple[Any, Any], alice: Any, inside: Any, globex: Any
) -> None:
    ours, theirs = rows
    browser = log_in(alice)

    data = {"action": "delete_selected", "_selected_action": [ours.pk, theirs.pk], "post": "yes"}
    acted = browser.post(url(model, ""), data)
    completed = browser.get(
        "/t/acme/manage/autocomplete/",
        {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": "tenant", "term": ""},
    )

    assert acted.status_code in (200, 302, 403)
    assert completed.status_code == 403
    with inside(globex):
        assert model.objects.for_tenant(globex).filter(pk=theirs.pk).exists()


def test_outsiders_and_readers_open_no_engine_page(model: Any, rows: tuple[Any, Any], mei: Any, charlie: Any) -> None:
    ours, _theirs = rows
    pages = ["", "add/", f"{ours.pk}/change/"]

    assert [log_in(mei).get(url(model, page)).status_code for page in pages] == [403] * 3
    assert [log_in(charlie).get(url(model, page)).status_code for page in pages] == [404] * 3


def test_the_engines_own_doors_are_closed(alice: Any, acme: Any) -> None:
    browser = log_in(alice)

    assert browser.get("/t/acme/manage/r/1/1/").status_code == 404
    assert browser.get("/t/acme/manage/login/").status_code == 404
    assert browser.get("/t/acme/manage/").headers["Location"] == "/t/acme/"
    assert browser.get("/t/acme/manage/contacts/").headers["Location"] == "/t/acme/"
