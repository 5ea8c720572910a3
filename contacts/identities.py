"""The names by which systems know a person, in the one form in which they are kept and compared."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import phonenumbers
from django.utils.translation import gettext as _

from tenants.results import FieldError
from tenants.strict_json import escape

KINDS = ("unionid", "openid", "external_userid", "phone", "email")
MAX_ID = 200
MAX_EMAIL = 254
MAX_NAME = 200
_SHOP = re.compile(r"shop:[a-z0-9_-]{1,50}")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
# A mainland mobile however it is usually written; the metadata of the library costs 50 times as much.
_CHINESE_MOBILE = re.compile(r"(?:\+86|0086)(1[3-9]\d{9})", re.ASCII)
_LOCAL_CHINESE_MOBILE = re.compile(r"(?:86)?(1[3-9]\d{9})", re.ASCII)
_PHONE_PUNCTUATION = str.maketrans("", "", " -.()/\u00a0\u2010\u2011\u2013")


class InvalidIdentity(ValueError):
    """Not an identity of its kind. `code` names the fault for an API's answer."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def normalise(kind: str, value: str, *, region: str | None = None) -> str:
    """The one form of an identity: phones in E.164, e-mails in lower case, ids without outer blanks.

    `region` (`phone_region`) is where a phone number without a country code belongs.

    Raises: InvalidIdentity
    """
    text = value.strip()
    if not text or has_control(text):
        raise InvalidIdentity("invalid_identity", "empty, or with control characters")
    if kind == "phone":
        return _phone(text, region)
    if kind == "email":
        return _email(text)
    if kind not in KINDS and not _SHOP.fullmatch(kind):
        raise InvalidIdentity("unknown_identity_kind", f"kinds: {', '.join(KINDS)}, shop:<source>")
    if len(text) > MAX_ID:
        raise InvalidIdentity("invalid_identity", f"longer than {MAX_ID} characters")
    return text


def read_identities(
    given: Mapping[str, str | None], *, region: str | None, pointer: str
) -> tuple[dict[str, str], list[FieldError]]:
    """Identities by kind in their one form, and what is wrong with others; `pointer` is where they stand in a body.

    One at least must be given; null says nothing.
    """
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    for kind, value in given.items():
        if value is None:
            continue
        try:
            found[kind] = normalise(kind, value, region=region)
        except InvalidIdentity as error:
            errors.append(FieldError(f"{pointer}/{escape(kind)}", error.code, str(error)))
    if not found and not errors:
        errors.append(FieldError(pointer, "no_identity", _("Send at least one identity.")))
    return found, errors


def clean_name(text: str) -> str:
    """A person's name fit to keep: blanks for control characters, one for many, 200 characters at most."""
    visible = "".join(" " if _is_control(character) else character for character in text)
    return " ".join(visible.split())[:MAX_NAME].rstrip()


def has_control(text: str) -> bool:
    """Whether a text holds what no id or name may: control characters or lone surrogates."""
    return not text.isprintable() and any(_is_control(character) for character in text)


@lru_cache
def phone_region(*, timezone: str, currency: str) -> str | None:
    """Where phone numbers without a country code belong: the zone's country, else the currency's, or None.

    Source: the tz database's zone.tab; ISO 4217 codes begin with their country's code.
    """
    country = _countries().get(timezone)
    if country is None and currency[:2] in phonenumbers.SUPPORTED_REGIONS:
        country = currency[:2]
    return country


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _phone(text: str, region: str | None) -> str:
    compact = text.translate(_PHONE_PUNCTUATION)
    mobile = _CHINESE_MOBILE.fullmatch(compact)
    if mobile is None and region == "CN":
        mobile = _LOCAL_CHINESE_MOBILE.fullmatch(compact)
    if mobile is not None:
        return f"+86{mobile[1]}"
    return _parsed_phone(compact, region)


@lru_cache(maxsize=4096)
def _parsed_phone(compact: str, region: str | None) -> str:
    if len(compact) > 30 or any(character.isalpha() for character in compact):
        raise InvalidIdentity("invalid_phone", "not a phone number")
    try:
        number = phonenumbers.parse(compact, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentity("invalid_phone", "not a phone number with its country code") from error
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidIdentity("invalid_phone", "not as long as phone numbers of its country are")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    lowered = text.lower()
    if len(lowered) > MAX_EMAIL or not _EMAIL.fullmatch(lowered):
        raise InvalidIdentity("invalid_email", "not an e-mail address")
    return lowered
