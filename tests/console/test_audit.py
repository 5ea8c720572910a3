"""The audit log as people read it."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils.text import capfirst
from django.utils.translation import override

from scrm.console.acts import act_in_words, actor_in_words, detail_in_words
from scrm.console.registry import REGISTERED
from tenants.services.audit import record_act
from tests.cast import log_in

ROOT = Path(__file__).parents[2]
APPS = ("acquisition", "analytics", "contacts", "orders", "scrm", "segments", "sop", "tenants")
SOURCES = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
# the names of a file and of a job; what some calls put together before
NO_ACTS = {"contacts.csv", "contacts.export"}
MORE = {"author", "contact", "fields", "role", "written_at"}


def calls(text: str) -> Iterator[ast.Call]:
    """The calls of `record_act` in a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_act":
            yield node


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
    detail = {"scopes": ["orders:read", "orders:write"], "role": "brand_manager", "rows": 20000, "unheard": None}

    with override("zh-hans"):
        assert detail_in_words(detail) == [
            ("权限范围", "读取订单、写入订单"),
            ("角色", "品牌经理"),
            ("行数", "20,000"),
            ("unheard", "—"),
        ]


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"before": 2, "per_day": 1}, [("每位客户每天的消息数", "2 → 1")]),
        ({"role": "owner", "before": "staff"}, [("角色", "员工 → 所有者")]),
        ({"margin": "0.355", "name": "好"}, [("毛利率", "35.5%"), ("名称", "好")]),
        ({"people": 20000, "last_date": "2026-11-30"}, [("人数", "20,000"), ("最后一天", "2026-11-30")]),
        (
            {"columns": ["name", "phone"], "filters": ["text", "tag"]},
            [("列", "姓名、手机号"), ("筛选条件", "搜索词、标签")],
        ),
        ({"timezone": "Asia/Shanghai", "version": 1200}, [("时区", "北京时间"), ("版本", "1200")]),
        ({"before": 2}, []),
    ],
)
def test_values_are_told_as_people_read_them(detail: dict[str, Any], words: list[tuple[str, str]]) -> None:
    with override("zh-hans"):
        assert detail_in_words(detail) == words


def test_every_act_actor_and_detail_that_the_code_writes_has_words() -> None:
    writers = [text for path in SOURCES if "record_act(" in (text := path.read_text())]
    acts = {act for text in writers for act in re.findall(r'"([a-z_]+\.[a-z_]+)"', text)} - NO_ACTS
    told = {keyword.arg for text in writers for call in calls(text) for keyword in call.keywords if keyword.arg}
    details = {*told, *MORE} - {"before", "tenant", "at", "actor", "act", "target", "address"}

    assert {"demo.begun", "attribute.created", "sop.paused", "login.failed"} <= acts
    assert {"last_date", "people", "key"} <= details
    with override("zh-hans"):
        assert [act for act in sorted(acts) if act_in_words(act) == act] == []
        assert [name for name in sorted(details) if detail_in_words({name: []})[0][0] == name] == []
        assert [actor_in_words(actor) for actor in ("command line", "demo", "Bob")] == ["命令行", "演示", "Bob"]


def test_every_field_that_the_engine_changes_has_words() -> None:
    with override("en"):
        labels = {capfirst(str(each.verbose_name)) for model, _ in REGISTERED for each in model._meta.fields}
        labels -= {"ID", "Tenant"}

    assert "Name" in labels
    with override("zh-hans"):
        told = detail_in_words({"fields": sorted(labels)})[0][1]
    assert re.findall("[A-Za-z]{4,}", told) == []


def test_the_log_shows_words_and_keeps_the_code_in_reach(alice: Any, acme: Any, inside: Any) -> None:
    with inside(acme):
        record_act(
            tenant=acme, at=datetime(2026, 11, 1, tzinfo=UTC), actor="Bob", act="member.role", target="x", role="staff"
        )

    page = log_in(alice).get("/t/acme/settings/audit/").content.decode()

    assert '<td title="member.role">更改角色</td>' in page
    assert "角色：员工" in page
