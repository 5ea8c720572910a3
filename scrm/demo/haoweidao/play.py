"""The past is played: at one instant after the other people are followed, and what is due goes out at its own time.

The tenant is not live meanwhile, so that no tick acts on what is played with the time of today. Wherever it is cut off,
the cursors of segments and SOPs and the ledger say how far it came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contacts.models import ContactTag, TouchKind
from contacts.services.consent import keep_consent
from contacts.services.tag_catalogue import tag_ids
from contacts.services.tags import Occasion, put_tags
from contacts.tags import parse_tag
from scrm.demo.haoweidao.tags import Learned
from segments.services.refresh import refresh_segments
from sop.models import Due
from sop.services.following import follow
from sop.services.running import run_sop
from sop.transports.base import Delivery, Message, Outcome, Transport, Unreachable, Verdict
from sop.transports.simulator.client import Transport as Simulator
from tenants.context import lock_tenant_writes, tenant_transaction
from tenants.models import Tenant

Source = ContactTag.Source
REFUSAL = "客户回复“退订”"


@dataclass
class Player:
    """Plays one tenant's past at its own time: `now`."""

    tenant: Tenant
    actor: str
    simulator_url: str
    now: datetime
    transport: Transport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = SureSimulator(Simulator(url=self.simulator_url, clock=self.clock))

    def clock(self) -> datetime:
        """The time that is played."""
        return self.now

    def look(self, *, at: datetime) -> None:
        """Let segments and SOPs follow what is known `at` this instant."""
        self.now = at
        is_more = True
        while is_more:
            with tenant_transaction(self.tenant.pk):
                is_more = refresh_segments(tenant=self.tenant, at=at, scan_every=timedelta(0))
        is_more = True
        while is_more:
            with tenant_transaction(self.tenant.pk):
                is_more = follow(tenant=self.tenant, at=at)

    def send(self, *, before: datetime) -> None:
        """Send what falls due before an instant, each at its time."""
        while (due := self._next_due()) is not None and due.due_at < before:
            self.now = max(self.now, due.due_at)
            run_sop(tenant=self.tenant, sop_id=due.sop_id, transport=self.transport, clock=self.clock)

    def put_learned(self, *, learned: Iterable[Learned], contact_ids: Mapping[int, int], at: datetime) -> None:
        """Put tags on people with what shows that they are right; `contact_ids` by the number of a person."""
        occasions: dict[tuple[str, Source], set[tuple[int, str]]] = defaultdict(set)
        for one in learned:
            source = Source.PLATFORM if one.is_answer else Source.RULE
            occasions[one.evidence, source].add((contact_ids[one.number], one.tag))
        with tenant_transaction(self.tenant.pk):
            lock_tenant_writes(tenant_id=self.tenant.pk)
            wanted = {parse_tag(tag) for found in occasions.values() for _contact, tag in found}
            ids = {str(name): pk for name, pk in tag_ids(tenant=self.tenant, names=wanted).items()}
            names = {pk: name for name, pk in ids.items()}
            for (evidence, source), found in occasions.items():
                pairs = {(contact_id, ids[tag]) for contact_id, tag in found}
                occasion = Occasion(source=source, evidence=evidence, actor=self.actor, at=at)
                put_tags(tenant=self.tenant, pairs=pairs, names=names, occasion=occasion)

    def keep_refusals(self, *, contact_ids: Iterable[int], at: datetime) -> None:
        """Keep that people do not want messages."""
        with tenant_transaction(self.tenant.pk):
            lock_tenant_writes(tenant_id=self.tenant.pk)
            keep_consent(
                tenant=self.tenant,
                contact_ids=contact_ids,
                touch_kind=TouchKind.PRIVATE_CHAT,
                is_granted=False,
                evidence=REFUSAL,
                actor=self.actor,
                at=at,
            )

    def _next_due(self) -> Due | None:
        return Due.objects.filter(tenant=self.tenant).order_by("due_at", "sop_id").first()


class SureSimulator:
    """The simulator, which must take everything: a past in which it was not there would be another one.

    Raises: Unreachable
    """

    honours_keys = True
    tells_outcomes = True

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.patience_seconds = simulator, simulator.patience_seconds

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        """Send all."""
        outcomes = self.simulator.send(messages)
        lost = [one.said for one in outcomes if one.verdict is not Verdict.SENT]
        if lost:
            raise Unreachable(f"The simulator did not take {len(lost)} messages: {lost[0]}")
        return outcomes

    def deliveries(self, *, account: str, keys: Sequence[str]) -> Mapping[str, Delivery]:
        """Ask by key."""
        return self.simulator.deliveries(account=account, keys=keys)
