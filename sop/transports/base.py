"""What the ledger needs of a provider, whichever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Verdict(Enum):
    """What became of a message, as far as the call could tell."""

    SENT = "sent"
    # the provider will never take it
    REFUSED = "refused"
    # surely not taken; may be tried again
    RETRY = "retry"
    # may have been taken or not: the answer did not come
    LOST = "lost"
    # not tried at all: the ledger's own word
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. `key` is of the touchpoint, never of the attempt; `account` is the sending brand."""

    key: str
    account: str
    to: str
    touch_kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the provider said of one message."""

    verdict: Verdict
    provider_id: str = ""
    said: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the provider holds under a key."""

    provider_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One call that a provider for trials took. `number` counts them; a duplicate was not delivered again."""

    number: int
    key: str
    account: str
    to: str
    touch_kind: str
    text: str
    provider_id: str
    # an ISO 8601 instant
    received_at: str
    is_duplicate: bool


class Unreachable(Exception):
    """The provider could not be asked; ask again later."""


class Transport(Protocol):
    """One provider.

    `honours_keys`: a message that it has is not delivered again under the same key. `tells_outcomes`: it can be asked
    what it holds under a key. `patience_seconds`: after this long a call that gave no answer is decided over there.
    One for trials has `receipts` as well, the newest of which are the console's inbox.
    """

    honours_keys: bool
    tells_outcomes: bool
    patience_seconds: float

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        """Send some hundreds of messages; one outcome each, in their order. Raises nothing."""

    def deliveries(self, *, account: str, keys: Sequence[str]) -> Mapping[str, Delivery]:
        """What the provider has taken under these keys; a key that it has not is absent.

        Raises: Unreachable
        """
