"""Search tokens: under row security LIKE cannot use an index, equality on these can.

A contact has each character and each pair of characters of its name, and each four digits of its phones.
Source: PostgreSQL, "Row Security Policies": what is not leakproof runs after the policy.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

PHONES_PER_CONTACT = 10
PHONE_GRAM = 4
MAX_TEXT = 100
_PHONE_TEXT = re.compile(r"\+?[\d\s().-]+", re.ASCII)
_SCRIPTS = ((0x41, 0x5A), (0xC0, 0x17F), (0x386, 0x3AB), (0x400, 0x52F), (0xFF01, 0xFF5E), (0x3000, 0x3000))


def _folding() -> dict[int, str]:
    """Characters by what they are searched as; one for one, so that SQL's `translate` does the same."""
    table = {}
    for low, high in _SCRIPTS:
        for code in range(low, high + 1):
            character = chr(code)
            wide = unicodedata.normalize("NFKC", character) if code >= 0x3000 else character
            folded = wide.lower()
            if len(folded) == 1 and folded != character:
                table[code] = folded
    return table


_FOLDING = _folding()
FOLDED_FROM = "".join(map(chr, _FOLDING))
FOLDED_TO = "".join(_FOLDING.values())
_CASED = set(FOLDED_FROM) | set(FOLDED_TO)


def fold(text: str) -> str:
    """A text as it is searched: letters in lower case, full-width forms as plain ones, one for one."""
    return text.translate(_FOLDING)


def is_caseless(folded: str) -> bool:
    """Whether nothing else folds to these characters, so that stored names can be compared as they are."""
    return _CASED.isdisjoint(folded)


def name_tokens(name: str) -> set[str]:
    """Each character and each pair of characters of a name."""
    folded = fold(name)
    pairs = {folded[at : at + 2] for at in range(len(folded) - 1)}
    return pairs | set(folded.replace(" ", ""))


def phone_tokens(digits: str) -> set[str]:
    """`#` and each four digits in a row."""
    return {f"#{digits[at : at + PHONE_GRAM]}" for at in range(len(digits) - PHONE_GRAM + 1)}


def contact_tokens(*, name: str, phones: Iterable[str]) -> list[str]:
    """All tokens of a contact, sorted. Units: at most 400 of a name and 12 of each of ten phones."""
    tokens = name_tokens(name)
    for phone in sorted(phones)[:PHONES_PER_CONTACT]:
        tokens |= phone_tokens(phone_digits(phone))
    return sorted(tokens)


def phone_digits(text: str) -> str:
    """The digits of a number, or of what looks like a part of one; empty if it does not."""
    return "".join(filter(str.isdigit, text)) if _PHONE_TEXT.fullmatch(text) else ""


def name_probe(folded: str) -> Sequence[str]:
    """At most three tokens that every name containing the text has; for one or two characters, the proof."""
    if len(folded) <= 2:
        return [folded] if folded else []
    return _spread([folded[at : at + 2] for at in range(len(folded) - 1)])


def phone_probe(digits: str) -> Sequence[str]:
    """At most three tokens that every phone containing the digits has; none for fewer than four digits."""
    return _spread([f"#{digits[at : at + PHONE_GRAM]}" for at in range(len(digits) - PHONE_GRAM + 1)])


def _spread(tokens: Sequence[str]) -> Sequence[str]:
    picked = [tokens[0], tokens[-1], tokens[len(tokens) // 2]] if tokens else []
    return list(dict.fromkeys(picked))
