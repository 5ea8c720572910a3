"""Small histories of SOPs, messages, runs, orders and refunds, written as rows; and what an SOP board must say of one.

The oracle is plain Python over the history as it was drawn: it reads no row and knows no SQL.
"""

import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

DAY_ONE = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE, SOPS, DAYS = 2, 2, 16
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
SETTLED = ("sent", "skipped", "failed", "cancelled", "unknown")
REASONS = {"skipped": "late", "failed": "refused", "cancelled": "left"}
counter = itertools.count()


@dataclass(frozen=True)
class Message:
    """One touchpoint; `settled_at` is None while it is open."""

    sop: int
    contact: int
    due_at: datetime
    state: str
    settled_at: datetime | None

    @property
    def reason(self) -> str:
        return REASONS.get(self.state, "")


@dataclass(frozen=True)
class Run:
    """One run, of somebody whom nothing else is told of."""

    sop: int
    entered_at: datetime
    state: str
    exit_reason: str
    ended_at: datetime | None


@dataclass(frozen=True)
class Purchase:
    """One order of a known or unknown contact, with refunds: when, how much, whether another tells the same."""

    contact: int | None
    paid_at: datetime
    status: str
    amount: int
    refunds: tuple[tuple[datetime, int, bool], ...]


@dataclass(frozen=True)
class History:
    """All of one brand."""

    zone: str
    messages: list[Message] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)


# whole days and a second before and after: few enough that edges are met often
instants = st.builds(
    lambda days, seconds: DAY_ONE + timedelta(days=days, seconds=seconds),
    st.integers(0, DAYS),
    st.sampled_from([-1, 0, 0, 1]),
)
# at midnight in each of the zones, in winter and in summer
dues = st.builds(lambda at, hours: at + timedelta(hours=hours), instants, st.sampled_from([0, 4, 5, 16]))
messages = st.builds(
    lambda sop, contact, due_at, state, settled_at: Message(
        sop, contact, due_at, state, None if state == "planned" else settled_at
    ),
    st.integers(0, SOPS - 1),
    st.integers(0, PEOPLE - 1),
    dues,
    st.sampled_from(["sent", "sent", "sent", *SETTLED, "planned"]),
    instants,
)
runs = st.builds(
    lambda sop, entered_at, ending, ended_at: Run(
        sop, entered_at, ending[0], ending[1], None if ending[0] == "active" else ended_at
    ),
    st.integers(0, SOPS - 1),
    dues,
    st.sampled_from([("active", ""), ("completed", ""), ("exited", "left"), ("exited", "ordered")]),
    instants,
)
refunds = st.tuples(instants, st.integers(1, 500), st.booleans())
purchases = st.builds(
    Purchase,
    st.sampled_from([*range(PEOPLE), None]),
    instants,
    st.sampled_from(["paid", "paid", "paid", "paid", "pending", "cancelled"]),
    st.sampled_from([0, 1, 250, 1000]),
    st.lists(refunds, max_size=2).map(tuple),
)
histories = st.builds(
    History,
    st.sampled_from(ZONES),
    st.lists(messages, min_size=2, max_size=12),
    st.lists(runs, max_size=4),
    st.lists(purchases, min_size=2, max_size=8),
)


def written(history: History) -> Any:
    """A tenant of its own that holds this history; its SOPs are named by their numbers."""
    from tenants.context import tenant_transaction
    from tenants.models import Tenant

    slug = f"brand-{next(counter)}"
    tenant = Tenant.objects.create(slug=slug, name="Brand", timezone=history.zone, currency="GBP")
    with tenant_transaction(tenant.pk):
        contacts = people(tenant, PEOPLE)
        sops = [make_sop(tenant, str(number)) for number in range(SOPS)]
        write_messages(tenant, [(sops[each.sop], contacts[each.contact], each) for each in history.messages])
        write_runs(tenant, [(sops[each.sop], each) for each in history.runs])
        for purchase in history.purchases:
            write_purchase(tenant, None if purchase.contact is None else contacts[purchase.contact], purchase)
    return tenant


def people(tenant: Any, count: int) -> list[Any]:
    """New contacts, inside the tenant's transaction."""
    from contacts.models import Contact

    made: list[Any] = Contact.objects.bulk_create([Contact(tenant=tenant, name=f"Person {n}") for n in range(count)])
    return made


def make_sop(tenant: Any, name: str, state: str = "published") -> Any:
    """An SOP with a version of one step, inside the tenant's transaction."""
    from segments.models import Segment
    from sop.models import Sop, SopVersion, Step

    made = {"tenant": tenant, "created_at": DAY_ONE}
    segment = Segment.objects.create(name=f"For {name}", state="published", kind="list", updated_at=DAY_ONE, **made)
    sop = Sop.objects.create(name=name, state=state, live_number=1, updated_at=DAY_ONE, **made)
    version = SopVersion.objects.create(sop=sop, number=1, segment=segment, published_at=DAY_ONE, **made)
    Step.objects.create(
        tenant=tenant, version=version, position=1, timing="after", after_minutes=0, content="hello", compiled=[]
    )
    return sop


