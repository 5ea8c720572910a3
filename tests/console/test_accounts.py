"""The way in: login, its throttle, the language, and which tenant comes first."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from scrm.console.throttle import FIRST_WAIT_SECONDS, FREE_TRIES, TRIES_PER_ACCOUNT
from tenants.models import AuditEntry, Membership, Tenant, User
from tests.cast import PASSWORD, log_in

pytestmark = pytest.mark.usefixtures("transactional_db", "no_tries", "quick_passwords")
WRONG = "邮箱或密码不正确。"


def log_in_by_form(email: str, password: str, *, address: str = "127.0.0.1", **extra: Any) -> Any:
    """Send the login form as a Chinese browser that has never been here."""
    browser = Client(headers={"accept-language": "zh-CN"}, REMOTE_ADDR=address)
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


def test_a_form_without_a_password_forgets_nothing(alice: Any) -> None:
    for n in range(FREE_TRIES):
        log_in_by_form("alice@example.com", f"wrong {n}")
        log_in_by_form("alice@example.com", "")
        log_in_by_form("", "")

    assert log_in_by_form("alice@example.com", PASSWORD).status_code == 429


def guess_from_everywhere(email: str, tries: int) -> Any:
    """Wrong passwords for one account, each from another address; the last answer."""
    for n in range(tries):
        answer = log_in_by_form(email, f"wrong {n}", address=f"198.51.100.{n}")
    return answer


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_tries_of_one_account_from_many_addresses_are_slowed_whether_it_exists_or_not(alice: Any, email: str) -> None:
    last_free = guess_from_everywhere(email, TRIES_PER_ACCOUNT)

    waits = log_in_by_form(email, PASSWORD, address="203.0.113.9")

    assert (last_free.status_code, waits.status_code) == (200, 429)
    seconds = int(waits.headers["Retry-After"])
    assert FIRST_WAIT_SECONDS - 10 < seconds <= FIRST_WAIT_SECONDS
    assert waits.context["form"].non_field_errors() == [f"尝试次数过多，请等待 {seconds} 秒后再试。"]


def test_a_slowed_account_opens_where_it_has_been_opened_before_and_elsewhere_after_the_wait(alice: Any) -> None:
    browser = Client()
    browser.post("/login/", {"username": "alice@example.com", "password": PASSWORD})
    browser.post("/logout/")
    guess_from_everywhere("alice@example.com", TRIES_PER_ACCOUNT)

    at_home = browser.post("/login/", {"username": "Alice@example.com", "password": PASSWORD})
    elsewhere = log_in_by_form("alice@example.com", PASSWORD, address="203.0.113.9")
    forget_waits()
    later = log_in_by_form("alice@example.com", PASSWORD, address="203.0.113.9")

    assert [answer.status_code for answer in (at_home, elsewhere, later)] == [302, 429, 302]


def test_the_cookie_of_a_known_browser_speaks_for_its_own_account_alone(alice: Any) -> None:
    User.objects.create_user(email="other@example.com", password=PASSWORD)
    browser = Client()
    browser.post("/login/", {"username": "other@example.com", "password": PASSWORD})
    browser.post("/logout/")
    guess_from_everywhere("alice@example.com", TRIES_PER_ACCOUNT)

    foreign = browser.post("/login/", {"username": "alice@example.com", "password": PASSWORD})
    browser.cookies["known_device"] = "alice@example.com:forged:forged"
    forged = browser.post("/login/", {"username": "alice@example.com", "password": PASSWORD})

    assert (foreign.status_code, forged.status_code) == (429, 429)


def test_logins_are_in_the_audit_log_of_every_tenant_of_the_person(
    two_tenants: Any, acme: Any, globex: Any, inside: Any
) -> None:
    log_in_by_form("alice@example.com", "wrong", address="198.51.100.7")
    log_in_by_form("alice@example.com", PASSWORD)

    for tenant in (acme, globex):
        with inside(tenant):
            entries = AuditEntry.objects.for_tenant(tenant).order_by("id")
            assert list(entries.values_list("actor", "act", "target", "detail", "address")) == [
                ("Alice", "login.failed", "alice@example.com", {}, "198.51.100.7"),
                ("Alice", "login.succeeded", "alice@example.com", {}, "127.0.0.1"),
            ]


def test_a_try_that_must_wait_or_whose_account_is_unknown_is_in_no_tenants_log(
    alice: Any, acme: Any, inside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    log_in_by_form("nobody@example.com", "wrong")
    for n in range(FREE_TRIES + 2):
        log_in_by_form("alice@example.com", f"wrong {n}")

    with inside(acme):
        assert AuditEntry.objects.for_tenant(acme).count() == FREE_TRIES
    told = [record.getMessage() for record in caplog.records if record.name == "scrm.console.accounts"]
    assert told == ["a login of an account that does not exist failed, from 127.0.0.1"]


def forget_waits() -> None:
    """Let every wait be over."""
    client = Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(f"{settings.REDIS_PREFIX}login:*:wait"):
        client.delete(key)


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
