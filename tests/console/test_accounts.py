"""The way in: login, its throttle, the language, and which tenant comes first."""

from typing import Any

import pytest
from django.test import Client

from scrm.console.throttle import FIRST_WAIT_SECONDS, FREE_TRIES
from tenants.models import Membership, Tenant, User
from tests.cast import PASSWORD, log_in

pytestmark = pytest.mark.usefixtures("transactional_db", "no_tries")
WRONG = "邮箱或密码不正确。"


def log_in_by_form(email: str, password: str, **extra: Any) -> Any:
    """Send the login form as a Chinese browser."""
    browser = Client(headers={"accept-language": "zh-CN"})
    return browser.post("/login/", {"username": email, "password": password, **extra})


def test_login_goes_to_the_only_tenant(alice: Any) -> None:
    answer = log_in_by_form("ALICE@example.com", PASSWORD)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_login_goes_to_the_page_that_was_asked_for_but_never_to_another_site(alice: Any) -> None:
    asked = log_in_by_form("alice@example.com", PASSWORD, next="/t/acme/settings/keys/")
    elsewhere = log_in_by_form("alice@example.com", PASSWORD, next="https://evil.example/")

    assert asked.headers["Location"] == "/t/acme/settings/keys/"
    assert elsewhere.headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_are_told_the_same(alice: Any) -> None:
    wrong_name = log_in_by_form("nobody@example.com", PASSWORD)
    wrong_password = log_in_by_form("alice@example.com", "wrong")

    assert wrong_name.context["form"].non_field_errors() == [WRONG]
    assert wrong_password.context["form"].non_field_errors() == [WRONG]


def test_after_five_tries_even_the_right_password_waits_and_others_do_not(alice: Any, acme: Any) -> None:
    User.objects.create_user(email="other@example.com", password=PASSWORD)

    tries = [log_in_by_form("alice@example.com", f"wrong {n}") for n in range(FREE_TRIES)]
    waits = log_in_by_form("alice@example.com", PASSWORD)
    other = log_in_by_form("other@example.com", PASSWORD)

    assert [answer.status_code for answer in tries] == [200] * FREE_TRIES
    assert waits.status_code == 429
    seconds = {f"尝试次数过多，请等待 {FIRST_WAIT_SECONDS - n} 秒后再试。" for n in range(10)}
    assert waits.context["form"].non_field_errors()[0] in seconds
    assert other.status_code == 302


def test_a_right_password_forgets_the_tries_before_it(alice: Any) -> None:
    for _round in range(2):
        for n in range(FREE_TRIES - 1):
            assert log_in_by_form("alice@example.com", f"wrong {n}").status_code == 200
        assert log_in_by_form("alice@example.com", PASSWORD).status_code == 302


@pytest.fixture
def two_tenants(alice: Any, globex: Any) -> Any:
    """Alice works in globex as well."""
    Membership.objects.create(tenant=globex, user=alice, role="operator")
    return alice


def test_start_is_the_only_tenant_the_last_one_or_the_list(alice: Any, globex: Any) -> None:
    browser = log_in(alice)

    assert browser.get("/").headers["Location"] == "/t/acme/"
    Membership.objects.create(tenant=globex, user=alice, role="operator")
    assert browser.get("/").headers["Location"] == "/tenants/"
    browser.get("/t/globex/")
    assert browser.get("/").headers["Location"] == "/t/globex/"
    Membership.objects.filter(tenant=globex).delete()
    assert browser.get("/").headers["Location"] == "/t/acme/"


def test_the_list_and_the_switcher_name_the_users_tenants_alone(two_tenants: Any) -> None:
    Tenant.objects.create(slug="initech", name="Initech")
    browser = log_in(two_tenants)

    listed = browser.get("/tenants/").content.decode()
    switcher = browser.get("/t/acme/settings/members/").content.decode()

    assert [f'href="/t/{slug}/"' in listed for slug in ("acme", "globex", "initech")] == [True, True, False]
    assert [f'href="/t/{slug}/"' in switcher for slug in ("globex", "initech")] == [True, False]


def test_without_a_membership_the_list_says_whom_to_ask(acme: Any) -> None:
    nobody = User.objects.create_user(email="new@example.com", password=PASSWORD)

    page = log_in(nobody).get("/", follow=True).content.decode()

    assert "请让所有者添加 new@example.com" in page


def test_the_language_is_the_users_choice_then_the_browsers_then_chinese(alice: Any) -> None:
    browser = log_in(alice)
    page = "/t/acme/settings/members/"

    unsaid = browser.get(page)
    english_browser = browser.get(page, headers={"accept-language": "en-US,en"})
    other_browser = browser.get(page, headers={"accept-language": "fr"})
    browser.post("/language/", {"language": "en", "next": page})
    chosen = log_in(User.objects.get(pk=alice.pk)).get(page, headers={"accept-language": "zh-CN"})

    languages = [answer.headers["Content-Language"] for answer in (unsaid, english_browser, other_browser, chosen)]
    assert languages == ["zh-hans", "en", "zh-hans", "en"]


def test_the_language_switch_goes_back_and_to_no_other_site(alice: Any) -> None:
    browser = log_in(alice)

    back = browser.post("/language/", {"language": "en", "next": "/t/acme/settings/keys/"})
    away = browser.post("/language/", {"language": "en", "next": "//evil.example/"})
    unknown = browser.post("/language/", {"language": "tlh", "next": "/"})

    assert (back.headers["Location"], away.headers["Location"]) == ("/t/acme/settings/keys/", "/")
    assert unknown.status_code == 302
    assert User.objects.get(pk=alice.pk).language == "en"


def test_logout_takes_a_post_and_ends_the_session(alice: Any) -> None:
    browser = log_in(alice)

    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/").headers["Location"] == "/login/"
    assert browser.get("/t/acme/").status_code == 302