def write_messages(tenant: Any, told: Collection[tuple[Any, Any, Message]]) -> None:
    """Touchpoints, all of one run for each SOP that nothing is told of: it began before every range."""
    from sop.models import Enrollment, Step, Touchpoint

    steps = {step.version.sop_id: step for step in Step.objects.for_tenant(tenant).select_related("version")}
    held: dict[int, Any] = {}
    rows = []
    for place, (sop, contact, message) in enumerate(told):
        if sop.pk not in held:
            (someone,), long_ago = people(tenant, 1), DAY_ONE - timedelta(days=500)
            held[sop.pk] = Enrollment.objects.create(
                tenant=tenant, sop=sop, version_id=steps[sop.pk].version_id, contact=someone, state="completed",
                entered_at=long_ago, ended_at=long_ago, last_due_at=long_ago,
            )  # fmt: skip
        due = {"due_at": message.due_at, "run_at": message.due_at, "late_at": message.due_at}
        rows.append(
            Touchpoint(
                tenant=tenant,
                sop=sop,
                enrollment=held[sop.pk],
                step=steps[sop.pk],
                contact=contact,
                occurrence=place,
                state=message.state,
                reason=message.reason,
                settled_at=message.settled_at,
                **due,
            )
        )
    Touchpoint.objects.bulk_create(rows)


def write_runs(tenant: Any, told: Collection[tuple[Any, Run]]) -> None:
    """Runs, each of somebody new."""
    from sop.models import Enrollment, SopVersion

    versions = dict(SopVersion.objects.for_tenant(tenant).values_list("sop_id", "pk"))
    for (sop, run), contact in zip(told, people(tenant, len(told)), strict=True):
        Enrollment.objects.create(
            tenant=tenant, sop=sop, version_id=versions[sop.pk], contact=contact, entered_at=run.entered_at,
            state=run.state, exit_reason=run.exit_reason, ended_at=run.ended_at, last_due_at=run.entered_at,
        )  # fmt: skip


def write_purchase(tenant: Any, contact: Any, purchase: Purchase) -> None:
    """An order with its refunds."""
    from orders.models import Order, Refund, Source

    held = Source.objects.for_tenant(tenant).first()
    source = held or Source.objects.create(tenant=tenant, slug="shop", name="Shop")
    money = {"currency": "GBP", "version_at": purchase.paid_at}
    order = Order.objects.create(
        tenant=tenant, source=source, external_id=f"o{next(counter)}", contact=contact, status=purchase.status,
        paid_at=purchase.paid_at, amount_minor=purchase.amount, base_amount_minor=purchase.amount, fx_rate=1, **money,
    )  # fmt: skip
    for at, amount, is_superseded in purchase.refunds:
        Refund.objects.create(
            tenant=tenant, source=source, origin="order", external_id=f"r{next(counter)}", order=order, contact=contact,
            is_superseded=is_superseded, amount_minor=amount, base_amount_minor=amount, refunded_at=at, **money,
        )  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a board says of one SOP, or of all."""

    messages: dict[tuple[str, str], int]
    planned: int
    reached: int
    contacts: int
    buyers: int
    orders: int
    net_minor: int
    is_complete: bool
    runs: tuple[int, int, dict[str, int]]


def expected(
    history: History, sops: Collection[int], *, as_of: datetime, first: date, last: date, window_days: int
) -> Said:
    """What the definitions say of some SOPs taken as one."""

    def is_in_range(at: datetime) -> bool:
        return first <= at.astimezone(ZoneInfo(history.zone)).date() <= last and at < as_of

    def has_happened(at: datetime | None) -> bool:
        return at is not None and at < as_of

    def follows(message: Message, purchase: Purchase) -> bool:
        if message.settled_at is None or purchase.contact != message.contact:
            return False
        return 0 <= (purchase.paid_at - message.settled_at).total_seconds() // 1 <= window_days * 86_400

    def is_over(message: Message) -> bool:
        after = timedelta(days=window_days, seconds=1)
        return message.settled_at is not None and message.settled_at + after <= as_of

    due = [each for each in history.messages if each.sop in sops and is_in_range(each.due_at)]
    sent = [each for each in due if each.state == "sent" and has_happened(each.settled_at)]
    over = [each for each in sent if is_over(each)]
    counted = over or sent
    bought = [
        each
        for each in history.purchases
        if each.status == "paid" and each.amount > 0 and has_happened(each.paid_at)
        and any(follows(message, each) for message in counted)
    ]  # fmt: skip
    back = sum(amount for each in bought for at, amount, again in each.refunds if has_happened(at) and not again)
    runs = [each for each in history.runs if each.sop in sops and is_in_range(each.entered_at)]
    ended = Counter((each.state, each.exit_reason) for each in runs if has_happened(each.ended_at))
    states = Counter((each.state, each.reason) if has_happened(each.settled_at) else ("planned", "") for each in due)
    return Said(
        messages=dict(states),
        planned=len({each.contact for each in due}),
        reached=len({each.contact for each in sent}),
        contacts=len({each.contact for each in counted}),
        buyers=len({each.contact for each in bought}),
        orders=len(bought),
        net_minor=sum(each.amount for each in bought) - back,
        is_complete=bool(over),
        runs=(
            len(runs) - ended.total(),
            ended["completed", ""],
            {reason: ended["exited", reason] for reason in ("left", "ordered", "stopped")},
        ),
    )


def said(row: Any) -> Said:
    """A board's row in the oracle's shape."""
    outcome, runs = row.outcome, row.runs
    return Said(
        messages=dict(row.messages),
        planned=row.planned,
        reached=row.reached,
        contacts=outcome.contacts,
        buyers=outcome.buyers,
        orders=outcome.orders,
        net_minor=outcome.net_minor,
        is_complete=outcome.is_complete,
        runs=(runs.active, runs.completed, dict(runs.exited)),
    )
