"""Members, API keys, the tenant's own settings and the audit log, by role."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils.translation import override

from scrm.console.acts import scope_in_words
from scrm.console.once import SHOWN_WITHIN
from scrm.console.settings_pages import FIRST_CALLS
from tenants.keys import parse_key
from tenants.models import ApiKey, AuditEntry, Membership, Tenant, User
from tenants.services.audit import record_act
from tenants.services.keys import SCOPES
from tests.cast import ApiClient, log_in, make_key

pytestmark = pytest.mark.django_db

PAGES = {
    "/t/acme/settings/tenant/": {"owner"},
    "/t/acme/settings/members/": {"owner"},
    "/t/acme/settings/keys/": {"owner"},
    "/t/acme/settings/audit/": {"owner", "operator"},
    "/t/acme/manage/contacts/tag/": {"owner", "operator"},
    "/t/acme/manage/acquisition/spend/": {"owner", "operator"},
    "/t/acme/": {"owner", "operator", "brand_manager", "staff"},
}


@pytest.mark.parametrize("role", Membership.Role.values)
def test_each_page_opens_to_its_roles_alone(acme: Any, alice: Any, role: str) -> None:
    Membership.objects.filter(user=alice).update(role=role)
    browser = log_in(alice)

    opened = {path: browser.get(path).status_code for path in PAGES}

    assert opened == {path: 200 if role in roles else 403 for path, roles in PAGES.items()}


def test_the_menu_shows_only_what_opens(acme: Any, alice: Any) -> None:
    browser = log_in(alice)
    for role in Membership.Role.values:
        Membership.objects.filter(user=alice).update(role=role)

        links = [item.link for group in browser.get("/t/acme/").context["menu"] for item in group.items]

        assert [browser.get(link).status_code for link in links] == [200] * len(links)


def test_a_new_member_gets_a_password_that_is_shown_once_and_works(alice: Any, acme: Any) -> None:
    browser = log_in(alice)

    shown = browser.post("/t/acme/settings/members/", {"email": "New@example.com", "role": "staff"}, follow=True)
    again = browser.get("/t/acme/settings/members/")

    password = shown.context["added"]["password"]
    assert password in shown.content.decode()
    assert password not in again.content.decode()
    assert User.objects.get(email="new@example.com").check_password(password)


def test_a_known_person_keeps_the_password(alice: Any, charlie: Any, acme: Any) -> None:
    before = User.objects.get(pk=charlie.pk).password

    whom = {"email": "charlie@example.com", "role": "operator"}
    shown = log_in(alice).post("/t/acme/settings/members/", whom, follow=True)

    assert shown.context["added"] == {"email": "charlie@example.com", "password": ""}
    assert User.objects.get(pk=charlie.pk).password == before


def test_adding_a_member_twice_is_a_form_error(alice: Any, bob: Any) -> None:
    answer = log_in(alice).post("/t/acme/settings/members/", {"email": "bob@example.com", "role": "owner"})

    assert list(answer.context["form"].errors) == ["email"]
    assert Membership.objects.get(user=bob).role == "operator"


def test_roles_change_and_members_leave_but_the_last_owner_stays(alice: Any, bob: Any, acme: Any) -> None:
    browser = log_in(alice)
    own, other = Membership.objects.get(user=alice).pk, Membership.objects.get(user=bob).pk

    for path in (f"{own}/role/", f"{own}/remove/"):
        answer = browser.post(f"/t/acme/settings/members/{path}", {"role": "staff"}, follow=True)
        assert "租户至少保留一位所有者。" in answer.content.decode()
    browser.post(f"/t/acme/settings/members/{other}/role/", {"role": "owner"})
    browser.post(f"/t/acme/settings/members/{other}/role/", {"role": "emperor"})
    assert Membership.objects.get(pk=other).role == "owner"
    browser.post(f"/t/acme/settings/members/{own}/remove/")

    assert list(Membership.objects.filter(tenant=acme).values_list("user__email", "role")) == [
        ("bob@example.com", "owner")
    ]


def test_the_only_owner_sees_that_the_role_and_the_membership_stay(alice: Any, bob: Any) -> None:
    browser = log_in(alice)

    one = browser.get("/t/acme/settings/members/").content.decode()
    Membership.objects.filter(user=bob).update(role="owner")
    two = browser.get("/t/acme/settings/members/").content.decode()

    assert (one.count(" disabled title="), one.count("唯一的所有者")) == (2, 1)
    assert (two.count(" disabled title="), two.count("唯一的所有者")) == (0, 0)
    assert 'data-confirm="更改 bob@example.com 的角色？"' in one


def test_each_scope_is_told_in_words_beside_its_code(alice: Any, acme: Any) -> None:
    make_key(acme, scopes=["orders:read"])

    page = log_in(alice).get("/t/acme/settings/keys/").content.decode()

    with override("zh-hans"):
        words = {scope: scope_in_words(scope) for scope in SCOPES}
    assert [scope for scope, told in words.items() if told == scope] == []
    assert [scope for scope, told in words.items() if f"{told} <code>{scope}</code>" not in page] == []
    assert '<span class="c-chip" title="orders:read">读取订单</span>' in page
    assert "密钥只在新建后显示一次。" in page


def test_another_tenants_members_and_keys_are_unknown(alice: Any, charlie: Any, globex: Any, inside: Any) -> None:
    browser = log_in(alice)
    foreign = Membership.objects.get(user=charlie).pk
    make_key(globex)
    with inside(globex):
        key = ApiKey.objects.for_tenant(globex).get()

    paths = [f"members/{foreign}/role/", f"members/{foreign}/remove/", f"keys/{key.pk}/revoke/", "keys/987654/revoke/"]
    answers = [browser.post(f"/t/acme/settings/{path}", {"role": "staff"}).status_code for path in paths]

    assert answers == [404] * 4
    assert Membership.objects.get(pk=foreign).role == "owner"
    with inside(globex):
        assert ApiKey.objects.for_tenant(globex).get().revoked_at is None


def test_a_key_is_shown_once_works_and_stops_when_revoked(alice: Any, acme: Any, inside: Any) -> None:
    browser = log_in(alice)

    made = {"name": "ERP", "scopes": ["orders:read"], "days": "30"}
    shown = browser.post("/t/acme/settings/keys/", made, follow=True)
    token = shown.context["token"]
    again = browser.get("/t/acme/settings/keys/").content.decode()

    assert token in shown.content.decode()
    assert parse_key(f"Bearer {token}") is not None
    assert (token in again, token[-4:] in again) == (False, True)
    assert ApiClient(token).get("/orders").status_code == 200
    with inside(acme):
        key = ApiKey.objects.for_tenant(acme).get()
        assert (key.scopes, key.created_by_id) == (["orders:read"], alice.pk)
    browser.post(f"/t/acme/settings/keys/{key.pk}/revoke/")
    assert ApiClient(token).get("/orders").status_code == 401


def test_a_new_key_comes_with_a_redirect_and_is_kept_nowhere_once_shown(
    alice: Any, acme: Any, inside: Any, caplog: pytest.LogCaptureFixture
) -> None:
    browser = log_in(alice)

    answer = browser.post("/t/acme/settings/keys/", {"name": "ERP", "scopes": ["orders:read"], "days": ""})
    shown = browser.get(answer.headers["Location"])
    token = shown.context["token"]

    assert (answer.status_code, answer.headers["Location"]) == (302, "/t/acme/settings/keys/")
    assert token in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert token not in str(dict(browser.session))
    assert token not in caplog.text
    with inside(acme):
        assert ApiKey.objects.for_tenant(acme).count() == 1
        assert token not in str(list(AuditEntry.objects.for_tenant(acme).values()))


def test_a_new_key_is_shown_on_its_own_tenants_page_and_not_after_ten_minutes(
    alice: Any, acme: Any, globex: Any
) -> None:
    Membership.objects.create(tenant=globex, user=alice, role="owner")
    browser = log_in(alice)
    made = {"name": "ERP", "scopes": ["orders:read"], "days": ""}

    browser.post("/t/acme/settings/keys/", made)
    elsewhere = browser.get("/t/globex/settings/keys/").context["token"]
    shown = browser.get("/t/acme/settings/keys/").context["token"]
    browser.post("/t/acme/settings/keys/", made)
    session = browser.session
    name = f"once:{acme.pk}:keys"
    session[name] = {**session[name], "at": session[name]["at"] - SHOWN_WITHIN.total_seconds()}
    session.save()
    too_late = browser.get("/t/acme/settings/keys/").context["token"]

    assert (elsewhere, bool(shown), too_late) == ("", True, "")
    assert name not in browser.session


@pytest.mark.parametrize("scope", FIRST_CALLS)
def test_the_line_to_try_is_one_that_the_key_may_run(alice: Any, scope: str) -> None:
    made = {"name": "ERP", "scopes": [scope], "days": ""}
    shown = log_in(alice).post("/t/acme/settings/keys/", made, follow=True).context

    path = shown["command"].rpartition("/api/v1")[2].removesuffix('"')
    body = re.search(r"--json '(.*?)'", shown["command"])
    client = ApiClient(shown["token"])
    answer = client.post(path, body[1]) if body else client.get(path)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - set(FIRST_CALLS)))
def test_a_key_whose_every_call_would_change_something_comes_without_a_line(alice: Any, scope: str) -> None:
    made = {"name": "ERP", "scopes": [scope], "days": ""}
    shown = log_in(alice).post("/t/acme/settings/keys/", made, follow=True)

    assert (bool(shown.context["token"]), shown.context["command"]) == (True, "")
    assert "new-curl" not in shown.content.decode()


def test_a_key_needs_a_name_and_a_known_scope(alice: Any) -> None:
    answer = log_in(alice).post("/t/acme/settings/keys/", {"name": "", "scopes": ["everything"], "days": "7"})

    assert sorted(answer.context["form"].errors) == ["days", "name", "scopes"]


def test_an_owner_sets_the_tenants_name_and_margin(alice: Any, acme: Any) -> None:
    answer = log_in(alice).post("/t/acme/settings/tenant/", {"name": "Acme 生活馆", "margin_percent": "37.5"})

    held = Tenant.objects.get(pk=acme.pk)
    assert answer.status_code == 302
    assert (held.name, str(held.margin)) == ("Acme 生活馆", "0.3750")


def test_the_margin_says_what_uses_it(alice: Any) -> None:
    form = log_in(alice).get("/t/acme/settings/tenant/").context["form"]

    with override("en"):
        assert str(form.fields["margin_percent"].help_text).endswith("Payback alone uses it; CLV and ROI do not.")
    with override("zh-hans"):
        assert str(form.fields["margin_percent"].help_text).endswith("仅用于计算回本，不影响 CLV 和 ROI。")


@pytest.mark.parametrize("margin", ["-1", "101", "NaN", "1e999", ""])
def test_a_margin_is_a_share(alice: Any, acme: Any, margin: str) -> None:
    answer = log_in(alice).post("/t/acme/settings/tenant/", {"name": "Acme", "margin_percent": margin})

    assert list(answer.context["form"].errors) == ["margin_percent"]


def test_the_audit_log_goes_by_the_time_shown_newest_first(alice: Any, acme: Any, inside: Any) -> None:
    late = [datetime(2026, 11, day, tzinfo=UTC) for day in (2, 1, 1)] * 40
    with inside(acme):
        for n, at in enumerate(late):
            record_act(tenant=acme, at=at, actor="test", act="test.act", target=f"row {n}")
    browser = log_in(alice)

    seen, path = [], "/t/acme/settings/audit/"
    while path:
        page = browser.get(path).context
        seen += [entry.target for entry in page["entries"]]
        path = f"/t/acme/settings/audit/?{urlencode({'after': page['more']})}" if page["more"] else ""

    assert seen == [f"row {n}" for _at, n in sorted(zip(late, range(120), strict=True), reverse=True)]
    for junk in ("x", "-1", "9" * 30, "١~1"):
        assert browser.get("/t/acme/settings/audit/", {"after": junk, "target": "nothing"}).status_code == 200


def test_what_owners_do_is_in_the_log(alice: Any, bob: Any, acme: Any, inside: Any) -> None:
    browser = log_in(alice)
    browser.post("/t/acme/settings/members/", {"email": "new@example.com", "role": "staff"})
    browser.post("/t/acme/settings/keys/", {"name": "ERP", "scopes": ["orders:read"], "days": ""})

    with inside(acme):
        acts = AuditEntry.objects.for_tenant(acme).order_by("id").values_list("actor", "act", "target")
        assert list(acts) == [("Alice", "member.added", "new@example.com"), ("Alice", "api_key.created", "ERP")]
