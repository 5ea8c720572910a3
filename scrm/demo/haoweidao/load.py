"""Load the brand: what was long ago over REST in large calls, then day by day what its segments and SOPs made of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, pairwise

from scrm.demo.client import Client
from scrm.demo.haoweidao.play import Player
from scrm.demo.haoweidao.slots import first_slot, had_outage, learning_days, slots
from scrm.demo.haoweidao.stage import define_fields, played_to, set_stage
from scrm.demo.haoweidao.world import SHOP_SOURCE, JsonRow, World
from scrm.demo.load import Call, calls_of, post_all
from tenants.models import Tenant

Say = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass
class Loading:
    """One load of a brand that is not live meanwhile. `contact_ids`: of people, by their number."""

    tenant: Tenant
    client: Client
    world: World
    player: Player
    say: Say
    contact_ids: dict[int, int] = field(default_factory=dict)

    def run(self, *, until: datetime) -> None:
        """Load what happened `until` an instant; a load that was cut off goes on from where it was.

        Raises: CallFailed, Unreachable
        """
        begin = first_slot(last_date=self.world.last_date)
        define_fields(tenant=self.tenant, actor=self.player.actor, at=until)
        reached = played_to(tenant=self.tenant)
        self.post_people(since=None, until=reached or begin, say=self.say)
        if reached is None:
            self.post_past(until=begin)
            set_stage(tenant=self.tenant, actor=self.player.actor, at=begin)
        self.play(since=reached or begin, until=until)

    def post_past(self, *, until: datetime) -> None:
        """Send all that happened until the past begins to be played, and what was learned from it."""
        self.post_orders(since=None, until=until, say=self.say)
        costs = list(calls_of("/acquisition/spend/bulk", "spend", self.world.spend_rows(), {}))
        self.post("costs", costs, say=self.say)
        days = [at for at in learning_days(last_date=self.world.last_date) if at <= until]
        for since, at in zip([None, *days], days, strict=False):
            self.learn(since=since, until=at)
            self.hear_refusals(since=since, until=at)

    def play(self, *, since: datetime, until: datetime) -> None:
        """Go from instant to instant: what goes out, what happened meanwhile, who is where because of it."""
        self.player.look(at=since)
        instants = [at for at in slots(last_date=self.world.last_date, end=until) if at > since]
        for number, (before, at) in enumerate(zip([since, *instants], instants, strict=False), start=1):
            if not had_outage(last_date=self.world.last_date, since=before, until=at):
                self.player.send(before=at)
            self.post_people(since=before, until=at)
            self.post_orders(since=before, until=at)
            for earlier, lesson in pairwise(learning_days(last_date=self.world.last_date)):
                if before < lesson <= at:
                    self.learn(since=earlier, until=lesson)
            self.hear_refusals(since=before, until=at)
            self.player.look(at=at)
            self.say("steps of its past", number, len(instants))

    def post_people(self, *, since: datetime | None, until: datetime, say: Say | None = None) -> None:
        """Send who came, and learn their ids."""
        rows = self.world.contact_rows(since=since, until=until)
        answers = self.post("people", list(calls_of("/contacts/bulk", "contacts", rows, {})), say=say)
        ids = (result["id"] for answer in answers for result in answer["results"])
        numbers = (person.number for person in self.world.people.between(since, until))
        self.contact_ids.update(zip(numbers, ids, strict=True))

    def post_orders(self, *, since: datetime | None, until: datetime, say: Say | None = None) -> None:
        """Send what was bought, then what was given back."""
        orders = self.world.order_rows(since=since, until=until).items()
        refunds = self.world.refund_rows(since=since, until=until)
        bought = [calls_of("/orders/bulk", "orders", rows, {"source": source}) for source, rows in orders]
        self.post("orders", list(chain.from_iterable(bought)), say=say)
        self.post("refunds", list(calls_of("/refunds/bulk", "refunds", refunds, {"source": SHOP_SOURCE})), say=say)

    def post(self, what: str, calls: Sequence[Call], *, say: Say | None) -> list[JsonRow]:
        """Send calls, several at once where somebody is to be told how far that is; the answers."""
        if say is None:
            return [self.client.post(path, body) for path, body, _rows in calls]
        total = sum(rows for _path, _body, rows in calls)
        return post_all(self.client, calls=calls, progress=lambda done: say(what, done, total))

    def learn(self, *, since: datetime | None, until: datetime) -> None:
        """Put tags by what people bought and answered."""
        learned = self.world.learned(since=since, until=until)
        self.player.put_learned(learned=learned, contact_ids=self.contact_ids, at=until)

    def hear_refusals(self, *, since: datetime | None, until: datetime) -> None:
        """Keep who does not want messages any more."""
        if refusals := self.world.refusals.between(since, until):
            self.player.keep_refusals(contact_ids=[self.contact_ids[one.number] for one in refusals], at=until)
