"""Pages are rendered inside their tenant's transaction, and a page that breaks writes nothing."""

from typing import Any

import pytest
from django.template.response import TemplateResponse
from django.test import Client, override_settings
from django.urls import include, path

from contacts.models import Tag, TagGroup
from scrm.console.views import console_view
from tests.cast import log_in

pytestmark = pytest.mark.django_db


@console_view()
def lazy_page(request: Any) -> Any:
    """A page whose rows are read while the template renders."""
    return TemplateResponse(request, "console/search_results.html", {"results": Tag.objects.for_tenant(request.tenant)})


@console_view()
def broken_page(request: Any) -> Any:
    """A page that writes, then breaks in its template."""
    TagGroup.objects.create(tenant=request.tenant, name="left behind?")
    return TemplateResponse(request, "no/such/template.html", {})


urlpatterns = [
    path("lazy/", lazy_page),
    path("broken/", broken_page),
    path("", include("scrm.console_urls")),
]


def test_a_lazy_queryset_in_a_template_sees_its_rows(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        group = TagGroup.objects.create(tenant=acme, name="口味")
        for name in ("辣", "甜"):
            Tag.objects.create(tenant=acme, group=group, name=name)

    with override_settings(CONSOLE_URLCONF=__name__):
        page = log_in(alice).get("/t/acme/lazy/").content.decode()

    assert page.count("<li>") == 2


def test_an_error_in_a_template_rolls_back_what_the_view_wrote(alice: Any, acme: Any, inside: Any) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)

    with override_settings(CONSOLE_URLCONF=__name__):
        answer = browser.get("/t/acme/broken/")

    assert answer.status_code == 500
    with inside(acme):
        assert not TagGroup.objects.for_tenant(acme).exists()


def test_the_palette_forgets_the_tenant_it_was_asked_in(alice: Any, acme: Any, globex: Any, inside: Any) -> None:
    from tenants.models import Membership

    Membership.objects.create(tenant=globex, user=alice, role="owner")
    with inside(acme):
        TagGroup.objects.create(tenant=acme, name="春季 acme")
    with inside(globex):
        TagGroup.objects.create(tenant=globex, name="春季 globex")
    browser = log_in(alice)

    answers = [browser.get(f"/t/{slug}/manage/search/", {"s": "春季"}).content.decode() for slug in ("acme", "globex")]

    assert [("春季 acme" in answer, "春季 globex" in answer) for answer in answers] == [(True, False), (False, True)]


@pytest.mark.parametrize("path", ["/login/", "/t/acme/", "/t/acme/settings/keys/", "/t/acme/manage/contacts/tag/"])
def test_pages_carry_no_inline_script_or_style_and_a_policy_that_forbids_them(alice: Any, path: str) -> None:
    browser = Client() if path == "/login/" else log_in(alice)

    answer = browser.get(path)

    page = answer.content.decode()
    assert "<style" not in page
    assert all("src=" in tag.split(">")[0] for tag in page.split("<script")[1:])
    assert answer.headers["Content-Security-Policy"].count("'unsafe-inline'") == 1
    assert "style-src-attr 'unsafe-inline'" in answer.headers["Content-Security-Policy"]
