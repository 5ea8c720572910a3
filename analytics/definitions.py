"""What each number means, in one short sentence: the same in the API and on the board."""

from django.utils.translation import gettext_lazy as _

DEFINITIONS = {
    "contacts": _("Contacts acquired in the period, buyers or not (M). Refunds never shrink it."),
    "acquired": _("At the first touch; for a contact without any touch, at the first purchase."),
    "buyers": _("Contacts of the cohort with a purchase since they were acquired."),
    "purchase": _("A paid order of more than 0. A cancelled order is none, and its refunds do not count."),
    "cost": _("What acquisition cost in the whole period (C); never cut by the as-of time."),
    "cac": _("CAC = C / M: cost per acquired contact."),
    "paid_cac": _("Paid CAC: cost of the paid channels over the contacts of those channels."),
    "fully_loaded": _("Fully loaded: staff hours and tools are in the cost."),
    "revenue_net": _("Purchases less refunds, each at its own time, from acquisition on (R)."),
    "revenue_gross": _("Purchases before refunds, from acquisition on."),
    "clv": _("CLV = R / M: revenue per acquired contact up to an age."),
    "roi": _("ROI = CLV / CAC, which is R / C. Without cost there is none."),
    "first": _("The first purchase since acquisition, with all of that second; however late it came."),
    "slices": _("7d … 365d: up to that many times 24 hours after each contact's own acquisition, both ends in."),
    "to_date": _("Everything from acquisition up to the as-of time."),
    "as_of": _("Only what happened before this time counts."),
    "completeness": _("Complete: period end + age has passed for everyone. Totals have complete cohorts only."),
    "mature": _("Mature contacts: those whose own age has been reached; their number and their value."),
    "payback": _("When net revenue × margin first covered the cost, in days since each acquisition."),
    "sustained": _("Sustained payback: since when it has never fallen below the cost again."),
    "observed": _("Payback is searched only for as long as all contacts of the cohort have been observed."),
    "margin": _("The share of revenue that counts towards payback; CLV and ROI are of revenue."),
    "left_truncated": _("The order log begins in this cohort: many of its contacts may be old customers."),
    "unattributed": _("Contacts without a channel."),
    "currency": _("Other currencies are converted at the order date's rate, once."),
}


# What is said otherwise, or only, of a channel board.
CHANNEL_DEFINITIONS = DEFINITIONS | {
    "contacts": _("Contacts acquired in the range by the channel's touch, buyers or not (M). Each counts once."),
    "buyers": _("Contacts of the range with a purchase since they were acquired."),
    "cost": _("What the channel cost in the whole range (C); never cut by the as-of time."),
    "blended_cac": _("Blended CAC: all cost over all contacts, those without a channel too."),
    "completeness": _(
        "A figure at an age is of the acquisition days for which that age has passed for everyone, taken as one "
        "cohort: their contacts, and the whole cost of those days (a month's entry is spread evenly over its days). "
        "All channels are compared over the same days."
    ),
    "incomplete": _("Incomplete: no contact of such a day yet. The value so far is shown, and never ranked."),
    "ranking": _("Ranked: complete figures of at least 30 contacts. The others stand below the line, with the reason."),
    "payback": _(
        "When net revenue × margin first covered the cost, in days since each acquisition; of the days complete at "
        "the ranked age."
    ),
    "shares": _("Shares of cost and of value: of the days complete at the ranked age, among all channels."),
    "left_truncated": _("The order log begins in this month: many of its contacts may be old customers."),
    "ad_platform": _(
        "An ad platform counts conversions by its own attribution, old customers too, before refunds, in its own time "
        "zone. Here a person counts once, for the channel of the first touch, and the cost is what was entered."
    ),
}

