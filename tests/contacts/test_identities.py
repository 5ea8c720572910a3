"""Identities in the one form in which they are kept."""

import pytest

from contacts.identities import InvalidIdentity, clean_name, normalise, phone_region


@pytest.mark.parametrize(
    ("text", "region", "kept"),
    [
        ("13800138000", "CN", "+8613800138000"),
        (" 138 0013-8000 ", "CN", "+8613800138000"),
        ("8613800138000", "CN", "+8613800138000"),
        ("+86 138 0013 8000", "GB", "+8613800138000"),
        ("008613800138000", None, "+8613800138000"),
        ("010-6552 9988", "CN", "+861065529988"),
        ("07911 123456", "GB", "+447911123456"),
        ("+44 (0)7911 123456", "CN", "+447911123456"),
        ("+1 212-555-0123", None, "+12125550123"),
    ],
)
def test_phone_is_kept_in_e164(text: str, region: str | None, kept: str) -> None:
    assert normalise("phone", text, region=region) == kept


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("13800138000", None),
        ("07911 123456", None),
        ("1380", "CN"),
        ("1", "GB"),
        ("1-800-FLOWERS", "US"),
        ("+" + "9" * 40, "CN"),
        ("电话", "CN"),
        ("+999 12345678", "CN"),
    ],
)
def test_phone_that_is_none_is_refused(text: str, region: str | None) -> None:
    with pytest.raises(InvalidIdentity) as refusal:
        normalise("phone", text, region=region)

    assert refusal.value.code == "invalid_phone"


def test_email_is_kept_in_lower_case() -> None:
    assert normalise("email", " Alice@Example.COM ") == "alice@example.com"


@pytest.mark.parametrize(
    "text",
    ["alice", "alice@", "@example.com", "a b@example.com", "alice@example", "alice@@example.com", "a@b..c"],
)
def test_email_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentity) as refusal:
        normalise("email", text)

    assert refusal.value.code == "invalid_email"


@pytest.mark.parametrize("kind", ["unionid", "openid", "external_userid", "shop:online-retail"])
def test_id_is_kept_as_it_is_without_outer_blanks(kind: str) -> None:
    assert normalise(kind, " oAbC_123 ") == "oAbC_123"


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "a\nb", "\ud800", "x" * 201])
def test_id_that_is_empty_too_long_or_holds_control_characters_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentity) as refusal:
        normalise("unionid", text)

    assert refusal.value.code == "invalid_identity"


@pytest.mark.parametrize("kind", ["wechat", "shop:", "shop:Two Words", "shop:" + "x" * 51, "Phone"])
def test_kind_that_is_unknown_is_refused(kind: str) -> None:
    with pytest.raises(InvalidIdentity) as refusal:
        normalise(kind, "17850")

    assert refusal.value.code == "unknown_identity_kind"


@pytest.mark.parametrize(
    ("timezone", "currency", "region"),
    [
        ("Asia/Shanghai", "CNY", "CN"),
        ("Europe/London", "EUR", "GB"),
        ("UTC", "GBP", "GB"),
        ("UTC", "CNY", "CN"),
        ("UTC", "EUR", None),
    ],
)
def test_region_of_phones_follows_the_zone_then_the_currency(timezone: str, currency: str, region: str | None) -> None:
    assert phone_region(timezone=timezone, currency=currency) == region


def test_name_is_cleaned_not_refused() -> None:
    assert clean_name("  王\x00小\n明\u2028 ") == "王 小 明"
    assert clean_name("王" * 300) == "王" * 200
    assert clean_name("") == ""
