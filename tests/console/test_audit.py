"""The audit log as people read it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override

from scrm.console.acts import act_in_words, detail_in_words
from tenants.services.audit import record_act
from tests.cast import log_in


@pytest.mark.parametrize(
    ("act", "english", "chinese"),
    [
        ("login.failed", "failed to log in", "登录失败"),
        ("api_key.created", "API key made", "新建 API 密钥"),
        ("taggroup.created", "tag group made", "新建标签组"),
        ("spend.changed", "spend changed", "更改投放费用"),
        ("tag.deleted", "tag deleted", "删除标签"),
        ("tag.eaten", "tag.eaten", "tag.eaten"),
        ("unheard.created", "unheard.created", "unheard.created"),
    ],
)
def test_an_act_is_told_in_words_and_an_unknown_one_as_it_is(act: str, english: str, chinese: str) -> None:
    with override("en"):
        assert act_in_words(act) == english
    with override("zh-hans"):
        assert act_in_words(act) == chinese


def test_details_are_names_and_values() -> None:
    detail = {"scopes": ["orders:read", "orders:write"], "role": "brand_manager", "rows": 7, "unheard": None}

    with override("zh-hans"):
        assert detail_in_words(detail) == [
            ("权限范围", "orders:read, orders:write"),
            ("角色", "品牌经理"),
            ("行数", "7"),
            ("unheard", "None"),
        ]


def test_the_log_shows_words_and_keeps_the_code_in_reach(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        record_act(
            tenant=acme, at=datetime(2026, 11, 1, tzinfo=UTC), actor="Bob", act="member.role", target="x", role="staff"
        )

    page = log_in(alice).get("/t/acme/settings/audit/").content.decode()

    assert '<td title="member.role">更改角色</td>' in page
    assert "角色：员工" in page