# What a repurchase board is made of.
REPURCHASE_DEFINITIONS = {
    "exposure": _(
        "Exposure rate: contacts reached by a message that was sent in the range, over the pool. Private chat alone: "
        "group chat and Moments are not connected yet, which is not 0."
    ),
    "pool": _(
        "Pool: contacts acquired before the end of the range, each once, those who refuse messages too: they are not "
        "reached."
    ),
    "touch": _("Touch: a message of an SOP that the provider accepted, on the day it was sent."),
    "touches": _(
        "By touches: contacts who had bought before the 30 days of touches began, each in the row of the touches of "
        "those days; and who of them bought in the 30 days after. Both spans are over, so everyone was seen equally "
        "long."
    ),
    "not_a_lift": _(
        "Correlation, not cause: the touched differ from the untouched before any message is sent, as schedules choose "
        "whom they write to and end with an order. This is not a lift; only a random hold-out can show one."
    ),
    "interval": _("The interval is Wilson's at 95 %. Fewer than 30 people are grey and not compared."),
    "opted_out": _(
        "Opted out: refused messages since the days of touches began, to the end of the days after. Who refuses gets "
        "no more of them, and so stands in a row of few touches. Deleted friends are not in the data yet."
    ),
    "repurchase": _(
        "Repurchase rate: the share of buyers who have bought again by day 90 after their first purchase, from the "
        "curve. Two purchases of one second are one."
    ),
    "curve": _(
        "Curve (Kaplan–Meier): each day's share is of the buyers observed through that day who had not bought again "
        "before. Who bought first lately leaves it when her observation ends, and never counts as lost. First "
        "purchases up to the end of the range."
    ),
    "months": _(
        "By month of first purchase: of the buyers observed for so many days, the share who bought again within them. "
        "Marked while some of the month have not been observed so long. The newest 24 months, and first purchases up "
        "to the end of the range."
    ),
    "demand": _(
        "Demand: contacts with three purchases or more whose own median time between purchases has passed since the "
        "last one; long past: twice that time."
    ),
    "trust": _("Trust: who refuses messages, and who said so in the range. Replies are not connected yet."),
    "purchase": DEFINITIONS["purchase"],
    "as_of": DEFINITIONS["as_of"],
    "left_truncated": _(
        "The order log begins in this month: many of its first purchases are old customers' later ones."
    ),
}


# What is said of an SOP board.
SOP_DEFINITIONS = {
    "planned": _(
        "Contacts planned: those with a message that was due in the range, before the as-of time, whatever became of "
        "it."
    ),
    "reached": _(
        "Contacts reached: those of them to whom one was sent. The provider took it; who read it is not known."
    ),
    "reach_rate": _("Reach rate = contacts reached ÷ contacts planned."),
    "messages": _("Messages that were due = sent + not sent, by reason + still open. They add up."),
    "bought": _(
        "Bought within N days: a paid order above 0, from the second of a message of this SOP up to N × 24 hours "
        "later, both ends in. Bought after it is not bought because of it: some would have bought anyway."
    ),
    "orders": _(
        "An order counts once for an SOP, however many of its messages went before. It may count for several SOPs; in "
        "the sum of all it counts once."
    ),
    "revenue_net": _(
        "Net revenue: those orders less the refunds of those orders known by the as-of time, however late they came."
    ),
    "bought_share": _("Share who bought = contacts who bought ÷ contacts reached."),
    "revenue_per_contact": _("Revenue per contact = net revenue ÷ contacts reached, buyers or not."),
    "completeness": _(
        "Figures of what was bought are of the messages whose N days are over, with the contacts who got those. All "
        "SOPs are compared over the messages sent until the same time."
    ),
    "incomplete": _("Incomplete: no message's N days are over yet. What is known so far is shown, and never ranked."),
    "ranking": _("Ranked: complete figures of at least 30 contacts. The others stand below the line, with the reason."),
    "runs": _("Entered: runs that began in the range = under way + completed + left early, by reason."),
    "replies": _("Replies are not on this board: no transport reports them yet."),
    "as_of": _("Only what happened before this time counts."),
}


def definition_texts() -> dict[str, str]:
    """The definitions in the reader's language."""
    return {name: str(text) for name, text in DEFINITIONS.items()}


def channel_definition_texts() -> dict[str, str]:
    """Those of a channel board."""
    return {name: str(text) for name, text in CHANNEL_DEFINITIONS.items()}


def sop_definition_texts() -> dict[str, str]:
    """Those of an SOP board."""
    return {name: str(text) for name, text in SOP_DEFINITIONS.items()}


def repurchase_definition_texts() -> dict[str, str]:
    """Those of a repurchase board."""
    return {name: str(text) for name, text in REPURCHASE_DEFINITIONS.items()}
