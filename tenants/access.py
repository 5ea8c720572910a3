"""What each role may do in the console; the one place that says it."""

from tenants.models import Membership

Role = Membership.Role

EVERYONE = frozenset(Role)
BOARD_READERS = frozenset({Role.OWNER, Role.OPERATOR, Role.BRAND_MANAGER})
EDITORS = frozenset({Role.OWNER, Role.OPERATOR})
OWNERS = frozenset({Role.OWNER})


def sees_full_phones(role: str) -> bool:
    """Whether phone numbers are shown whole."""
    return role != Role.BRAND_MANAGER


def mask_phone(phone: str) -> str:
    """`+8613812345678` → `+8613••••5678`; what is too short to mask is hidden whole."""
    return f"{phone[:5]}••••{phone[-4:]}" if len(phone) >= 11 else "••••" * bool(phone)
