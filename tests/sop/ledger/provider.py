"""A provider in this process that does as it is told and keeps what it was given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sop.transports.base import Delivery, Message, Outcome, Unreachable, Verdict

Answer = Callable[[Message], Outcome]


def accept(message: Message) -> Outcome:
    """Take it."""
    return Outcome(Verdict.SENT, provider_id=f"p-{message.key[:8]}")


@dataclass
class Provider:
    """Answers by `answer`; what it took is in `taken`, every call in `calls`."""

    answer: Answer = accept
    honours_keys: bool = True
    tells_outcomes: bool = True
    patience_seconds: float = 20.0
    is_reachable: bool = True
    calls: list[list[Message]] = field(default_factory=list)
    taken: dict[str, Message] = field(default_factory=dict)
    during_send: Callable[[], None] = lambda: None

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        self.calls.append(list(messages))
        self.during_send()
        outcomes = [self.answer(message) for message in messages]
        for message, outcome in zip(messages, outcomes, strict=True):
            if outcome.verdict is Verdict.SENT:
                self.taken[message.key] = message
        return outcomes

    def deliveries(self, *, account: str, keys: Sequence[str]) -> Mapping[str, Delivery]:
        if not self.is_reachable:
            raise Unreachable("down")
        return {key: Delivery(f"p-{key[:8]}", self.taken[key].text) for key in keys if key in self.taken}

    @property
    def sent(self) -> int:
        """Messages over all calls."""
        return sum(len(call) for call in self.calls)


def lose_after_taking(provider: Provider) -> Answer:
    """Take it, and let the answer be lost."""

    def answer(message: Message) -> Outcome:
        provider.taken[message.key] = message
        return Outcome(Verdict.LOST, said="no answer")

    return answer
