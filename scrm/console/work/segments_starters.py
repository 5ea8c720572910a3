"""Rules to begin with: what brands ask first. Some leave a place open that only the operator can fill."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Starter:
    """A rule to begin with, what to call it, and what it is good for."""

    name: StrOrPromise
    use: StrOrPromise
    rule: Mapping[str, Any]


def _all(*nodes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "all", "of": list(nodes)}


STARTERS: Mapping[str, Starter] = {
    "asleep": Starter(
        _("Bought twice, silent for 30 days"),
        _("Known to like it, about to forget it: wake them."),
        _all(
            {"type": "orders", "measure": "count", "op": "gte", "value": 2},
            {"type": "last_order", "before_days": 30},
        ),
    ),
    "new": Starter(
        _("New in the last 7 days"),
        _("Welcome, first use, second order."),
        _all({"type": "acquired", "within_days": 7}),
    ),
    "valuable": Starter(
        _("High value"),
        _("Spent much within a year: keep them close."),
        _all({"type": "orders", "measure": "net", "op": "gte", "value": "1000", "days": 365}),
    ),
    "channel": Starter(
        _("Came by a channel"),
        _("Pick the channel; speak to why they came."),
        _all({"type": "channel", "channels": []}),
    ),
    "tagged": Starter(
        _("Carry a tag"),
        _("Pick tags that colleagues or systems put."),
        _all({"type": "tag", "tags": []}),
    ),
    "never": Starter(
        _("Never bought"),
        _("Won more than a week ago, no order yet."),
        _all({"type": "first_order", "never": True}, {"type": "acquired", "before_days": 7}),
    ),
}
