"""The side menu: what the request's role may open, and where it is."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.access import BOARD_READERS, EDITORS, EVERYONE, OWNERS

DOCS = "/api/docs/"


@dataclass(frozen=True)
class Entry:
    """One line of the menu: a named route, and the routes below it that keep it lit."""

    title: str | Promise
    icon: str
    route: str
    roles: Collection[str] = EVERYONE


@dataclass(frozen=True)
class Item:
    """A menu line as shown to one request."""

    title: str | Promise
    icon: str
    link: str
    active: bool

    @property
    def is_outside(self) -> bool:
        """Whether it leaves the console, and so opens beside it."""
        return self.link == DOCS


@dataclass(frozen=True)
class Group:
    """A titled part of the menu."""

    title: str | Promise
    items: list[Item]


MENU: list[tuple[str | Promise, list[Entry]]] = [
    ("", [Entry(_("Today"), "today", "home")]),
    (
        _("Customers"),
        [
            Entry(pgettext_lazy("menu", "Contacts"), "group", "contacts"),
            Entry(_("Orders"), "receipt_long", "orders"),
            Entry(_("Waiting orders"), "person_alert", "orders_waiting"),
            Entry(_("Segments"), "filter_alt", "segments", BOARD_READERS),
            Entry(_("Tags"), "sell", "tags"),
            Entry(_("Attributes"), "list_alt", "attributes"),
            Entry(_("Jobs"), "pending_actions", "jobs", BOARD_READERS),
        ],
    ),
    (
        _("Operations"),
        [
            Entry("SOP", "schedule_send", "sops", BOARD_READERS),
            Entry(_("Touchpoints"), "outgoing_mail", "touchpoints", BOARD_READERS),
            Entry(_("Inbox"), "inbox", "inbox", BOARD_READERS),
        ],
    ),
    (
        _("Analysis"),
        [
            Entry(_("Cohort board"), "grid_on", "cohorts", BOARD_READERS),
            Entry(_("Channel board"), "leaderboard", "channel_board", BOARD_READERS),
            Entry(_("SOP board"), "insights", "sop_board", BOARD_READERS),
            Entry(_("Repurchase board"), "cached", "repurchase_board", BOARD_READERS),
        ],
    ),
    (
        _("Channels and spend"),
        [
            Entry(_("Overview"), "donut_small", "channels", BOARD_READERS),
            Entry(_("Channels"), "call_split", "admin:acquisition_channel_changelist", EDITORS),
            Entry(_("Spend"), "payments", "admin:acquisition_spend_changelist", EDITORS),
            Entry(_("Exchange rates"), "currency_exchange", "admin:tenants_fxrate_changelist", EDITORS),
        ],
    ),
    (
        _("Settings"),
        [
            Entry(_("Tenant"), "tune", "tenant", OWNERS),
            Entry(_("Members"), "badge", "members", OWNERS),
            Entry(_("API keys"), "key", "keys", OWNERS),
            Entry(_("Order sources"), "storefront", "admin:orders_source_changelist", EDITORS),
            Entry(_("Audit log"), "history", "audit", EDITORS),
            Entry(_("API docs"), "menu_book", DOCS, EDITORS),
        ],
    ),
]


def menu(request: HttpRequest) -> list[Group]:
    """The menu of this request's role; the line nearest to the page is lit."""
    role = request.membership.role  # type: ignore[attr-defined]
    groups = [(title, [entry for entry in entries if role in entry.roles]) for title, entries in MENU]
    here = reverse("home") + request.path_info.lstrip("/")
    lit = _nearest(here, [_link(entry) for _title, entries in groups for entry in entries])
    return [
        Group(title, [Item(entry.title, entry.icon, _link(entry), _link(entry) == lit) for entry in entries])
        for title, entries in groups
        if entries
    ]


def _link(entry: Entry) -> str:
    return entry.route if entry.route.startswith("/") else reverse(entry.route)


def _nearest(here: str, links: list[str]) -> str:
    home = reverse("home")
    above = [link for link in links if here.startswith(link) and (link != home or here == home)]
    return max(above, key=len, default="")
